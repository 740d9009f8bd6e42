package test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

type iamCluster struct {
	name, arn  string
	connection string
	serverless bool
	methods    []msklambda.AuthenticationMethod
}

var (
	allMethods = []msklambda.AuthenticationMethod{msklambda.AuthenticationIAM, msklambda.AuthenticationSCRAM,
		msklambda.AuthenticationMTLS, msklambda.AuthenticationTLS, msklambda.AuthenticationPlaintext}

	iamClusters = []*iamCluster{
		{name: "provisioned", arn: arn, methods: allMethods},
		{name: "serverless", arn: strings.Replace(arn, "70-2", "70-s1", 1), serverless: true, methods: allMethods[:1]},
		{name: "connected", arn: strings.Replace(arn, account, other, 1), connection: connectionARN, methods: allMethods[:4]},
	}
	iamRegistries = []string{"", "Glue", "Confluent"}
	iamRoles      = []string{"its own", "imported", "of a function of theirs"}
)

// iamScenario is one consumer, and with it one role.
type iamScenario struct {
	cluster     *iamCluster
	auth        msklambda.AuthenticationMethod
	destination string
	key         bool // the destination has a customer managed key
	registry    string
	whose       string
	restrict    bool
	once        bool   // it has a table, with a customer managed key
	asks        string // the registry of the function itself

	id, topic, group string

	// Known once it is synthesized.
	role, logGroup string
}

func (s *iamScenario) String() string {
	return fmt.Sprintf("%s/%s/%s/key=%v/%s/role %s/restrict=%v/once=%v/asks %s", s.cluster.name, s.auth, s.destination, s.key, s.registry, s.whose, s.restrict, s.once, s.asks)
}

func (s *iamScenario) secret() bool {
	return s.auth == msklambda.AuthenticationSCRAM || s.auth == msklambda.AuthenticationMTLS
}

func (s *iamScenario) kafka(kind, name string) string {
	return strings.Replace(s.cluster.arn, ":cluster/", ":"+kind+"/", 1) + "/" + name
}

func (s *iamScenario) failed(service string) string {
	here := ":us-east-1:111122223333:"
	if service == "s3" {
		here = ":::"
	}
	return "arn:aws:" + service + here + "failed"
}

// logs is the log group, or for a function of theirs one that it might have.
func (s *iamScenario) logs() string {
	return "arn:aws:logs:us-east-1:111122223333:log-group:" + cmp.Or(s.logGroup, "/aws/lambda/theirs")
}

// iamScenarios has every authentication of every kind of cluster with every
// destination. Registries, roles and restriction are dealt out, so that each
// meets each of the others; TestEveryPairOfChoicesIsEvaluated counts.
func iamScenarios() []*iamScenario {
	var out []*iamScenario
	n := 0
	for _, cluster := range iamClusters {
		for m, method := range cluster.methods {
			for d, destination := range []string{"", "queue", "queue+key", "topic", "topic+key", "bucket", "bucket+key", "Kafka topic"} {
				kind, key := strings.CutSuffix(destination, "+key")
				s := &iamScenario{cluster: cluster, auth: method, destination: kind, key: key, id: fmt.Sprintf("C%02d", n)}
				s.topic, s.group = "orders-"+s.id, "fn-"+s.id
				s.registry = iamRegistries[(d+m)%3]
				s.whose = iamRoles[(d+2*m)%3]
				// Over a connection the subnets are not known here.
				s.restrict = (d/3+m)%2 == 0 && cluster.connection == ""
				s.once, s.asks = (d+m)%2 == 1, iamRegistries[(d/3+m)%3]
				out = append(out, s)
				n++
			}
		}
	}
	return out
}

