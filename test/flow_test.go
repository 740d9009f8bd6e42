package test

import (
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
	"msklambda/constructs/network/flow"
)

// flowConsumer is one kind of consumer and what AWS says its pollers call.
type flowConsumer struct {
	edit   func(awscdk.Stack) consumerEdit
	poller flow.Poller
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

// flowConsumers are written from AWS's pages: ports by authentication, in
// https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html, and calls by
// what is used, in https://docs.aws.amazon.com/lambda/latest/dg/msk-network.html.
var flowConsumers = map[string]flowConsumer{
	"iam":       {withMethod(msklambda.AuthenticationIAM), flow.Poller{Authentication: "iam"}},
	"scram":     {withSecret(msklambda.AuthenticationSCRAM), flow.Poller{Authentication: "scram", Secret: secretARN}},
	"mtls":      {withSecret(msklambda.AuthenticationMTLS), flow.Poller{Authentication: "mtls", Secret: secretARN}},
	"tls":       {withMethod(msklambda.AuthenticationTLS), flow.Poller{Authentication: "tls"}},
	"plaintext": {withMethod(msklambda.AuthenticationPlaintext), flow.Poller{Authentication: "plaintext"}},
	"to a queue": {failingTo(func(s awscdk.Stack) msklambda.Destination {
		return msklambda.Destination{Queue: awssqs.Queue_FromQueueArn(s, jsii.String("Queue"), jsii.String(failedQueue))}
	}), flow.Poller{Authentication: "iam", Queue: failedQueue}},
	"to a topic": {failingTo(func(s awscdk.Stack) msklambda.Destination {
		return msklambda.Destination{Topic: awssns.Topic_FromTopicArn(s, jsii.String("Topic"), jsii.String(failedSNS))}
	}), flow.Poller{Authentication: "iam", Topic: failedSNS}},
	"to a bucket": {failingTo(func(s awscdk.Stack) msklambda.Destination {
		return msklambda.Destination{Bucket: awss3.Bucket_FromBucketArn(s, jsii.String("Bucket"), jsii.String(failedBucket))}
	}), flow.Poller{Authentication: "iam", Bucket: failedBucket}},
}

// pollerOf are the pollers of a consumer called Orders.
func (c flowConsumer) pollerOf(tpl *template, path string) flow.Poller {
	p := c.poller
	p.Role, p.Account = asJSON(map[string]any{"Fn::GetAtt": []any{tpl.at(path + "/Role").ID, "Arn"}}), account
	return p
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
					n.NAT = m.nat
					poller := kind.pollerOf(tpl, "Cluster/Orders")
					poller.Provisioned = m.provisioned
					var want []string
					if !m.nat {
						want = slices.DeleteFunc(slices.Sorted(slices.Values(poller.Services())), func(s string) bool { return slices.Contains(m.served, s) })
					}
					if got := n.services(); !slices.Equal(got, want) {
						t.Errorf("endpoints = %q, want %q", got, want)
					}
					if got, want := len(n.defined) > 0, len(want) > 0; got != want {
						t.Errorf("a group for endpoints is defined = %v, want %v", got, want)
					}
					n.wantClient(t, poller.Port(), m.clientIsIn)
					n.serve(m.served...)
					if closed := n.closed(n.Network, poller); len(closed) != 0 {
						t.Errorf("closed flows = %q, want none", closed)
					}
					n.wantNarrow(t)
					for what, mutated := range n.Mutations(sgTheirs) {
						if strings.Contains(what, "the endpoint for") && slices.ContainsFunc(m.served, func(s string) bool { return strings.HasSuffix(what, " "+s) }) {
							continue // theirs
						}
						mutations++
						if len(n.closed(mutated, poller)) == 0 && (!m.clientIsIn || clientReaches(mutated) == clientReaches(n.Network)) {
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

func clientReaches(n *flow.Network) int {
	reached := 0
	for _, e := range n.Endpoints {
		if !slices.Contains(e.Groups, sgTheirs) && n.Reaches(client, e.Service) {
			reached++
		}
	}
	return reached
}

// wantClient wants somebody else in the VPC kept from the brokers, and from the
// endpoints unless they are for them too.
func (n *deployed) wantClient(t *testing.T, port int, in bool) {
	t.Helper()
	for _, broker := range n.members("a broker") {
		for _, port := range []int{port, 22, 443, 2181, 9092, 9094, 9096, 9098} {
			if n.Connects(client, broker, port) {
				t.Errorf("%s connects to %s:%v, want it kept out", client.Name, broker.Name, port)
			}
		}
	}
	for _, e := range n.Endpoints {
		if got := n.Reaches(client, e.Service); got != in {
			t.Errorf("%s reaches %s = %v, want %v", client.Name, e.Service, got, in)
		}
		if got := n.Connects(client, flow.Host{Name: "its endpoint", Groups: e.Groups, Address: client.Address}, 80); got {
			t.Errorf("%s connects to the endpoint for %s:80", client.Name, e.Service)
		}
		if want := []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}; !slices.Equal(e.Subnets, want) {
			t.Errorf("endpoint for %s is in %q, want the brokers' %q", e.Service, e.Subnets, want)
		}
	}
}

// Each authentication opens its own port, and consumers of several open each.
func TestConsumersOfOneClusterOpenEachOfTheirPorts(t *testing.T) {
	long(t)
	kinds := map[string]string{"A": "iam", "B": "scram", "C": "mtls", "D": "plaintext"}
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1), rulesFor(true)))
		for id, name := range kinds {
			cluster.AddConsumer(id, consumerProps(flowConsumers[name].edit(stack), func(p *msklambda.ConsumerProps) { p.GroupID = id }))
		}
	})
	n := networkOf(tpl, []string{sg0, sg1}, false)
	var pollers []flow.Poller
	for id, name := range kinds {
		pollers = append(pollers, flowConsumers[name].pollerOf(tpl, "Cluster/"+id))
	}
	if closed := n.closed(n.Network, pollers...); len(closed) != 0 {
		t.Errorf("closed flows = %q, want none", closed)
	}
	n.wantNarrow(t)
	for what, mutated := range n.Mutations() {
		if len(n.closed(mutated, pollers...)) == 0 {
			t.Errorf("%s every flow is open still, want one closed", what)
		}
	}
}

