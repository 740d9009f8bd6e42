package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/lookups"
)

// The mark names what is deployed, which a nested stack is not by itself.
func TestANestedStackMarksWithTheNameOfTheStackThatIsDeployed(t *testing.T) {
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		nested := awscdk.NewNestedStack(stack, jsii.String("Nested"), nil)
		msklambda.ImportCluster(nested, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		awssqs.NewQueue(stack, jsii.String("Queue"), nil)
		tpl := read(t, nested)
		endpoint := tpl.at("Nested/Cluster/LambdaEndpoint")
		if got, want := asJSON(endpoint.Properties["Tags"]), `[{"Key":"`+msklambda.StackTag+`","Value":"Test"}]`; got != want {
			t.Errorf("tags = %s, want %s", got, want)
		}
		rule := tpl.at("Nested/Cluster/Rules/" + sg0 + " from " + sg0 + " 9098")
		if got, want := rule.Properties["Description"], "msklambda: pollers to brokers (Test)"; got != want {
			t.Errorf("description = %v, want %q", got, want)
		}
	})
}

// IAM would overwrite one policy with the other where two consumers on one role
// have one name: the same place in stacks of one name, of two regions or accounts.
func TestThePolicyIsNamedByTheGroupToo(t *testing.T) {
	long(t)
	name := func(group string) string {
		tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.GroupID = group })
		return tpl.at("Cluster/Orders/Policy").Properties["PolicyName"].(string)
	}
	if one, two := name("orders-fn"), name("refunds-fn"); one == two {
		t.Errorf("the policies of two groups are both called %q", one)
	}
	if one, again := name("orders-fn"), name("orders-fn"); one != again {
		t.Errorf("the policy of one group is called %q and %q", one, again)
	}
}

func TestASubnetThatIsGivenTwiceIsTakenOnce(t *testing.T) {
	const first, second = "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"
	tpl := synthCluster(t, func(p *msklambda.ClusterProps) { p.SubnetIDs = []string{first, second, first} })
	if got := tpl.at("Cluster/LambdaEndpoint").Properties["SubnetIds"]; !same(got, []any{first, second}) {
		t.Errorf("subnets = %s, want each once", asJSON(got))
	}
}

// Endpoints are defined with the first consumer, when the caller may have gone on
// to fill the same slice for something else.
func TestStatementsAreThoseOfTheImport(t *testing.T) {
	statement := func(action string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: jsii.Strings(action), Resources: jsii.Strings("*")})
	}
	tpl := synth(t, func(stack awscdk.Stack) {
		statements := []awsiam.PolicyStatement{statement("lambda:GetFunction"), statement("lambda:ListTags")}
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.LambdaEndpoint.Statements = statements }))
		_ = append(statements[:1], statement("lambda:DeleteFunction"))
		cluster.AddConsumer("Orders", consumerProps())
	})
	policy := asJSON(tpl.at("Cluster/LambdaEndpoint").Properties["PolicyDocument"])
	if strings.Contains(policy, "DeleteFunction") || !strings.Contains(policy, "lambda:ListTags") {
		t.Errorf("policy = %s, want the statements of the import", policy)
	}
}

// EC2's own choice for S3 answers on-premises resolvers only.
func TestThePrivateDNSOfS3IsForEveryResolver(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(endpointsFrom(msklambda.EndpointCreate)))
		cluster.AddConsumer("Orders", consumerProps(flowConsumers["to a bucket"].edit(stack)))
	})
	want := map[string]any{"PrivateDnsOnlyForInboundResolverEndpoint": "AllResolvers"}
	if got := tpl.at("Cluster/S3Endpoint").Properties["DnsOptions"]; !same(got, want) {
		t.Errorf("DnsOptions of S3 = %s, want %s", asJSON(got), asJSON(want))
	}
	if got := tpl.at("Cluster/LambdaEndpoint").Properties["DnsOptions"]; got != nil {
		t.Errorf("DnsOptions of Lambda = %s, want EC2's", asJSON(got))
	}
}

