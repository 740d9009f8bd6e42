package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/notice"
)

// warningCase is one warning: props that it is for, and props next to them that
// it is not for.
type warningCase struct {
	kind     notice.Kind
	field    string // that the id ends in
	constant string
	cluster  clusterEdit
	present  func(awscdk.Stack, *msklambda.ConsumerProps)
	absent   map[string]warningAbsent
}

func (w warningCase) id() string { return w.kind.ID + w.field }

type warningAbsent struct {
	cluster clusterEdit
	edit    func(awscdk.Stack, *msklambda.ConsumerProps)
}

func notChosen(p *msklambda.ClusterProps) { p.EndpointAccess = "" }

func asIs(*msklambda.ClusterProps) {}

func noEdit(awscdk.Stack, *msklambda.ConsumerProps) {}

func role(mutable bool) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Role = awsiam.Role_FromRoleArn(stack, jsii.String("Role"), jsii.String("arn:aws:iam::111122223333:role/mine"),
			&awsiam.FromRoleArnOptions{Mutable: &mutable})
	}
}

func toAQueue(retries *int) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.OnFailure.Queue, p.RetryAttempts = aQueue(stack, "failed"), retries
	}
}

func filters(n int) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) {
		for i := range n {
			p.Filters = append(p.Filters, fmt.Sprintf(`{"value":[%d]}`, i))
		}
	})
}

func metrics(provisioned bool, groups ...awslambda.MetricType) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) {
		if p.Metrics = groups; provisioned {
			provisionedPollers(p)
		}
	})
}

func unchosenServices(p *msklambda.ClusterProps) {
	p.SecretsManagerEndpoint, p.SQSEndpoint, p.SNSEndpoint = msklambda.Endpoint{}, msklambda.Endpoint{}, msklambda.Endpoint{}
}

func provisionedToAQueue(stack awscdk.Stack, p *msklambda.ConsumerProps) {
	toAQueue(nil)(stack, p)
	provisionedPollers(p)
}

func withKey(method msklambda.AuthenticationMethod, known bool) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		var key awskms.IKey
		if known {
			key = aKey(stack)
		}
		p.Authentication = msklambda.Authentication{Method: method, Secret: imports{stack}.secret(key)}
	}
}

