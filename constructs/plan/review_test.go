package plan

import (
	"strings"
	"testing"
)

func parsed(t *testing.T, stack, resources string) *Template {
	t.Helper()
	tpl, err := ParseTemplate(stack, []byte(`{"Resources":{`+resources+`}}`))
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

const (
	notMSK = `"Q":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":"arn:aws:sqs:us-east-1:111122223333:q","FunctionName":"f"}}`
	ofMSK  = `"M":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":"arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2",` +
		`"FunctionName":"f","Topics":["orders"],"AmazonManagedKafkaEventSourceConfig":{"ConsumerGroupId":"g"}}}`
	other = `"T":{"Type":"AWS::SNS::Topic"}`
	ours  = `"R":{"Type":"AWS::EC2::SecurityGroupIngress","Properties":{"GroupId":"sg-1","SourceSecurityGroupId":"sg-1","IpProtocol":"tcp","FromPort":9098,"ToPort":9098,"Description":"msklambda: pollers to brokers (Home)"}}`
)

func TestAMappingOfAnotherSourceThatGoesIsNoConsumer(t *testing.T) {
	before := []*Template{parsed(t, "One", ofMSK+","+notMSK), parsed(t, "Two", other)}
	after := []*Template{parsed(t, "One", ofMSK), parsed(t, "Two", strings.ReplaceAll(ofMSK, "orders", "refunds"))}
	for _, r := range compareAll(t, before, after) {
		for _, l := range r.Lines {
			if strings.Contains(strings.Join(l.Effects, " "), "goes to stack") {
				t.Errorf("%s: effects = %q, want no move", r.Stack, l.Effects)
			}
		}
	}
}

// Two stages each make a VPC, which they call by one name.
func TestNetworksOfTwoStacksThatMakeTheirOwnAreNotOne(t *testing.T) {
	const endpoint = `"E":{"Type":"AWS::EC2::VPCEndpoint","Properties":{"ServiceName":"com.amazonaws.us-east-1.lambda","PrivateDnsEnabled":true,"VpcId":{"Ref":"Vpc"},"Tags":[{"Key":"msklambda:stack","Value":"x"}]}}`
	before := []*Template{parsed(t, "Dev", ofMSK), parsed(t, "Prod", ofMSK+","+endpoint)}
	after := []*Template{parsed(t, "Dev", ofMSK+","+endpoint), parsed(t, "Prod", ofMSK+","+endpoint)}
	for _, r := range compareAll(t, before, after) {
		for _, l := range r.Lines {
			if l.Verdict == Refused {
				t.Errorf("%s: %+v, want nothing refused", r.Stack, l)
			}
		}
	}
	known := strings.Replace(endpoint, `{"Ref":"Vpc"}`, `"vpc-1"`, 1)
	before = []*Template{parsed(t, "Dev", ofMSK), parsed(t, "Prod", ofMSK+","+known)}
	after = []*Template{parsed(t, "Dev", ofMSK+","+known), parsed(t, "Prod", ofMSK+","+known)}
	refused := false
	for _, r := range compareAll(t, before, after) {
		for _, l := range r.Lines {
			refused = refused || l.Verdict == Refused
		}
	}
	if !refused {
		t.Error("nothing is refused, want the second endpoint of one VPC")
	}
}

func TestAStackOfRulesAloneIsLookedAt(t *testing.T) {
	reports := compareAll(t, []*Template{parsed(t, "Home", ours+","+other)}, []*Template{parsed(t, "Home", other)})
	if len(reports) != 1 || !strings.Contains(reports[0].Lines[0].Path+reports[0].Lines[0].LogicalID, "R") || reports[0].Lines[0].Verdict != Removed {
		t.Errorf("reports = %+v, want the rule that goes", reports)
	}
}

func TestAStatementThatGoesCutsOff(t *testing.T) {
	policy := func(more string) string {
		return `"E":{"Type":"AWS::EC2::VPCEndpoint","Properties":{"ServiceName":"com.amazonaws.us-east-1.lambda","PrivateDnsEnabled":true,"VpcId":"vpc-1","Tags":[{"Key":"msklambda:stack","Value":"x"}],` +
			`"PolicyDocument":{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"*"}` + more + `]}}}`
	}
	const role = `,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"lambda:*","Resource":"*"}`
	for _, tt := range []struct {
		before, after string
		want          bool
	}{{role, "", true}, {"", role, false}} {
		reports := compareAll(t, []*Template{parsed(t, "Home", policy(tt.before))}, []*Template{parsed(t, "Home", policy(tt.after))})
		if got := reports[0].Lines[0].CutsOff; got != tt.want {
			t.Errorf("%s -> %s: CutsOff = %v, want %v", tt.before, tt.after, got, tt.want)
		}
	}
}

// Lambda takes one mapping of a cluster, topic and function.
func TestAGivenFunctionMovesOnlyToAStackThatIsDeployedLater(t *testing.T) {
	for _, tt := range []struct {
		after []string
		want  Verdict
	}{{nil, Refused}, {[]string{"One"}, New}} {
		before := []*Template{parsed(t, "One", ofMSK+","+other), parsed(t, "Two", other)}
		after := []*Template{parsed(t, "One", other), parsed(t, "Two", ofMSK+","+other)}
		after[1].After = tt.after
		found := false
		for _, r := range compareAll(t, before, after) {
			for _, l := range r.Lines {
				if r.Stack == "Two" && l.Type == typeMapping {
					found = true
					if l.Verdict != tt.want {
						t.Errorf("after %q: %+v, want %s", tt.after, l, tt.want)
					}
				}
			}
		}
		if !found {
			t.Errorf("after %q: no line of the mapping", tt.after)
		}
	}
}

// CDK names the alias of a function by the parts of its ARN.
func TestAFunctionBehindAnAliasIsKnown(t *testing.T) {
	const alias = `"F":{"Type":"AWS::Lambda::Function","Properties":{},"DependsOn":["P"]},` +
		`"P":{"Type":"AWS::IAM::Policy","Properties":{"PolicyDocument":{"Statement":[{"Sid":"Connect","Effect":"Allow","Action":"kafka-cluster:Connect","Resource":"*"}]}}},` +
		`"A":{"Type":"AWS::Lambda::Alias","Properties":{"FunctionName":{"Ref":"F"},"Name":"live"}},`
	byAlias := strings.Replace(ofMSK, `"FunctionName":"f"`, `"FunctionName":{"Fn::Join":["",[{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"A"}]}]},":live"]]}`, 1)
	m := (&stack{parsed(t, "One", alias+byAlias)}).mappings()[0]
	if m.Function != "F" || m.Authentication != "IAM" {
		t.Errorf("function = %q, authentication %q, want F by IAM", m.Function, m.Authentication)
	}
}
