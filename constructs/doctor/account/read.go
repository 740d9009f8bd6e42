package account

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	kafkatypes "github.com/aws/aws-sdk-go-v2/service/kafka/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"msklambda/constructs/arn"
	"msklambda/constructs/doctor"
)

// Read reads all that a mapping hangs on, at once where nothing has to wait. It does
// not fail: what cannot be read is not known.
func (a *Account) Read(ctx context.Context, m doctor.Mapping) *doctor.Facts {
	f := &doctor.Facts{Account: a.ID, Region: a.Region, Partition: a.Partition, Mapping: m}
	var all sync.WaitGroup
	placed := make(chan struct{}) // where the brokers are is known, or not
	all.Go(func() {
		defer close(placed)
		if arn.IsConnection(m.Source) {
			f.Connection = a.connection(ctx, m.Source)
			f.Cluster = doctor.NotKnown[*doctor.Cluster]("it is of another account")
			return
		}
		f.Cluster = a.cluster(ctx, m.Source)
	})
	all.Go(func() { f.Topic = a.topic(ctx, m) })
	all.Go(func() { f.Sharing = a.sharing(ctx, m) })
	all.Go(func() {
		<-placed
		a.network(ctx, f)
	})
	var keyed sync.WaitGroup // what the role may do hangs on the keys
	keyed.Go(func() { f.Secret = a.secret(ctx, m.Secret) })
	keyed.Go(func() { f.Scram = a.scram(ctx, m) })
	keyed.Go(func() { f.Failed = a.destination(ctx, m.OnFailure) })
	keyed.Go(func() { f.Function = a.function(ctx, m.Function) })
	all.Go(func() {
		keyed.Wait()
		<-placed
		var last sync.WaitGroup
		last.Go(func() { f.Keys = a.keys(ctx, f) })
		last.Go(func() { a.role(ctx, f) })
		last.Wait()
	})
	all.Wait()
	return f
}

func (a *Account) cluster(ctx context.Context, arn string) doctor.Fact[*doctor.Cluster] {
	const permission = "kafka:DescribeClusterV2"
	out, err := a.kafka.DescribeClusterV2(ctx, &kafka.DescribeClusterV2Input{ClusterArn: &arn})
	if err != nil {
		return there[doctor.Cluster](nil, permission, err)
	}
	if out.ClusterInfo == nil {
		return doctor.NotKnown[*doctor.Cluster](permission + ": the answer has no cluster")
	}
	return doctor.Told(clusterOf(out.ClusterInfo))
}

func clusterOf(in *kafkatypes.Cluster) *doctor.Cluster {
	c := &doctor.Cluster{ARN: aws.ToString(in.ClusterArn), Name: aws.ToString(in.ClusterName), State: string(in.State)}
	if s := in.Serverless; s != nil {
		c.Serverless, c.TLS, c.IAM = true, true, true // a serverless cluster has nothing else
		for _, v := range s.VpcConfigs {
			c.Subnets, c.Groups = append(c.Subnets, v.SubnetIds...), append(c.Groups, v.SecurityGroupIds...)
		}
	}
	p := in.Provisioned
	if p == nil {
		return c
	}
	if b := p.BrokerNodeGroupInfo; b != nil {
		c.Subnets, c.Groups = b.ClientSubnets, b.SecurityGroups
	}
	c.TLS = true // MSK's default
	if e := p.EncryptionInfo; e != nil && e.EncryptionInTransit != nil {
		c.TLS = e.EncryptionInTransit.ClientBroker != kafkatypes.ClientBrokerPlaintext
		c.Plaintext = e.EncryptionInTransit.ClientBroker != kafkatypes.ClientBrokerTls
	}
	auth := p.ClientAuthentication
	if auth == nil {
		c.Nobody = true // without any, nobody has to authenticate
		return c
	}
	if s := auth.Sasl; s != nil {
		c.IAM = s.Iam != nil && aws.ToBool(s.Iam.Enabled)
		c.SCRAM = s.Scram != nil && aws.ToBool(s.Scram.Enabled)
	}
	c.MTLS = auth.Tls != nil && aws.ToBool(auth.Tls.Enabled)
	c.Nobody = auth.Unauthenticated != nil && aws.ToBool(auth.Unauthenticated.Enabled)
	return c
}

func (a *Account) connection(ctx context.Context, arn string) doctor.Fact[*doctor.Connection] {
	out, err := a.kafka.DescribeVpcConnection(ctx, &kafka.DescribeVpcConnectionInput{Arn: &arn})
	if err != nil {
		return there[doctor.Connection](nil, "kafka:DescribeVpcConnection", err)
	}
	return doctor.Told(&doctor.Connection{State: string(out.State), VPC: aws.ToString(out.VpcId), Authentication: aws.ToString(out.Authentication), Subnets: out.Subnets, Groups: out.SecurityGroups})
}

// topic asks MSK for a topic, which it tells of provisioned clusters with Kafka 3.6 or
// newer only.
func (a *Account) topic(ctx context.Context, m doctor.Mapping) doctor.Fact[*doctor.Topic] {
	if arn.IsConnection(m.Source) || arn.IsServerless(m.Source) {
		return doctor.NotKnown[*doctor.Topic]("MSK tells topics of provisioned clusters of this account only")
	}
	out, err := a.kafka.DescribeTopic(ctx, &kafka.DescribeTopicInput{ClusterArn: &m.Source, TopicName: &m.Topic})
	if err != nil {
		return there[doctor.Topic](nil, "kafka-cluster:DescribeTopic", err)
	}
	return doctor.Told(&doctor.Topic{Partitions: int(aws.ToInt32(out.PartitionCount)), State: string(out.Status)})
}