// edit makes the props of the scenario, with imports below the scope.
func (s *iamScenario) edit(scope constructs.Construct) consumerEdit {
	key := func(id, arn string) awskms.IKey { return awskms.Key_FromKeyArn(scope, &id, &arn) }
	secret := func(id, arn, keyARN string) awssecretsmanager.ISecret {
		return awssecretsmanager.Secret_FromSecretAttributes(scope, &id, &awssecretsmanager.SecretAttributes{
			SecretCompleteArn: &arn, EncryptionKey: key(id+"Key", keyARN)})
	}
	var encryption awskms.IKey
	var encryptionARN *string
	if s.key {
		encryption = key("FailedKey", failedKeyARN)
		encryptionARN = encryption.KeyArn()
	}
	return func(p *msklambda.ConsumerProps) {
		p.Topic, p.GroupID, p.RestrictNetworkInterfaces = s.topic, s.group, s.restrict
		p.Authentication.Method = s.auth
		if s.secret() {
			p.Authentication.Secret = secret("Secret", secretARN, keyARN)
		}
		if s.destination != "" {
			p.RetryAttempts = nil // Lambda ends the retries then
		}
		id := jsii.String("Failed")
		switch s.destination {
		case "queue":
			p.OnFailure.Queue = awssqs.Queue_FromQueueAttributes(scope, id, &awssqs.QueueAttributes{QueueArn: jsii.String(s.failed("sqs")), KeyArn: encryptionARN})
		case "topic":
			p.OnFailure.Topic = awssns.Topic_FromTopicAttributes(scope, id, &awssns.TopicAttributes{TopicArn: jsii.String(s.failed("sns")), KeyArn: encryptionARN})
		case "bucket":
			p.OnFailure.Bucket = awss3.Bucket_FromBucketAttributes(scope, id, &awss3.BucketAttributes{BucketArn: jsii.String(s.failed("s3")), EncryptionKey: encryption})
		case "Kafka topic":
			p.OnFailure.KafkaTopic = failedTopic
		}
		switch s.registry {
		case "Glue":
			p.SchemaRegistry = &msklambda.SchemaRegistry{URI: glueARN, ValidateValue: true}
		case "Confluent":
			p.SchemaRegistry = &msklambda.SchemaRegistry{URI: "https://registry.example.com", ValidateKey: true, Access: []msklambda.RegistryAccess{
				{Type: msklambda.RegistryBasicAuth, Secret: secret("RegistrySecret", registrySecretARN, registryKeyARN)}}}
		}
		if s.once {
			p.Idempotency = &msklambda.Idempotency{Table: awsdynamodb.Table_FromTableAttributes(scope, jsii.String("Table"),
				&awsdynamodb.TableAttributes{TableArn: jsii.String(tableARN), EncryptionKey: key("TableKey", tableKeyARN)})}
		}
		switch s.asks {
		case "Glue":
			p.FunctionRegistry = &msklambda.FunctionRegistry{GlueARN: functionGlueARN}
		case "Confluent":
			p.FunctionRegistry = &msklambda.FunctionRegistry{Secrets: []awssecretsmanager.ISecret{secret("FunctionSecret", functionSecretARN, functionSecretKey)}}
		}
		if s.registry != "" || s.destination == "Kafka topic" {
			p.Pollers = &msklambda.Pollers{}
		}
		switch s.whose {
		case "imported":
			s.role = "mine-" + s.id
			p.Role = awsiam.Role_FromRoleArn(scope, jsii.String("Role"), jsii.String("arn:aws:iam::111122223333:role/"+s.role), nil)
		case "of a function of theirs":
			p.Entry, p.Function = "", awslambda.NewFunction(scope, jsii.String("Function"), &awslambda.FunctionProps{
				Code: awslambda.Code_FromInline(jsii.String("exports.handler = async () => {}")), Handler: jsii.String("index.handler"),
				Runtime: awslambda.Runtime_NODEJS_22_X(),
				Role: awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
					AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)}),
			})
		}
	}
}

// evaluated is every policy of a role, and the role.
type evaluated struct {
	*iamScenario
	policy map[string]any
}

