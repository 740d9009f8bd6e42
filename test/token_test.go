package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// tokens builds a stack with no account or region whose every text is a
// CloudFormation parameter.
func tokens(t *testing.T) *template {
	t.Helper()
	var tpl *template
	noPanic(t, func() {
		stack := awscdk.NewStack(newApp(t, nil), jsii.String("Test"), nil)
		param := func(id string) string {
			return *awscdk.NewCfnParameter(stack, &id, nil).ValueAsString()
		}
		group := param("Group0")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
			p.ClusterARN = param("ARN")
			p.VPCID = param("VPC")
			p.SubnetIDs = []string{param("Subnet0"), param("Subnet1")}
			p.SecurityGroupIDs = []string{group, param("Group1"), group}
			p.SecurityGroupRules, p.EndpointAccess = msklambda.SecurityGroupRulesAll, ""
		}))
		cluster.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
			p.Topic, p.GroupID = param("Topic"), param("ConsumerGroup")
			p.RestrictNetworkInterfaces = true
		}))
		tpl = read(t, stack)
	})
	return tpl
}

func TestEveryTextMayBeAToken(t *testing.T) {
	tpl := tokens(t)
	mapping := tpl.at("Cluster/Orders/Mapping").Properties
	for property, want := range map[string]any{
		"EventSourceArn":                      map[string]any{"Ref": "ARN"},
		"Topics":                              []any{map[string]any{"Ref": "Topic"}},
		"AmazonManagedKafkaEventSourceConfig": map[string]any{"ConsumerGroupId": map[string]any{"Ref": "ConsumerGroup"}},
	} {
		if !same(mapping[property], want) {
			t.Errorf("%s = %s, want %s", property, asJSON(mapping[property]), asJSON(want))
		}
	}
	split := func(n string) string { return `{"Fn::Select":[` + n + `,{"Fn::Split":[":cluster/",{"Ref":"ARN"}]}]}` }
	topic := `{"Fn::Join":["",[` + split("0") + `,":topic/",` + split("1") + `,"/",{"Ref":"Topic"}]]}`
	if got := strings.Join(tpl.grants(), "\n"); !strings.Contains(got, "kafka-cluster:ReadData on "+topic+"\n") {
		t.Errorf("grants = %s, want ReadData on %s", got, topic)
	}
	if got := tpl.count("AWS::EC2::SecurityGroupIngress"); got != 4 {
		t.Errorf("ingress rules = %d, want 4 of two groups", got)
	}
}

func TestNoWarningShowsATokenToAPerson(t *testing.T) {
	long(t)
	warnings := tokens(t).warnings()
	if !strings.Contains(strings.Join(warnings, "\n"), "every client in the VPC now reaches") {
		t.Errorf("warnings = %q, want one that speaks of the VPC", warnings)
	}
	for _, w := range warnings {
		if strings.Contains(w, "Token[") {
			t.Errorf("warning shows a token: %s", w)
		}
	}
}

func TestTokensGiveTheSameIDsEachTime(t *testing.T) {
	long(t)
	ids := func() string {
		// A process numbers its tokens: others before ours move every number.
		noPanic(t, func() { awscdk.Fn_Select(jsii.Number(0), awscdk.Fn_GetAzs(nil)) })
		text := asJSON(tokens(t).Resources)
		if strings.Contains(text, "Token[") || strings.Contains(text, "TOKEN") {
			t.Errorf("template = %s, want no token left in it", text)
		}
		return text
	}
	if a, b := ids(), ids(); a != b {
		t.Errorf("two templates of the same stack differ:\n%s\n%s", a, b)
	}
}

func TestEveryPartition(t *testing.T) {
	long(t)
	tests := map[string]struct{ partition, region, lambda, sts string }{
		"commercial":         {"aws", "eu-central-1", "com.amazonaws.eu-central-1.lambda", "com.amazonaws.eu-central-1.sts"},
		"China":              {"aws-cn", "cn-north-1", "cn.com.amazonaws.cn-north-1.lambda", "cn.com.amazonaws.cn-north-1.sts"},
		"GovCloud":           {"aws-us-gov", "us-gov-west-1", "com.amazonaws.us-gov-west-1.lambda", "com.amazonaws.us-gov-west-1.sts"},
		"European sovereign": {"aws-eusc", "eusc-de-east-1", "com.amazonaws.eusc-de-east-1.lambda", "com.amazonaws.eusc-de-east-1.sts"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			noPanic(t, func() {
				stack := awscdk.NewStack(newApp(t, nil), jsii.String("Test"), &awscdk.StackProps{
					Env: &awscdk.Environment{Account: jsii.String(account), Region: &tt.region}})
				here := strings.NewReplacer("arn:aws:", "arn:"+tt.partition+":", region, tt.region)
				msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.ClusterARN = here.Replace(arn) })).
					AddConsumer("Orders", consumerProps())
				tpl := read(t, stack)
				for path, want := range map[string]string{"Cluster/LambdaEndpoint": tt.lambda, "Cluster/STSEndpoint": tt.sts} {
					if got := tpl.at(path).Properties["ServiceName"]; got != want {
						t.Errorf("%s = %v, want %s", path, got, want)
					}
				}
				if got := asJSON(tpl.Resources); strings.Contains(got, "arn:aws:kafka") && tt.partition != "aws" {
					t.Errorf("template has an ARN of another partition")
				}
				if got, want := strings.Join(tpl.grants(), "\n"), "kafka-cluster:ReadData on "+here.Replace(topicARN)+"orders"; !strings.Contains(got, want) {
					t.Errorf("grants = %s, want %s", got, want)
				}
				if got, want := asJSON(tpl.at("Cluster/Orders/Role").Properties), `"Service":"lambda.amazonaws.com"`; !strings.Contains(got, want) {
					t.Errorf("role = %s, want trust in %s", got, want)
				}
			})
		})
	}
}
