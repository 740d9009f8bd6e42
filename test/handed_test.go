package test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsmsk"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/synthtest"
)

// ownNetwork is a VPC with a group that an app makes itself.
func ownNetwork(stack awscdk.Stack) (awsec2.Vpc, awsec2.SecurityGroup) {
	vpc := awsec2.NewVpc(stack, jsii.String("Network"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	return vpc, awsec2.NewSecurityGroup(stack, jsii.String("Brokers"), &awsec2.SecurityGroupProps{Vpc: vpc})
}

// handedOver are the props of a cluster in the private subnets of such a VPC.
func handedOver(arn string, vpc awsec2.IVpc, groups ...awsec2.ISecurityGroup) *msklambda.ClusterProps {
	return &msklambda.ClusterProps{
		ClusterARN: arn, VPC: vpc, Subnets: *vpc.PrivateSubnets(), SecurityGroups: groups,
		EndpointAccess: msklambda.EndpointAccessVPC, VPCCIDRs: []string{*vpc.VpcCidrBlock()},
	}
}

func subnetIDs(subnets []awsec2.ISubnet) (ids []string) {
	for _, s := range subnets {
		ids = append(ids, *s.SubnetId())
	}
	return ids
}

// dummyText is what of CDK's dummies must not be in a template.
var dummyText = regexp.MustCompile(`dummy-value-for-|vpc-12345|p-12345|1\.2\.3\.4|pending-|[.]invalid`)

func TestANetworkOfTheSameStackIsHandedOver(t *testing.T) {
	var tpl *template
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		vpc, brokers := ownNetwork(stack)
		cluster := awsmsk.NewCfnCluster(stack, jsii.String("Kafka"), &awsmsk.CfnClusterProps{
			ClusterName: jsii.String("demo"), KafkaVersion: jsii.String("3.9.x"), NumberOfBrokerNodes: jsii.Number(2),
			BrokerNodeGroupInfo: &awsmsk.CfnCluster_BrokerNodeGroupInfoProperty{
				ClientSubnets: vpc.SelectSubnets(&awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS}).SubnetIds,
				InstanceType:  jsii.String("kafka.m7g.large"), SecurityGroups: &[]*string{brokers.SecurityGroupId()},
			},
		})
		msklambda.ImportCluster(stack, "Cluster", handedOver(*cluster.AttrArn(), vpc, brokers)).AddConsumer("Orders", consumerProps())
		tpl = read(t, stack)
	})
	vpc := tpl.at("Network").ID
	group := map[string]any{"Fn::GetAtt": []any{tpl.at("Brokers").ID, "GroupId"}}
	rule := tpl.at("Cluster/Rules/Brokers from Brokers 9098")
	for property, want := range map[string]any{"GroupId": group, "SourceSecurityGroupId": group} {
		if got := rule.Properties[property]; !same(got, want) {
			t.Errorf("rule %s = %s, want %s", property, asJSON(got), asJSON(want))
		}
	}
	if !strings.HasPrefix(rule.ID, "ClusterRulesBrokersfromBrokers9098") {
		t.Errorf("logical id of the rule = %s, want the group's name in it", rule.ID)
	}
	subnets := []any{map[string]any{"Ref": tpl.at("Network/PrivateSubnet1/Subnet").ID}, map[string]any{"Ref": tpl.at("Network/PrivateSubnet2/Subnet").ID}}
	endpoint := tpl.at("Cluster/LambdaEndpoint").Properties
	if got := endpoint["SubnetIds"]; !same(got, subnets) {
		t.Errorf("subnets of the endpoint = %s, want %s", asJSON(got), asJSON(subnets))
	}
	if got, want := endpoint["VpcId"], (map[string]any{"Ref": vpc}); !same(got, want) {
		t.Errorf("VPC of the endpoint = %s, want %s", asJSON(got), asJSON(want))
	}
	in := asJSON(tpl.at("Cluster/EndpointSecurityGroup").Properties["SecurityGroupIngress"])
	if want := `"CidrIp":{"Fn::GetAtt":["` + vpc + `","CidrBlock"]}`; !strings.Contains(in, want) {
		t.Errorf("ingress of the endpoints = %s, want %s in it", in, want)
	}
	if got, want := tpl.at("Cluster/Orders/Mapping").Properties["EventSourceArn"], (map[string]any{"Fn::GetAtt": []any{tpl.at("Kafka").ID, "Arn"}}); !same(got, want) {
		t.Errorf("source = %s, want %s", asJSON(got), asJSON(want))
	}
}

