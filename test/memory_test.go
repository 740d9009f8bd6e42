package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

const memoryName = "/msklambda/Test/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"

// afterDeploy is the cloud after a deploy of what was looked up: its endpoints, their
// group, its rule, and its memory.
func afterDeploy(t *testing.T, got *looked, edit ...func(*cloud)) *cloud {
	t.Helper()
	return newCloud(append([]func(*cloud){func(c *cloud) {
		own := func(purpose string) string { return "msklambda: " + purpose + " (Test)" }
		tags := func(p properties) { p["Tags"] = []any{properties{"Key": msklambda.StackTag, "Value": "Test"}} }
		c.Endpoint("vpce-0123456789abcdef1", "lambda", tags)
		c.Endpoint("vpce-0123456789abcdef2", "sts", tags)
		c.Group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0, "Description", own("pollers"))}, []any{})
		group := c.Resources["AWS::EC2::SecurityGroup"][sgEnds]
		group["GroupDescription"], group["GroupName"] = got.at("Cluster/EndpointSecurityGroup").Properties["GroupDescription"], "Test-ClusterEndpointSecurityGroupB50E75F1-1ABC"
		c.Group(sg0, []any{tcp(9098, "SourceSecurityGroupId", sg0, "Description", own("pollers to brokers"))}, []any{allowAll})
		memory := got.at("Cluster/Memory").Properties
		if memory["Name"] != memoryName {
			t.Errorf("memory = %v, want %s", memory["Name"], memoryName)
		}
		c.Put("AWS::SSM::Parameter", memoryName, properties{"Name": memoryName, "Value": memory["Value"]})
	}}, edit...)...)
}

func untag(c *cloud) {
	for _, e := range c.Resources["AWS::EC2::VPCEndpoint"] {
		e["Tags"] = []any{properties{"Key": msklambda.StackTag, "Value": "Renamed"}}
	}
}

func undescribe(c *cloud) {
	for _, g := range c.Resources["AWS::EC2::SecurityGroup"] {
		for _, r := range g["SecurityGroupIngress"].([]any) {
			r.(properties)["Description"] = "by hand"
		}
	}
}

func forget(c *cloud) { delete(c.Resources["AWS::SSM::Parameter"], memoryName) }

func TestARefreshAfterADeployChangesNothing(t *testing.T) {
	long(t)
	first := mustLookUp(t, newCloud(), orders())
	for name, edits := range map[string][]func(*cloud){
		"nothing edited":                  nil,
		"tags edited":                     {untag},
		"descriptions edited":             {undescribe},
		"both edited":                     {untag, undescribe},
		"the memory deleted":              {forget},
		"the memory deleted, tags edited": {forget, untag},
		"a broader rule added by somebody": {func(c *cloud) {
			c.Group(sg0, append(c.Resources["AWS::EC2::SecurityGroup"][sg0]["SecurityGroupIngress"].([]any), tcp(9098, "CidrIp", "10.0.0.0/8")), []any{allowAll})
		}},
		"an endpoint deleted by somebody":   {func(c *cloud) { delete(c.Resources["AWS::EC2::VPCEndpoint"], "vpce-0123456789abcdef1") }},
		"an answer without tags and owners": {func(c *cloud) { delete(c.Resources["AWS::EC2::VPCEndpoint"]["vpce-0123456789abcdef2"], "Tags") }},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLookUp(t, afterDeploy(t, first, edits...), orders())
			if !same(rawTemplate(t, got.Stack), rawTemplate(t, first.Stack)) {
				t.Errorf("template = %s\nwant %s", asJSON(got.Resources), asJSON(first.Resources))
			}
			if warnings := got.warnings(); len(warnings) != 0 {
				t.Errorf("warnings = %q, want none", warnings)
			}
		})
	}
}