// sharing are other mappings with the same cluster and group.
func (a *Account) sharing(ctx context.Context, m doctor.Mapping) doctor.Fact[[]string] {
	all, err := a.mappings(ctx, &lambda.ListEventSourceMappingsInput{EventSourceArn: &m.Source})
	var out []string
	for _, other := range all {
		if other.UUID != m.UUID && other.Group == m.Group {
			out = append(out, "mapping "+other.UUID)
		}
	}
	return told(out, "lambda:ListEventSourceMappings", err)
}

func (a *Account) scram(ctx context.Context, m doctor.Mapping) doctor.Fact[[]string] {
	if m.Method != "scram" || arn.IsConnection(m.Source) {
		return doctor.NotKnown[[]string]("")
	}
	var out []string
	pages := kafka.NewListScramSecretsPaginator(a.kafka, &kafka.ListScramSecretsInput{ClusterArn: &m.Source})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return doctor.NotKnown[[]string](why("kafka:ListScramSecrets", err))
		}
		out = append(out, page.SecretArnList...)
	}
	return doctor.Told(out)
}

func (a *Account) function(ctx context.Context, arn string) doctor.Fact[*doctor.Function] {
	out, err := a.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &arn})
	if err != nil {
		return there[doctor.Function](nil, "lambda:GetFunctionConfiguration", err)
	}
	fn := &doctor.Function{ARN: arn, Role: aws.ToString(out.Role), State: string(out.State), Reason: aws.ToString(out.StateReason), Timeout: int(aws.ToInt32(out.Timeout))}
	name := aws.ToString(out.FunctionName)
	// A hint only: who may not ask does without.
	if out, err := a.lambda.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &name}); err == nil && out.ReservedConcurrentExecutions != nil {
		fn.Concurrency = aws.Int(int(*out.ReservedConcurrentExecutions))
	}
	return doctor.Told(fn)
}

// role reads whom the role of the function trusts, and asks IAM's simulator what it
// may do.
func (a *Account) role(ctx context.Context, f *doctor.Facts) {
	if !f.Function.Known || f.Function.Value == nil {
		f.Trust = doctor.NotKnown[*string](f.Function.Why)
		return
	}
	role := f.Function.Value.Role
	name := role[strings.LastIndex(role, "/")+1:]
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	var trust *string
	if err == nil && out.Role != nil {
		text, bad := url.QueryUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
		trust, err = &text, bad
	}
	f.Trust = there(trust, "iam:GetRole", err)
	if f.Trust.Known && f.Trust.Value == nil {
		return
	}
	about := map[string][]string{}
	for _, r := range f.Rights() {
		for _, act := range r.Any {
			about[act.Resource] = append(about[act.Resource], act.Action)
		}
	}
	f.Acts = map[doctor.Act]doctor.Fact[doctor.Decision]{}
	var lock sync.Mutex
	var all sync.WaitGroup
	for resource, actions := range about {
		all.Go(func() {
			said := a.simulate(ctx, role, resource, actions)
			lock.Lock()
			defer lock.Unlock()
			for act, decision := range said {
				f.Acts[act] = decision
			}
		})
	}
	all.Wait()
}

// simulate asks what the role may do to one resource.
func (a *Account) simulate(ctx context.Context, role, resource string, actions []string) map[doctor.Act]doctor.Fact[doctor.Decision] {
	out := map[doctor.Act]doctor.Fact[doctor.Decision]{}
	for _, action := range actions {
		out[doctor.Act{Action: action, Resource: resource}] = doctor.NotKnown[doctor.Decision]("the simulator did not say")
	}
	account := []string{a.ID}
	input := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &role, ActionNames: actions, ResourceArns: []string{resource}, ContextEntries: []iamtypes.ContextEntry{
		{ContextKeyName: aws.String("s3:ResourceAccount"), ContextKeyType: iamtypes.ContextKeyTypeEnumString, ContextKeyValues: account},
		{ContextKeyName: aws.String("aws:ResourceAccount"), ContextKeyType: iamtypes.ContextKeyTypeEnumString, ContextKeyValues: account},
	}}
	pages := iam.NewSimulatePrincipalPolicyPaginator(a.iam, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			for act := range out {
				out[act] = doctor.NotKnown[doctor.Decision](why("iam:SimulatePrincipalPolicy", err))
			}
			return out
		}
		for _, r := range page.EvaluationResults {
			out[doctor.Act{Action: aws.ToString(r.EvalActionName), Resource: resource}] = doctor.Told(decisionOf(r))
		}
	}
	return out
}

func decisionOf(r iamtypes.EvaluationResult) doctor.Decision {
	d := doctor.Decision{Allowed: r.EvalDecision == iamtypes.PolicyEvaluationDecisionTypeAllowed}
	if d.Allowed {
		return d
	}
	d.Conditions = r.MissingContextValues
	switch {
	case r.OrganizationsDecisionDetail != nil && !r.OrganizationsDecisionDetail.AllowedByOrganizations:
		d.By = "a service control policy of your organization"
	case r.PermissionsBoundaryDecisionDetail != nil && !r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary:
		d.By = "the role's permissions boundary"
	case r.EvalDecision == iamtypes.PolicyEvaluationDecisionTypeExplicitDeny && len(d.Conditions) == 0:
		d.By = "a statement that denies it"
	}
	return d
}