func TestANetworkOfAnotherStackIsHandedOver(t *testing.T) {
	var tpl *template
	noPanic(t, func() {
		app := newApp(t, nil)
		vpc, brokers := ownNetwork(newStack(app, "Net"))
		stack := newStack(app, "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", handedOver(arn, vpc, brokers, brokers))
		cluster.AddConsumer("Orders", consumerProps())
		if cluster.VPC != awsec2.IVpc(vpc) || len(cluster.SecurityGroupIDs) != 1 {
			t.Errorf("VPC = %v, SecurityGroupIDs = %q, want those handed over, each once", cluster.VPC, cluster.SecurityGroupIDs)
		}
		client := awsec2.NewSecurityGroup(stack, jsii.String("Client"), &awsec2.SecurityGroupProps{Vpc: vpc})
		cluster.Connections().AllowDefaultPortFrom(client, nil)
		tpl = read(t, stack)
	})
	if id := tpl.at("Cluster/Rules/Net--Brokers from Net--Brokers 9098").ID; !strings.HasPrefix(id, "ClusterRulesNetBrokersfromNetBrokers9098") {
		t.Errorf("logical id of the rule = %s, want the group's path in it", id)
	}
	if got := asJSON(tpl.at("Cluster/LambdaEndpoint").Properties["VpcId"]); !strings.Contains(got, `"StackName":"Net"`) {
		t.Errorf("VPC of the endpoint = %s, want that of the other stack", got)
	}
}

func TestRangesMayBeTokens(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		param := func(id string) string {
			return *awscdk.NewCfnParameter(stack, &id, nil).ValueAsString()
		}
		msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
			p.EndpointAccess = msklambda.EndpointAccessVPC
			p.VPCCIDRs = []string{param("Four"), "ipv6:" + param("Six"), "10.0.0.0/16"}
			p.EndpointClientCIDRs = []string{param("More")}
		})).AddConsumer("Orders", consumerProps())
	})
	in := asJSON(tpl.at("Cluster/EndpointSecurityGroup").Properties["SecurityGroupIngress"])
	for _, want := range []string{`"CidrIp":{"Ref":"Four"}`, `"CidrIpv6":{"Ref":"Six"}`, `"CidrIp":"10.0.0.0/16"`, `"CidrIp":{"Ref":"More"}`} {
		if !strings.Contains(in, want) {
			t.Errorf("ingress = %s, want %s in it", in, want)
		}
	}
}

// TestNoEndpointIsDefinedInAVPCOfAnotherAccount has CDK look a VPC up, which tells
// whose it is: EC2 lets its owner alone define endpoints there.
func TestNoEndpointIsDefinedInAVPCOfAnotherAccount(t *testing.T) {
	long(t)
	context := func(owner string) map[string]any {
		return map[string]any{"vpc-provider:account=111122223333:filter.vpc-id=" + vpc + ":region=us-east-1:returnAsymmetricSubnets=true": map[string]any{
			"vpcId": vpc, "vpcCidrBlock": "10.0.0.0/16", "ownerAccountId": owner, "availabilityZones": []any{}, "subnetGroups": []any{}}}
	}
	existing := msklambda.Endpoint{Source: msklambda.EndpointExisting}
	for name, tt := range map[string]struct {
		owner    string
		cluster  func(*msklambda.ClusterProps)
		consumer func(*msklambda.ConsumerProps)
		want     string
	}{
		"shared":            {other, asIs, func(*msklambda.ConsumerProps) {}, "VPC must be of the stack's account for an endpoint for Lambda and STS to be defined in it, got one of the account " + other},
		"shared, one there": {other, func(p *msklambda.ClusterProps) { p.STSEndpoint = existing }, func(*msklambda.ConsumerProps) {}, "for an endpoint for Lambda to be defined in it"},
		"its own":           {account, asIs, func(*msklambda.ConsumerProps) {}, ""},
		"not told":          {"", asIs, func(*msklambda.ConsumerProps) {}, ""},
		"both there":        {other, func(p *msklambda.ClusterProps) { p.LambdaEndpoint, p.STSEndpoint = existing, existing }, func(*msklambda.ConsumerProps) {}, ""},
		"provisioned":       {other, asIs, provisionedPollers, ""},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(newApp(t, context(tt.owner)), "Test")
			text := synthtest.PanicText(func() {
				msklambda.ImportCluster(stack, "Cluster", clusterProps(tt.cluster, func(p *msklambda.ClusterProps) {
					p.VPCID, p.VPC = "", awsec2.Vpc_FromLookup(stack, jsii.String("Network"), &awsec2.VpcLookupOptions{VpcId: jsii.String(vpc)})
				})).AddConsumer("Orders", consumerProps(tt.consumer))
			})
			if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
				t.Errorf("panic = %q, want %q", text, tt.want)
			}
		})
	}
}