func TestWhatTheStackMadeDoesNotGoWithoutAWord(t *testing.T) {
	long(t)
	first := mustLookUp(t, newCloud(), orders())
	for name, tt := range map[string]struct {
		build func(awscdk.Stack)
		want  []string
	}{
		"existing and none, as after a rename": {orders(func(p *msklambda.LookupProps) {
			p.LambdaEndpoint.Source, p.STSEndpoint.Source, p.SecurityGroupRules = msklambda.EndpointExisting, msklambda.EndpointExisting, msklambda.SecurityGroupRulesNone
		}), []string{
			`the last deploy of Test defined the LambdaEndpoint, and this template does not, because its Source is "existing": the next deploy deletes it. The pollers lose Lambda unless another endpoint is there by then, which EC2 takes only once this one is gone.`,
			`defined the STSEndpoint`, `defined the rule "` + sg0 + ` from ` + sg0 + ` 9098", and this template does not, because SecurityGroupRules is "none"`}},
		"a NAT gateway": {orders(func(p *msklambda.LookupProps) {
			p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointNone, msklambda.EndpointNone
		}), []string{`because its Source is "none": the next deploy deletes it. The pollers lose Lambda unless their subnets have a NAT gateway.`, "the STSEndpoint"}},
		"provisioned pollers": {ordersOf(func(p *msklambda.ConsumerProps) { p.Pollers = &msklambda.Pollers{} }), []string{
			"the LambdaEndpoint, and this template does not, because no consumer needs it any more: the next deploy deletes it. Whoever else in the VPC relies on it loses Lambda.", "the STSEndpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLookUp(t, afterDeploy(t, first), tt.build)
			warnings := got.warnings()
			if len(warnings) != len(tt.want) {
				t.Errorf("warnings = %q, want %d", warnings, len(tt.want))
			}
			for _, want := range tt.want {
				if !strings.Contains(strings.Join(warnings, "\n"), want) {
					t.Errorf("warnings = %q, want %q in them", warnings, want)
				}
			}
			got = mustLookUp(t, afterDeploy(t, first), func(stack awscdk.Stack) {
				tt.build(stack)
				for _, field := range []string{"LambdaEndpoint", "STSEndpoint", "Rules"} {
					awscdk.Annotations_Of(stack.Node().FindChild(jsii.String("Cluster"))).AcknowledgeWarning(jsii.String(msklambda.RemovesWarning+field), jsii.String("meant"))
				}
			})
			if warnings := got.warnings(); len(warnings) != 0 {
				t.Errorf("acknowledged warnings = %q, want none", warnings)
			}
		})
	}
}

// A stack under a new name has made nothing yet: what the old one made is used, and
// it is said whose it is.
func TestAStackUnderANewNameSaysWhoseItsNetworkIs(t *testing.T) {
	long(t)
	first := mustLookUp(t, newCloud(), orders())
	c := afterDeploy(t, first, untag, func(c *cloud) {
		for _, r := range c.Resources["AWS::EC2::SecurityGroup"][sg0]["SecurityGroupIngress"].([]any) {
			r.(properties)["Description"] = "msklambda: pollers to brokers (Old)"
		}
		c.Resources["AWS::EC2::SecurityGroup"][sgEnds]["GroupName"] = "Old-ClusterEndpointSecurityGroupB50E75F1-1ABC"
	}, forget)
	got := mustLookUp(t, c, orders())
	if n := got.count("AWS::EC2::VPCEndpoint"); n != 0 {
		t.Errorf("endpoints = %d, want those of the old stack used", n)
	}
	warnings := strings.Join(got.warnings(), "\n")
	for _, want := range []string{"LambdaEndpoint vpce-0123456789abcdef1 is of the stack Renamed: it goes when that stack goes", "STSEndpoint vpce-0123456789abcdef2 is of the stack Renamed", "from " + sg0 + " is of the stack Old"} {
		if !strings.Contains(warnings, want) {
			t.Errorf("warnings = %s, want %q in them", warnings, want)
		}
	}
}

func TestMorePolicyThanIAMTakesForARoleIsRefused(t *testing.T) {
	long(t)
	build := func(n int, own bool) string {
		return panicText(func() {
			app := newApp(t, nil)
			stack := newStack(app, "Test")
			role := awsiam.NewRole(stack, jsii.String("Shared"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)})
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
			for i := range n {
				cluster.AddConsumer(fmt.Sprint("C", i), consumerProps(func(p *msklambda.ConsumerProps) {
					p.Topic, p.GroupID = fmt.Sprint("topic", i), fmt.Sprint("group", i)
					if !own {
						p.Role = role
					}
				}))
			}
			app.Synth(nil)
		})
	}
	text := build(12, false)
	for _, want := range []string{"Test/Cluster/C0/Policy/Resource, Test/Cluster/C1/Policy/Resource", "Test/Cluster/C11/Policy/Resource are attached to one role and have at least 1",
		"IAM takes 10240 in all inline policies of a role: give some of the consumers a Role, or a Function, of their own"} {
		if !strings.Contains(text, want) {
			t.Errorf("refused with %q, want %q in it", text, want)
		}
	}
	if text := build(6, false); text != "" {
		t.Errorf("six consumers on one role: refused with %q", text)
	}
	if text := build(12, true); text != "" {
		t.Errorf("twelve consumers with roles of their own: refused with %q", text)
	}
}

// Two clusters of an app find each thing once.
func TestNothingIsFoundTwice(t *testing.T) {
	text := panicText(func() {
		app := newApp(t, nil)
		for _, id := range []string{"A", "B"} {
			msklambda.ImportCluster(newStack(app, id), "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		}
		app.Synth(nil)
	})
	for _, want := range []string{"are two endpoints with private DNS for one service", "are the same rule of one security group", "are two consumers with one GroupID"} {
		if got, wanted := strings.Count(text, want), map[bool]int{true: 2, false: 1}[strings.Contains(want, "endpoints")]; got != wanted {
			t.Errorf("%q is said %d times, want %d:\n%s", want, got, wanted, text)
		}
	}
}