// Until the answers are there, two clusters of one VPC both define its endpoints.
func TestTwoLookUpsOfOneAppBothComeToTheirAnswers(t *testing.T) {
	long(t)
	c := newCloud(func(c *cloud) {
		c.Endpoint("vpce-0123456789abcdef1", "lambda")
		c.Endpoint("vpce-0123456789abcdef2", "sts")
		c.Group(sgEnds, []any{tcp(443, "CidrIp", "10.0.0.0/16")}, []any{})
		c.Group(sg1, []any{}, []any{allowAll})
	})
	second := strings.Replace(arn, "demo", "second", 1)
	c.Put("AWS::MSK::Cluster", second, c.Cluster())
	c.Topic(second, "orders", 6)
	for name, given := range map[string]lookups.Edit{
		"by ARN alone": func(*msklambda.LookupProps) {},
		"with the rest given": func(p *msklambda.LookupProps) {
			p.VPCID, p.SubnetIDs = vpc, []string{subnet + "0", subnet + "1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := lookUp(t, c, func(stack awscdk.Stack) {
				msklambda.LookupCluster(stack, "Cluster", lookupProps(given)).AddConsumer("Orders", consumerProps())
				other := newStack(stack.Node().Root().(awscdk.App), "Other")
				msklambda.LookupCluster(other, "Second", lookupProps(given, func(p *msklambda.LookupProps) {
					p.ClusterARN, p.SecurityGroupIDs = second, []string{sg1}
				})).AddConsumer("Orders", consumerProps())
			})
			if got.text != "" {
				t.Fatal(got.text)
			}
			if n := got.count("AWS::EC2::VPCEndpoint"); n != 0 {
				t.Errorf("endpoints = %d, want those that are there used", n)
			}
		})
	}
}

// What waits for a grant waits for all of it.
func TestAGrantIsAllOfItsStatements(t *testing.T) {
	synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps())
		role := awsiam.NewRole(stack, jsii.String("Reader"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil)})
		for name, tt := range map[string]struct {
			grant awsiam.Grant
			want  []string
		}{
			"consume": {cluster.GrantConsume(role, "orders", "readers"), []string{"kafka-cluster:Connect", "kafka-cluster:DescribeTopic", "kafka-cluster:AlterGroup"}},
			"produce": {cluster.GrantProduce(role, "orders"), []string{"kafka-cluster:Connect", "kafka-cluster:DescribeTopic"}},
		} {
			var got []string
			for _, s := range *tt.grant.PrincipalStatements() {
				got = append(got, *(*s.Actions())[0])
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s is the statements of %q, want %q", name, got, tt.want)
			}
		}
	})
}

// A cluster that moves to another stack goes on to be its own.
func TestAnOwnerThatIsGivenIsInEveryMark(t *testing.T) {
	long(t)
	got := mustLookUp(t, newCloud(), func(stack awscdk.Stack) {
		msklambda.LookupCluster(stack, "Cluster", lookupProps(func(p *msklambda.LookupProps) { p.Owner = "Home" })).AddConsumer("Orders", consumerProps())
	})
	_, cluster, _ := strings.Cut(arn, ":cluster/")
	for path, want := range map[string]map[string]any{
		"Cluster/LambdaEndpoint":                          {"Tags": []any{map[string]any{"Key": msklambda.StackTag, "Value": "Home"}}},
		"Cluster/Rules/" + sg0 + " from " + sg0 + " 9098": {"Description": "msklambda: pollers to brokers (Home)"},
		"Cluster/Memory":                                  {"Name": "/msklambda/Home/" + cluster},
	} {
		for property, want := range want {
			if got := got.at(path).Properties[property]; !same(got, want) {
				t.Errorf("%s of %s = %s, want %s", property, path, asJSON(got), asJSON(want))
			}
		}
	}
	if text := asJSON(got.at("Cluster/EndpointSecurityGroup").Properties); !strings.Contains(text, "msklambda: pollers (Home)") {
		t.Errorf("group of the endpoints = %s, want the owner in its rules", text)
	}
	if text := asJSON(got.context); !strings.Contains(text, "/msklambda/Home/"+cluster) {
		t.Errorf("asked %s, want for the parameter of the owner", text)
	}
}