// lookedUpByCDK is an app that asks CDK for all that a consumer needs.
func lookedUpByCDK(t *testing.T, context map[string]any, define func(stack awscdk.Stack, value func(name string) string)) (dir string) {
	t.Helper()
	app := newApp(t, context)
	noPanic(t, func() {
		stack := newStack(app, "Home")
		define(stack, func(name string) string {
			return *awsssm.StringParameter_ValueFromLookup(stack, &name, nil, nil)
		})
		app.Synth(nil)
	})
	return *app.Outdir()
}

func wantPending(t *testing.T, dir, awaited string) {
	t.Helper()
	tpl := templateIn(t, dir, "Home.template.json")
	if len(tpl["Resources"].(map[string]any)) != 1 || tpl["Rules"].(map[string]any)["LookUpsArePending"] == nil {
		t.Fatalf("template = %s, want one that is refused", asJSON(tpl))
	}
	if text := asJSON(tpl); !strings.Contains(text, "by CDK for "+awaited+": synthesize") || dummyText.MatchString(text) {
		t.Errorf("template = %s, want it to say that %s is awaited, and no dummy", text, awaited)
	}
}

func TestWhatCDKLooksUpIsAwaited(t *testing.T) {
	long(t)
	fromLookup := func(stack awscdk.Stack) awsec2.IVpc {
		return awsec2.Vpc_FromLookup(stack, jsii.String("Network"), &awsec2.VpcLookupOptions{VpcName: jsii.String("main")})
	}
	for name, tt := range map[string]struct {
		define  func(stack awscdk.Stack, value func(string) string)
		awaited string
	}{
		"a VPC": {func(stack awscdk.Stack, _ func(string) string) {
			group := awsec2.SecurityGroup_FromLookupById(stack, jsii.String("Brokers"), jsii.String(sg0))
			msklambda.ImportCluster(stack, "Cluster", handedOver(arn, fromLookup(stack), group)).AddConsumer("Orders", consumerProps())
		}, "SubnetIDs, VPCCIDRs, VPCID"},
		"its ids": {func(stack awscdk.Stack, _ func(string) string) {
			vpc := fromLookup(stack)
			msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
				p.VPCID, p.SubnetIDs = *vpc.VpcId(), subnetIDs(*vpc.PrivateSubnets())
			})).AddConsumer("Orders", consumerProps())
		}, "SubnetIDs, VPCID"},
		"every text of a cluster": {func(stack awscdk.Stack, value func(string) string) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
				p.ClusterARN, p.VPCID, p.SubnetIDs, p.SecurityGroupIDs = value("/arn"), value("/vpc"), []string{value("/a"), value("/b")}, []string{value("/g")}
				p.LambdaEndpoint.ID, p.STSEndpoint.ID = value("/lambda"), value("/sts")
				p.EndpointClientSecurityGroupIDs, p.EndpointClientCIDRs = []string{value("/client")}, []string{value("/range")}
			})).AddConsumer("Orders", consumerProps())
		}, "ClusterARN, EndpointClientCIDRs, EndpointClientSecurityGroupIDs, LambdaEndpoint.ID, STSEndpoint.ID, SecurityGroupIDs, SubnetIDs, VPCID"},
		"a connection": {func(stack awscdk.Stack, value func(string) string) {
			msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{ClusterARN: value("/arn"), VPCConnectionARN: value("/connection")}).
				AddConsumer("Orders", consumerProps())
		}, "ClusterARN, VPCConnectionARN"},
		"the ARN of a cluster that is looked up": {func(stack awscdk.Stack, value func(string) string) {
			cluster := msklambda.LookupCluster(stack, "Cluster", &msklambda.LookupProps{ClusterARN: value("/arn")})
			if !cluster.Pending() {
				t.Error("Pending = false, want true")
			}
			cluster.AddConsumer("Orders", consumerProps())
			cluster.AddConsumer("Refunds", consumerProps(refunds))
		}, "ClusterARN"},
		"the VPC of a cluster that is looked up": {func(stack awscdk.Stack, _ func(string) string) {
			msklambda.LookupCluster(stack, "Cluster", &msklambda.LookupProps{ClusterARN: arn, VPC: fromLookup(stack)}).AddConsumer("Orders", consumerProps())
		}, "VPCID"},
		"texts of consumers": {func(stack awscdk.Stack, value func(string) string) {
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
			cluster.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = value("/topic"), value("/group") }))
			cluster.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) {
				p.Environment = map[string]string{"TABLE": "table/" + value("/table")}
				p.Tags = map[string]string{"team": value("/team")}
				p.Filters = []string{`{"value":{"state":["paid"]}}`}
			}))
		}, "Orders GroupID, Orders Topic, Refunds Environment, Refunds Tags"},
	} {
		t.Run(name, func(t *testing.T) { wantPending(t, lookedUpByCDK(t, nil, tt.define), tt.awaited) })
	}
}