var warningCases = []warningCase{
	{notice.EndpointAccess, "", "EndpointAccessWarning",
		notChosen, noEdit, map[string]warningAbsent{
			"pollers are chosen": {asIs, noEdit},
			"no endpoint of ours": {func(p *msklambda.ClusterProps) {
				notChosen(p)
				endpointsFrom(msklambda.EndpointNone)(p)
			}, noEdit},
			"provisioned pollers": {notChosen, on(provisionedPollers)},
		}},
	{notice.RoleImmutable, "", "RoleImmutableWarning",
		asIs, role(false), map[string]warningAbsent{"a role that can be changed": {asIs, role(true)}, "a role of its own": {asIs, noEdit}}},
	{notice.PoisonRecord, "", "PoisonRecordWarning",
		asIs, on(func(p *msklambda.ConsumerProps) { p.RetryAttempts = nil }), map[string]warningAbsent{
			"infinite retries": {asIs, on(func(p *msklambda.ConsumerProps) { p.RetryAttempts = new(-1) })},
			"retries":          {asIs, on(func(p *msklambda.ConsumerProps) { p.Pollers, p.RetryAttempts = &msklambda.Pollers{}, new(0) })},
			"a record age": {asIs, on(func(p *msklambda.ConsumerProps) {
				p.Pollers, p.RetryAttempts, p.MaxRecordAge = &msklambda.Pollers{}, nil, 60e9
			})},
			"a destination": {asIs, toAQueue(nil)},
		}},
	{notice.RetriesCapped, "", "RetriesCappedWarning",
		asIs, toAQueue(new(-1)), map[string]warningAbsent{
			"no word on retries": {asIs, toAQueue(nil)},
			"no destination":     {asIs, noEdit},
			"a number of retries": {asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
				toAQueue(new(3))(stack, p)
				provisionedPollers(p)
			}},
		}},
	{notice.EndpointService, "SQSEndpoint", "EndpointServiceWarning",
		unchosenServices, toAQueue(nil), map[string]warningAbsent{
			"chosen": {asIs, toAQueue(nil)},
			"open to the VPC": {func(p *msklambda.ClusterProps) {
				unchosenServices(p)
				p.EndpointAccess, p.VPCCIDRs = msklambda.EndpointAccessVPC, []string{"10.0.0.0/16"}
			}, toAQueue(nil)},
			"a NAT gateway for Lambda and STS": {func(p *msklambda.ClusterProps) {
				unchosenServices(p)
				p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointNone, msklambda.EndpointNone
			}, toAQueue(nil)},
			"none needed": {unchosenServices, noEdit},
		}},
	{notice.DestinationEndpoint, "", "DestinationEndpointWarning",
		unchosenServices, provisionedToAQueue, map[string]warningAbsent{
			"chosen":         {asIs, provisionedToAQueue},
			"on-demand":      {asIs, toAQueue(nil)},
			"no destination": {unchosenServices, on(provisionedPollers)},
		}},
	{notice.ScramSecretKey, "", "ScramSecretKeyWarning",
		asIs, withKey(msklambda.AuthenticationSCRAM, false), map[string]warningAbsent{
			"a known key": {asIs, withKey(msklambda.AuthenticationSCRAM, true)},
			"mutual TLS":  {asIs, withKey(msklambda.AuthenticationMTLS, false)},
		}},
	{notice.FilterComparison, "", "FilterComparisonWarning",
		asIs, on(func(p *msklambda.ConsumerProps) {
			p.Filters = []string{`{"value":{"$or":[{"a":[{"wildcard":"x*"}]},{"b":[{"anything-but":{"prefix":"y"}}]}]}}`}
		}),
		map[string]warningAbsent{
			"documented ones": {asIs, on(func(p *msklambda.ConsumerProps) {
				p.Filters = []string{`{"value":{"wildcard":[{"prefix":"x"},{"anything-but":["y"]},{"numeric":[">",1]}],"$or":[{"a":[null]},{"b":[{"exists":true}]}]}}`}
			})},
		}},
	{notice.FilterCount, "", "FilterCountWarning",
		asIs, filters(6), map[string]warningAbsent{"5 filters": {asIs, filters(5)}}},
	{notice.MetricsOnDemand, "", "MetricsOnDemandWarning",
		asIs, metrics(false, awslambda.MetricType_KAFKA_METRICS), map[string]warningAbsent{
			"EventCount alone": {asIs, metrics(false, awslambda.MetricType_EVENT_COUNT)},
			"with Pollers":     {asIs, metrics(true, awslambda.MetricType_KAFKA_METRICS, awslambda.MetricType_ERROR_COUNT)},
		}},
	{notice.OtherAccount, "OnFailure.Queue", "OtherAccountWarning",
		asIs, theirQueue, map[string]warningAbsent{
			"a queue of this account": {asIs, toAQueue(nil)},
			"a queue of this stack": {asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
				p.RetryAttempts, p.OnFailure.Queue = nil, awssqs.NewQueue(stack, jsii.String("Queue"), &awssqs.QueueProps{EnforceSSL: jsii.Bool(true)})
			}},
		}},
	{notice.OtherAccount, "Authentication.SecretKey", "OtherAccountWarning",
		asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: imports{stack}.secret(theirKey(stack, region, other))}
		}, nil},
	{notice.MappingRetained, "", "MappingRetainedWarning",
		asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) { awscdk.RemovalPolicies_Of(stack).Retain(nil) }, map[string]warningAbsent{
			"all else retained": {asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
				awscdk.RemovalPolicies_Of(stack).Retain(&awscdk.RemovalPolicyProps{ExcludeResourceTypes: jsii.Strings("AWS::Lambda::EventSourceMapping")})
			}},
		}},
	{notice.OtherAccount, "Idempotency.Table", "OtherAccountWarning",
		asIs, once(func(stack awscdk.Stack, i *msklambda.Idempotency) {
			i.Table = aTable(stack, strings.Replace(tableARN, account, other, 1))
		}), nil},
	{notice.FunctionServices, "", "FunctionServicesWarning",
		asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
			p.FunctionVPC, p.Idempotency, p.FunctionRegistry = aDatabasesVPC(stack), &msklambda.Idempotency{}, &msklambda.FunctionRegistry{GlueARN: functionGlueARN}
		}, map[string]warningAbsent{
			"no VPC":     {asIs, once(func(awscdk.Stack, *msklambda.Idempotency) {})},
			"no service": {asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.FunctionVPC = aDatabasesVPC(stack) }},
		}},
	{notice.GroupLag, "", "GroupLagWarning",
		asIs, on(func(p *msklambda.ConsumerProps) { p.GroupID = "team:orders" }), map[string]warningAbsent{
			"another separator": {asIs, on(func(p *msklambda.ConsumerProps) { p.GroupID = "team/orders" })},
			"a group that is not known": {asIs, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
				p.GroupID = *awscdk.NewCfnParameter(stack, jsii.String("Group"), nil).ValueAsString()
			}},
		}},
	{notice.TopicReplication, "Orders", "TopicReplicationWarning",
		asIs, withTopic(1), map[string]warningAbsent{"two copies": {asIs, withTopic(2)}, "as many as by default": {asIs, withTopic(0)}}},
	{notice.Partitions, "Pollers.Maximum", "PartitionsWarning",
		asIs, ofSixPartitions(msklambda.Pollers{Maximum: 7}), map[string]warningAbsent{
			"as many":                           {asIs, ofSixPartitions(msklambda.Pollers{Minimum: 6, Maximum: 6})},
			"by default":                        {asIs, ofSixPartitions(msklambda.Pollers{})},
			"a topic of which nothing is known": {asIs, on(func(p *msklambda.ConsumerProps) { p.Pollers = &msklambda.Pollers{Maximum: 7} })},
		}},
	{notice.PollerGroup, "shared", "PollerGroupWarning",
		asIs, ofSixPartitions(msklambda.Pollers{Maximum: 7, Group: "shared"}), map[string]warningAbsent{
			"as many":    {asIs, ofSixPartitions(msklambda.Pollers{Maximum: 6, Group: "shared"})},
			"by default": {asIs, ofSixPartitions(msklambda.Pollers{Group: "shared"})},
		}},
	{notice.RegionUnknown, "", "RegionUnknownWarning",
		regionOf("nz-north-1"), noEdit, map[string]warningAbsent{"a region that is known": {regionOf("eu-central-1"), noEdit}}},
}