// synthScenarios synthesizes the scenarios of each cluster in one stack, with no
// network: who may do what does not hang on it.
func synthScenarios(t *testing.T, all []*iamScenario) []evaluated {
	t.Helper()
	var out []evaluated
	for _, kind := range iamClusters {
		here := slices.DeleteFunc(slices.Clone(all), func(s *iamScenario) bool { return s.cluster != kind })
		if len(here) == 0 {
			continue
		}
		tpl := synth(t, func(stack awscdk.Stack) {
			cluster := msklambda.ImportCluster(stack, "Cluster", iamClusterProps(kind))
			for _, s := range here {
				cluster.AddConsumer(s.id, consumerProps(s.edit(constructs.NewConstruct(stack, jsii.String("Of"+s.id)))))
			}
		})
		for _, s := range here {
			switch s.whose {
			case "its own":
				s.role = tpl.at("Cluster/" + s.id + "/Role").ID
			case "of a function of theirs":
				s.role = tpl.at("Of" + s.id + "/Role").ID
			}
			if s.whose != "of a function of theirs" {
				s.logGroup = tpl.at("Cluster/" + s.id + "/LogGroup").ID
			}
			out = append(out, evaluated{s, tpl.policyOf(s.role)})
		}
	}
	return out
}

func iamClusterProps(kind *iamCluster) *msklambda.ClusterProps {
	if kind.connection != "" {
		return &msklambda.ClusterProps{ClusterARN: kind.arn, VPCConnectionARN: kind.connection}
	}
	return clusterProps(func(p *msklambda.ClusterProps) {
		p.ClusterARN, p.SecurityGroupRules = kind.arn, msklambda.SecurityGroupRulesNone
		for _, e := range []*msklambda.Endpoint{&p.LambdaEndpoint, &p.STSEndpoint, &p.SecretsManagerEndpoint, &p.SQSEndpoint, &p.SNSEndpoint, &p.S3Endpoint} {
			e.Source = msklambda.EndpointNone
		}
	})
}

// policyOf joins all that a role is granted, from wherever it is granted.
func (tpl *template) policyOf(role string) map[string]any {
	tpl.T.Helper()
	var statements []any
	for _, path := range slices.Sorted(maps.Keys(tpl.Resources)) {
		r := tpl.Resources[path]
		if r.ID == role && (r.Properties["ManagedPolicyArns"] != nil || r.Properties["Policies"] != nil) {
			tpl.T.Fatalf("role %s = %s, want no policy but those read here", path, asJSON(r.Properties))
		}
		if r.Type == "AWS::IAM::Policy" && slices.Contains(tpl.literal(r.Properties["Roles"]).([]any), any(role)) {
			statements = append(statements, tpl.literal(r.Properties["PolicyDocument"]).(map[string]any)["Statement"].([]any)...)
		}
	}
	if len(statements) == 0 {
		tpl.T.Fatalf("role %s has no policy", role)
	}
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

func (s *iamScenario) request(c call, policy string) request {
	r := request{Principal: "arn:aws:iam::111122223333:role/" + s.role, Action: c.action, Resource: c.resource, Account: account, Policy: policy}
	if c.owner != "" {
		r.Context = map[string]any{"s3:ResourceAccount": c.owner}
	}
	if c.via != "" {
		r.Context = map[string]any{"kms:ViaService": c.via}
	}
	return r
}

// needed and refused are the two sides of the scenario.
func (s *iamScenario) needed() (out []call) {
	for _, f := range s.features() {
		if f.on {
			out = append(out, f.calls...)
		}
	}
	return out
}

func (s *iamScenario) refused() []call {
	needed := s.needed()
	var all []call
	for _, f := range s.features() {
		if !f.on {
			all = append(all, f.calls...)
		}
	}
	all = append(all, s.never()...)
	for _, c := range needed {
		all = append(all, s.neighbours(c)...)
	}
	seen := map[call]bool{}
	return slices.DeleteFunc(all, func(c call) bool {
		again := seen[c] || slices.Contains(needed, c)
		seen[c] = true
		return again
	})
}
