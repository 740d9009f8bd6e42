package test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// flowConsumer is one kind of consumer and what AWS says its pollers call.
type flowConsumer struct {
	edit     func(awscdk.Stack) consumerEdit
	port     float64
	services []string // of on-demand pollers
}

func plainConsumer(edit consumerEdit) func(awscdk.Stack) consumerEdit {
	return func(awscdk.Stack) consumerEdit { return edit }
}

func withSecret(method msklambda.AuthenticationMethod) func(awscdk.Stack) consumerEdit {
	return func(stack awscdk.Stack) consumerEdit {
		secret := awssecretsmanager.Secret_FromSecretCompleteArn(stack, jsii.String("Secret"+string(method)), jsii.String(secretARN))
		return func(p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: method, Secret: secret}
		}
	}
}

func withMethod(method msklambda.AuthenticationMethod) func(awscdk.Stack) consumerEdit {
	return plainConsumer(func(p *msklambda.ConsumerProps) { p.Authentication.Method = method })
}

func failingTo(destination func(awscdk.Stack) msklambda.Destination) func(awscdk.Stack) consumerEdit {
	return func(stack awscdk.Stack) consumerEdit {
		d := destination(stack)
		return func(p *msklambda.ConsumerProps) { p.RetryAttempts, p.OnFailure = nil, d }
	}
}

// flowConsumers are written from aws-facts.md 1.2 and 1.6: ports by
// authentication, and services by what is used.
var flowConsumers = map[string]flowConsumer{
	"iam":       {withMethod(msklambda.AuthenticationIAM), 9098, []string{"lambda", "sts"}},
	"scram":     {withSecret(msklambda.AuthenticationSCRAM), 9096, []string{"lambda", "sts", "secretsmanager"}},
	"mtls":      {withSecret(msklambda.AuthenticationMTLS), 9094, []string{"lambda", "sts", "secretsmanager"}},
	"tls":       {withMethod(msklambda.AuthenticationTLS), 9094, []string{"lambda", "sts"}},
	"plaintext": {withMethod(msklambda.AuthenticationPlaintext), 9092, []string{"lambda", "sts"}},
	"to a queue": {failingTo(func(s awscdk.Stack) msklambda.Destination {
		return msklambda.Destination{Queue: awssqs.Queue_FromQueueArn(s, jsii.String("Queue"), jsii.String(failedQueue))}
	}), 9098, []string{"lambda", "sts", "sqs"}},
	"to a topic": {failingTo(func(s awscdk.Stack) msklambda.Destination {
		return msklambda.Destination{Topic: awssns.Topic_FromTopicArn(s, jsii.String("Topic"), jsii.String(failedSNS))}
	}), 9098, []string{"lambda", "sts", "sns"}},
	"to a bucket": {failingTo(func(s awscdk.Stack) msklambda.Destination {
		return msklambda.Destination{Bucket: awss3.Bucket_FromBucketArn(s, jsii.String("Bucket"), jsii.String(failedBucket))}
	}), 9098, []string{"lambda", "sts", "s3"}},
}

func provisionedPollers(p *msklambda.ConsumerProps) { p.Pollers = &msklambda.Pollers{} }

func endpointsFrom(source msklambda.EndpointSource) clusterEdit {
	return func(p *msklambda.ClusterProps) {
		for _, e := range []*msklambda.Endpoint{&p.LambdaEndpoint, &p.STSEndpoint, &p.SecretsManagerEndpoint, &p.SQSEndpoint, &p.SNSEndpoint, &p.S3Endpoint} {
			e.Source = source
		}
	}
}