func TestTwoClustersThatCDKLooksUpAreNotTakenForOne(t *testing.T) {
	long(t)
	dir := lookedUpByCDK(t, nil, func(stack awscdk.Stack, value func(string) string) {
		for _, name := range []string{"One", "Two"} {
			vpc := awsec2.Vpc_FromLookup(stack, jsii.String(name+"Network"), &awsec2.VpcLookupOptions{VpcName: &name})
			msklambda.ImportCluster(stack, name, &msklambda.ClusterProps{
				ClusterARN: value("/" + name), VPC: vpc, Subnets: *vpc.PrivateSubnets(), SecurityGroupIDs: []string{value("/group/" + name)},
			}).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = value("/topic"), value("/group") }))
		}
	})
	wantPending(t, dir, "ClusterARN, SecurityGroupIDs, SubnetIDs, VPCID, Orders GroupID, Orders Topic")
}

func TestAnswersOfCDKsOwnLookUpsAreUsed(t *testing.T) {
	const env = "account=111122223333:"
	subnets := []any{
		map[string]any{"subnetId": "subnet-0123456789abcdef0", "cidr": "10.0.0.0/24", "availabilityZone": "us-east-1a", "routeTableId": "rtb-0123456789abcdef0"},
		map[string]any{"subnetId": "subnet-0123456789abcdef1", "cidr": "10.0.1.0/24", "availabilityZone": "us-east-1b", "routeTableId": "rtb-0123456789abcdef0"},
	}
	context := map[string]any{
		"ssm:" + env + "parameterName=/arn:region=us-east-1": arn,
		"vpc-provider:" + env + "filter.tag:Name=main:region=us-east-1:returnAsymmetricSubnets=true": map[string]any{
			"vpcId": vpc, "vpcCidrBlock": "10.0.0.0/16", "ownerAccountId": "111122223333", "availabilityZones": []any{},
			"subnetGroups": []any{map[string]any{"name": "Private", "type": "Private", "subnets": subnets}},
		},
	}
	dir := lookedUpByCDK(t, context, func(stack awscdk.Stack, value func(string) string) {
		vpc := awsec2.Vpc_FromLookup(stack, jsii.String("Network"), &awsec2.VpcLookupOptions{VpcName: jsii.String("main")})
		group := awsec2.SecurityGroup_FromSecurityGroupId(stack, jsii.String("Brokers"), jsii.String(sg0), nil)
		msklambda.ImportCluster(stack, "Cluster", handedOver(value("/arn"), vpc, group)).AddConsumer("Orders", consumerProps())
	})
	text := asJSON(templateIn(t, dir, "Home.template.json"))
	for _, want := range []string{`"SubnetIds":["subnet-0123456789abcdef0","subnet-0123456789abcdef1"]`, `"CidrIp":"10.0.0.0/16"`, `"EventSourceArn":"` + arn + `"`} {
		if !strings.Contains(text, want) {
			t.Errorf("template = %s, want %s in it", text, want)
		}
	}
	if strings.Contains(text, "LookUps") {
		t.Errorf("template = %s, want nothing about look-ups", text)
	}
}