// A provisioned consumer beside an on-demand one takes nothing away from it.
func TestEndpointsAreThereForTheOnDemandConsumersAlone(t *testing.T) {
	long(t)
	build := func(onDemand bool) (*deployed, *template) {
		tpl := synth(t, func(stack awscdk.Stack) {
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1)))
			cluster.AddConsumer("A", consumerProps(flowConsumers["scram"].edit(stack), provisionedPollers))
			cluster.AddConsumer("B", consumerProps(func(p *msklambda.ConsumerProps) {
				if p.GroupID = "b"; !onDemand {
					provisionedPollers(p)
				}
			}))
		})
		return networkOf(tpl, []string{sg0, sg1}, true), tpl
	}
	if n, _ := build(false); len(n.Endpoints) != 0 || len(n.defined) != 0 {
		t.Errorf("provisioned consumers define %d endpoints and %d groups, want none", len(n.Endpoints), len(n.defined))
	}
	n, tpl := build(true)
	if got, want := n.services(), []string{"lambda", "sts"}; !slices.Equal(got, want) {
		t.Errorf("endpoints = %q, want %q: the secret is read by provisioned pollers", got, want)
	}
	provisioned := flowConsumers["scram"].pollerOf(tpl, "Cluster/A")
	provisioned.Provisioned = true
	if closed := n.closed(n.Network, provisioned, flowConsumers["iam"].pollerOf(tpl, "Cluster/B")); len(closed) != 0 {
		t.Errorf("closed flows = %q, want none", closed)
	}
}

// The other side of SecurityGroupRulesAll, and why it is not the default.
func TestOnlyRulesOfAllTakeTheWayOutFromOthersInTheGroup(t *testing.T) {
	for _, all := range []bool{false, true} {
		n := networkOf(synthCluster(t, groups(sg0), rulesFor(all)), []string{sg0}, true)
		n.NAT = true
		broker := n.members("a broker")[0]
		if got := n.Reaches(broker, "kms"); got == all {
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