// flowModes are the networks that a consumer may find or make.
var flowModes = map[string]struct {
	edit        clusterEdit
	served      []string // by endpoints of somebody else
	nat         bool
	provisioned bool
	clientIsIn  bool   // to the endpoints
	only        string // this kind of consumer, where the others add nothing
}{
	"created for the pollers": {edit: endpointsFrom(msklambda.EndpointCreate)},
	"created for the VPC": {edit: func(p *msklambda.ClusterProps) {
		endpointsFrom(msklambda.EndpointCreate)(p)
		p.EndpointAccess, p.VPCCIDRs = msklambda.EndpointAccessVPC, []string{"10.0.0.0/16"}
	}, clientIsIn: true},
	"created for the pollers and a client's group": {edit: func(p *msklambda.ClusterProps) {
		endpointsFrom(msklambda.EndpointCreate)(p)
		p.EndpointClientSecurityGroupIDs = []string{sgClient}
	}, clientIsIn: true, only: "scram"},
	"created for the pollers and a client's range": {edit: func(p *msklambda.ClusterProps) {
		endpointsFrom(msklambda.EndpointCreate)(p)
		p.EndpointClientCIDRs = []string{"10.0.5.0/24"}
	}, clientIsIn: true, only: "scram"},
	"created, but for STS": {edit: func(p *msklambda.ClusterProps) {
		endpointsFrom(msklambda.EndpointCreate)(p)
		p.STSEndpoint = msklambda.Endpoint{ID: "vpce-0123456789abcdef0"}
	}, served: []string{"sts"}, only: "scram"},
	"existing":    {edit: endpointsFrom(msklambda.EndpointExisting), served: []string{"lambda", "sts", "secretsmanager", "sqs", "sns", "s3"}},
	"none":        {edit: endpointsFrom(msklambda.EndpointNone), nat: true},
	"provisioned": {edit: endpointsFrom(""), provisioned: true},
}

// TestEveryFlowThatPollersNeedIsOpenAndNoOther builds every kind of consumer in
// every mode, on groups that let everything out and on groups that let out
// nothing, and walks the rules. Then it takes the network apart, a piece at a
// time: each piece must be needed by a flow, or the walk would show nothing.
func TestEveryFlowThatPollersNeedIsOpenAndNoOther(t *testing.T) {
	long(t)
	mutations := 0
	for name, kind := range flowConsumers {
		for mode, m := range flowModes {
			if m.only != "" && m.only != name {
				continue
			}
			for _, restricted := range []bool{false, true} {
				title := name + ", " + mode
				if restricted {
					title += ", on groups with restricted egress"
				}
				t.Run(title, func(t *testing.T) {
					tpl := synth(t, func(stack awscdk.Stack) {
						edit := kind.edit(stack)
						cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1), m.edit, rulesFor(restricted)))
						cluster.AddConsumer("Orders", consumerProps(edit, func(p *msklambda.ConsumerProps) {
							if m.provisioned {
								provisionedPollers(p)
							}
						}))
					})
					n := networkOf(tpl, []string{sg0, sg1}, !restricted)
					services := kind.services
					if m.provisioned {
						services = nil
					}
					n.nat, n.served = m.nat, m.served
					if closed := n.closed([]float64{kind.port}, services); len(closed) != 0 {
						t.Errorf("closed flows = %q, want none", closed)
					}
					var want []string
					if !m.nat {
						want = slices.DeleteFunc(slices.Sorted(slices.Values(services)), func(s string) bool { return slices.Contains(m.served, s) })
					}
					if got := slices.Sorted(maps.Keys(n.endpoints)); !slices.Equal(got, want) {
						t.Errorf("endpoints = %q, want %q", got, want)
					}
					if got, want := len(n.groups) > 2, len(want) > 0; got != want {
						t.Errorf("a group for endpoints is defined = %v, want %v", got, want)
					}
					n.narrow(t)
					n.wantClient(t, kind.port, m.clientIsIn)
					for what, mutated := range n.mutations() {
						mutations++
						if len(mutated.closed([]float64{kind.port}, services)) == 0 && (!m.clientIsIn || mutated.clientReaches() == len(n.endpoints)) {
							t.Errorf("%s every flow is open still, want one closed", what)
						}
					}
				})
			}
		}
	}
	t.Logf("mutations: %d", mutations)
}

func rulesFor(restricted bool) clusterEdit {
	return func(p *msklambda.ClusterProps) {
		if restricted {
			p.SecurityGroupRules = msklambda.SecurityGroupRulesAll
		}
	}
}

func (n *network) clientReaches() int {
	reached := 0
	for service := range n.endpoints {
		if n.reaches(client, service) {
			reached++
		}
	}
	return reached
}