// withTopic makes the topic that is read, with so many copies.
func withTopic(copies int) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		stack.Node().FindChild(jsii.String("Cluster")).(*msklambda.Cluster).AddTopic("Orders", &msklambda.TopicProps{Name: p.Topic, Partitions: 6, ReplicationFactor: copies})
	}
}

// ofSixPartitions has provisioned pollers of a topic that is made here.
func ofSixPartitions(pollers msklambda.Pollers) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		withTopic(0)(stack, p)
		p.Pollers = &pollers
	}
}

// of another account, which only its own policy can let the role in to.
func theirQueue(stack awscdk.Stack, p *msklambda.ConsumerProps) {
	p.RetryAttempts = nil
	p.OnFailure.Queue = awssqs.Queue_FromQueueArn(stack, jsii.String("Queue"), jsii.String("arn:aws:sqs:us-east-1:"+other+":failed"))
}

func regionOf(region string) clusterEdit {
	return func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, "us-east-1", region, 1) }
}

// synthWarnings are the warnings of one consumer, with those of an id acknowledged.
func synthWarnings(t *testing.T, cluster clusterEdit, edit func(awscdk.Stack, *msklambda.ConsumerProps), on, acknowledged string) []string {
	t.Helper()
	var tpl *template
	noPanic(t, func() {
		props := clusterProps(cluster)
		stack := awscdk.NewStack(newApp(t, nil), jsii.String("Test"), &awscdk.StackProps{
			Env: &awscdk.Environment{Account: jsii.String(account), Region: jsii.String(strings.Split(props.ClusterARN, ":")[3])}})
		c := msklambda.ImportCluster(stack, "Cluster", props)
		var scope constructs.IConstruct = c
		if consumer := c.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { edit(stack, p) })); on == "consumer" {
			scope = consumer
		}
		if acknowledged != "" {
			awscdk.Annotations_Of(scope).AcknowledgeWarning(&acknowledged, jsii.String("meant"))
		}
		tpl = read(t, stack)
	})
	return tpl.warnings()
}