// wantClient wants somebody else in the VPC kept from the brokers, and from the
// endpoints unless they are for them too.
func (n *network) wantClient(t *testing.T, port float64, in bool) {
	t.Helper()
	for _, broker := range n.members("a broker") {
		for _, port := range []float64{port, 22, 443, 2181, 9092, 9094, 9096, 9098} {
			if n.connects(client, broker, port) {
				t.Errorf("%s connects to %s:%v, want it kept out", client.name, broker.name, port)
			}
		}
	}
	for service, e := range n.endpoints {
		if got := n.reaches(client, service); got != in {
			t.Errorf("%s reaches %s = %v, want %v", client.name, service, got, in)
		}
		if got := n.connects(client, host{"its endpoint", e.groups, client.address}, 80); got {
			t.Errorf("%s connects to the endpoint for %s:80", client.name, service)
		}
		if want := []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}; !slices.Equal(e.subnets, want) {
			t.Errorf("endpoint for %s is in %q, want the brokers' %q", service, e.subnets, want)
		}
	}
}

// Each authentication opens its own port, and consumers of several open each.
func TestConsumersOfOneClusterOpenEachOfTheirPorts(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1), rulesFor(true)))
		for id, name := range map[string]string{"A": "iam", "B": "scram", "C": "mtls", "D": "plaintext"} {
			cluster.AddConsumer(id, consumerProps(flowConsumers[name].edit(stack), func(p *msklambda.ConsumerProps) { p.GroupID = id }))
		}
	})
	n := networkOf(tpl, []string{sg0, sg1}, false)
	ports, services := []float64{9098, 9096, 9094, 9092}, []string{"lambda", "sts", "secretsmanager"}
	if closed := n.closed(ports, services); len(closed) != 0 {
		t.Errorf("closed flows = %q, want none", closed)
	}
	n.narrow(t)
	for what, mutated := range n.mutations() {
		if len(mutated.closed(ports, services)) == 0 {
			t.Errorf("%s every flow is open still, want one closed", what)
		}
	}
}

// A provisioned consumer beside an on-demand one takes nothing away from it.
func TestEndpointsAreThereForTheOnDemandConsumersAlone(t *testing.T) {
	build := func(onDemand bool) *network {
		return networkOf(synth(t, func(stack awscdk.Stack) {
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1)))
			cluster.AddConsumer("A", consumerProps(flowConsumers["scram"].edit(stack), provisionedPollers))
			cluster.AddConsumer("B", consumerProps(func(p *msklambda.ConsumerProps) {
				if p.GroupID = "b"; !onDemand {
					provisionedPollers(p)
				}
			}))
		}), []string{sg0, sg1}, true)
	}
	if n := build(false); len(n.endpoints) != 0 || len(n.groups) != 2 {
		t.Errorf("provisioned consumers define %d endpoints and %d groups, want none", len(n.endpoints), len(n.groups)-2)
	}
	n := build(true)
	if got, want := slices.Sorted(maps.Keys(n.endpoints)), []string{"lambda", "sts"}; !slices.Equal(got, want) {
		t.Errorf("endpoints = %q, want %q: the secret is read by provisioned pollers", got, want)
	}
	if closed := n.closed([]float64{9098, 9096}, []string{"lambda", "sts"}); len(closed) != 0 {
		t.Errorf("closed flows = %q, want none", closed)
	}
}

// The other side of SecurityGroupRulesAll, and why it is not the default.
func TestOnlyRulesOfAllTakeTheWayOutFromOthersInTheGroup(t *testing.T) {
	for _, all := range []bool{false, true} {
		n := networkOf(synthCluster(t, groups(sg0), rulesFor(all)), []string{sg0}, true)
		n.nat = true
		broker := n.members("a broker")[0]
		if got := n.reaches(broker, "kms"); got == all {
			t.Errorf("with rules of all %v a broker that used the group's way out reaches KMS = %v, want %v", all, got, !all)
		}
	}
}

func TestAConnectionDefinesNoNetwork(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{ClusterARN: strings.Replace(arn, account, other, 1), VPCConnectionARN: connectionARN}).
			AddConsumer("Orders", consumerProps(flowConsumers["scram"].edit(stack)))
	})
	for path, r := range tpl.Resources {
		if strings.HasPrefix(r.Type, "AWS::EC2::") {
			t.Errorf("%s is a %s, want nothing of a network", path, r.Type)
		}
	}
}