// text is the warning as CDK shows it, without its place and its id.
func (w warningCase) text(t *testing.T) string {
	t.Helper()
	got := synthWarnings(t, w.cluster, w.present, w.kind.On, "")
	if len(got) != 1 || !strings.Contains(got[0], "[ack: "+w.id()+"]") {
		t.Errorf("warnings = %q, want one with %s", got, w.id())
		return ""
	}
	_, text, _ := strings.Cut(got[0], ": ")
	return strings.TrimSpace(strings.Replace(text, "[ack: "+w.id()+"]", "", 1))
}

// Warnings of what a look-up told have tests beside those of look-ups.
func TestEveryWarningHasACase(t *testing.T) {
	looked := []string{msklambda.EndpointPolicyWarning, msklambda.EndpointGroupsWarning, msklambda.EgressWarning,
		msklambda.OfAnotherStackWarning, msklambda.RemovesWarning, msklambda.QuotaWarning, msklambda.GroupInUseWarning}
	for _, kind := range notice.Warnings {
		if !slices.ContainsFunc(warningCases, func(w warningCase) bool { return w.kind.ID == kind.ID }) && !slices.Contains(looked, kind.ID) {
			t.Errorf("%s has no case", kind.ID)
		}
	}
}

func TestEveryWarningIsThereWhenItShouldBe(t *testing.T) {
	long(t)
	paths := map[string]string{"cluster": "/Test/Cluster: ", "consumer": "/Test/Cluster/Orders: "}
	for _, w := range warningCases {
		t.Run(w.constant, func(t *testing.T) {
			got := synthWarnings(t, w.cluster, w.present, w.kind.On, "")
			for i := range got {
				got[i] = strings.Replace(got[i], "/AtSynth: ", ": ", 1)
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], paths[w.kind.On]) || !strings.Contains(got[0], "[ack: "+w.id()+"]") {
				t.Errorf("warnings = %q, want one of %s with %s", got, paths[w.kind.On], w.id())
			}
			if got := synthWarnings(t, w.cluster, w.present, w.kind.On, w.id()); len(got) != 0 {
				t.Errorf("acknowledged warnings = %q, want none", got)
			}
			for name, tt := range w.absent {
				if got := synthWarnings(t, tt.cluster, tt.edit, w.kind.On, ""); len(got) != 0 {
					t.Errorf("warnings with %s = %q, want none", name, got)
				}
			}
		})
	}
}

// Each of several secrets has an owner of its own.
func TestEachSecretOfAnotherAccountIsWarnedOf(t *testing.T) {
	secret := func(stack awscdk.Stack, name string) awssecretsmanager.ISecret {
		return awssecretsmanager.Secret_FromSecretCompleteArn(stack, &name, jsii.String("arn:aws:secretsmanager:us-east-1:"+other+":secret:"+name+"-AbCdEf"))
	}
	registry := func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		provisionedPollers(p)
		p.SchemaRegistry = &msklambda.SchemaRegistry{URI: "https://registry.example.com", ValidateValue: true,
			Access: []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: secret(stack, "user")}, {Type: msklambda.RegistryServerRootCA, Secret: secret(stack, "root")}}}
	}
	got := synthWarnings(t, asIs, registry, "consumer", "")
	for i, name := range []string{"user", "root"} {
		id := fmt.Sprintf("%sSchemaRegistry.Access.%d", msklambda.OtherAccountWarning, i)
		if !slices.ContainsFunc(got, func(w string) bool {
			return strings.Contains(w, "[ack: "+id+"]") && strings.Contains(w, ":secret:"+name+"-AbCdEf")
		}) {
			t.Errorf("warnings = %q, want one of %s with %s", got, name, id)
		}
		if left := synthWarnings(t, asIs, registry, "consumer", id); len(left) != len(got)-1 {
			t.Errorf("warnings = %q after %s was acknowledged, want one less than %q", left, id, got)
		}
	}
}
