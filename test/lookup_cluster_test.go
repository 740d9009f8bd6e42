package test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
	"msklambda/test/internal/lookups"
)

// A user may move from attributes to the look-up and back, and nothing moves.
func TestALookUpMakesWhatAnImportWould(t *testing.T) {
	long(t)
	got := lookUp(t, newCloud(), orders())
	want := synthCluster(t, func(p *msklambda.ClusterProps) { p.SubnetIDs = append(p.SubnetIDs, subnet+"2") })
	if got.text != "" {
		t.Fatal(got.text)
	}
	sameButForTheMemory(t, got.template, want)
}

// sameButForTheMemory wants what is looked up to be what is imported, and to keep in
// a parameter what it defines.
func sameButForTheMemory(t *testing.T, got, want *template) {
	t.Helper()
	raw := rawTemplate(t, got.Stack)
	memory := got.at("Cluster/Memory")
	if value := memory.Properties["Value"]; value != `{"endpoints":["Lambda","STS"],"rules":["`+sg0+` from `+sg0+` 9098"]}` {
		t.Errorf("memory = %v, want what is defined", value)
	}
	delete(raw["Resources"].(map[string]any), memory.ID)
	if !same(raw, rawTemplate(t, want.Stack)) {
		t.Errorf("looked up = %s\nimported = %s", asJSON(got.Resources), asJSON(want.Resources))
	}
}

func TestWhatIsGivenWins(t *testing.T) {
	long(t)
	theirs := func(c *cloud) {
		c.Endpoint("vpce-0123456789abcdef1", "lambda")
		c.Endpoint("vpce-0123456789abcdef2", "sts")
		c.Group(sgEnds, []any{}, []any{})
	}
	t.Run("all of it", func(t *testing.T) {
		got := mustLookUp(t, newCloud(theirs, func(c *cloud) {
			c.Put("AWS::EC2::VPC", "vpc-0123456789abcdef9", properties{"VpcId": "vpc-0123456789abcdef9", "EnableDnsSupport": true, "EnableDnsHostnames": true})
		}), orders(func(p *msklambda.LookupProps) {
			p.VPCID, p.SubnetIDs, p.SecurityGroupIDs = "vpc-0123456789abcdef9", []string{subnet + "9"}, []string{sg2}
			p.LambdaEndpoint.Source, p.STSEndpoint.ID = msklambda.EndpointNone, "vpce-0123456789abcdef9"
			p.SecurityGroupRules = msklambda.SecurityGroupRulesAll
		}))
		want := []string{sg2 + " to 0.0.0.0/0:443", sg2 + " to " + sg2 + ":9098", sg2 + ":9098 from " + sg2}
		if rules := got.rules(); !slices.Equal(rules, want) {
			t.Errorf("rules = %q, want %q", rules, want)
		}
		// The settings of the cluster and of the VPC are still checked, how many
		// endpoints it has, what the last deploy defined, the mappings of the cluster,
		// its Kafka, and the topic.
		if len(got.context) != 7 || got.runs != 2 {
			t.Errorf("%d runs for %s, want seven answers after two", got.runs, asJSON(got.context))
		}
	})
	t.Run("all but the subnets", func(t *testing.T) {
		got := mustLookUp(t, newCloud(), orders(func(p *msklambda.LookupProps) {
			p.VPCID, p.SecurityGroupIDs, p.SecurityGroupRules = vpc, []string{sg2}, msklambda.SecurityGroupRulesIngress
		}))
		if want := []string{sg2 + ":9098 from " + sg2}; !slices.Equal(got.rules(), want) {
			t.Errorf("rules = %q, want %q", got.rules(), want)
		}
	})
	t.Run("endpoints", func(t *testing.T) {
		got := mustLookUp(t, newCloud(theirs), orders(func(p *msklambda.LookupProps) {
			p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointCreate, msklambda.EndpointCreate
		}))
		if n := got.count("AWS::EC2::VPCEndpoint"); n != 2 {
			t.Errorf("endpoints = %d, want 2", n)
		}
	})
	t.Run("rules", func(t *testing.T) {
		for mode, want := range map[msklambda.SecurityGroupRules]int{"none": 0, "ingress": 1, "all": 3} {
			got := mustLookUp(t, newCloud(func(c *cloud) {
				c.Group(sg0, []any{tcp(9098, "SourceSecurityGroupId", sg0)}, []any{allowAll})
			}), orders(func(p *msklambda.LookupProps) { p.SecurityGroupRules = mode }))
			if rules := got.rules(); len(rules) != want {
				t.Errorf("%s: rules = %q, want %d", mode, rules, want)
			}
		}
	})
	t.Run("groups of a serverless cluster in two VPCs", func(t *testing.T) {
		two := newCloud(func(c *cloud) {
			c.Serverless(vpcConfig([]any{sg0}, []any{subnet + "0"}), vpcConfig([]any{sg1}, []any{subnet + "9", subnet + "8"}))
		})
		serverless := func(p *msklambda.LookupProps) { p.ClusterARN = serverlessARN }
		got := lookUp(t, two, orders(serverless))
		for _, want := range []string{"SubnetIDs must be given, and SecurityGroupIDs: the cluster is in 2 VPCs", `["` + subnet + `8" "` + subnet + `9"] with ["` + sg1 + `"]`} {
			if !strings.Contains(got.text, want) {
				t.Errorf("refused with %q, want %q in it", got.text, want)
			}
		}
		got = mustLookUp(t, two, orders(serverless, func(p *msklambda.LookupProps) { p.SubnetIDs = []string{subnet + "0"} }))
		if !slices.Equal(got.rules(), ingress) {
			t.Errorf("rules = %q, want those of the config with the subnet", got.rules())
		}
	})
}

// TestDualStackEndpointsWantIPv6InEverySubnet: a subnet whose answer does not tell is
// left to EC2.
func TestDualStackEndpointsWantIPv6InEverySubnet(t *testing.T) {
	long(t)
	ranges := func(of ...any) *cloud {
		return newCloud(func(c *cloud) {
			for i, r := range of {
				if r != nil {
					c.Resources["AWS::EC2::Subnet"][fmt.Sprint(subnet, i)]["Ipv6CidrBlocks"] = r
				}
			}
		})
	}
	has, none := []any{"2001:db8::/64"}, []any{}
	build := orders(func(p *msklambda.LookupProps) {
		p.EndpointIPAddressType, p.EndpointAccess = awsec2.VpcEndpointIpAddressType_DUALSTACK, msklambda.EndpointAccessVPC
		p.VPCCIDRs = []string{"10.0.0.0/16", "2001:db8::/56"}
	})
	for name, tt := range map[string]struct {
		cloud *cloud
		want  string
	}{
		"all":         {ranges(has, has, has), ""},
		"one without": {ranges(has, none, has), "EndpointIPAddressType must be IPV4 where a subnet has no IPv6 range, got DUALSTACK with " + subnet + "1, which has none"},
		"one untold":  {ranges(has, nil, has), ""},
		"there already": {func() *cloud {
			c := ranges(none, none, none)
			c.Endpoint("vpce-0123456789abcdef1", "lambda")
			c.Endpoint("vpce-0123456789abcdef2", "sts")
			c.Group(lookups.SGEnds, []any{tcp(443, "CidrIp", "10.0.0.0/16")}, []any{})
			return c
		}(), ""},
	} {
		got := lookUp(t, tt.cloud, build)
		if (got.text == "") != (tt.want == "") || !strings.Contains(got.text, tt.want) {
			t.Errorf("%s: refused with %q, want %q", name, got.text, tt.want)
		}
		if got.text != "" || name == "there already" {
			continue
		}
		if text := asJSON(got.at("Cluster/EndpointSecurityGroup").Properties); !strings.Contains(text, `"CidrIpv6":"2001:db8::/56"`) {
			t.Errorf("%s: group of the endpoints = %s, want the IPv6 range let in", name, text)
		}
		endpoint := got.at("Cluster/STSEndpoint").Properties
		if text := asJSON(endpoint); endpoint["IpAddressType"] != "dualstack" || !strings.Contains(text, `"DnsRecordIpType":"dualstack"`) {
			t.Errorf("%s: endpoint = %s, want it to take both", name, text)
		}
	}
}

func TestPublicAccessIsAcceptedByAProp(t *testing.T) {
	long(t)
	public := newCloud(func(c *cloud) {
		brokers(c)["ConnectivityInfo"] = properties{"PublicAccess": properties{"Type": "SERVICE_PROVIDED_EIPS"}}
	})
	if got := lookUp(t, public, orders(func(p *msklambda.LookupProps) { p.AllowPublicAccess = true })); got.text != "" {
		t.Error(got.text)
	}
}

func TestDNSMattersOnlyWhereAnEndpointIsDefined(t *testing.T) {
	long(t)
	off := newCloud(func(c *cloud) {
		c.Resources["AWS::EC2::VPC"][vpc]["EnableDnsSupport"] = false
	})
	if got := lookUp(t, off, orders()); !strings.Contains(got.text, "VPCID must be a VPC with DNS resolution on") || !strings.Contains(got.text, "--enable-dns-support") {
		t.Errorf("refused with %q, want DNS resolution", got.text)
	}
	if got := lookUp(t, off, orders(func(p *msklambda.LookupProps) {
		p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointNone, msklambda.EndpointNone
	})); got.text != "" {
		t.Error(got.text)
	}
	if got := lookUp(t, off, ordersOf(func(p *msklambda.ConsumerProps) { p.Pollers = &msklambda.Pollers{} })); got.text != "" {
		t.Error(got.text)
	}
}

func TestAnEndpointThatIsThereIsUsedAsItIs(t *testing.T) {
	long(t)
	const lambda = "vpce-0123456789abcdef1"
	tests := map[string]struct {
		cloud     func(*cloud)
		endpoints int
		rules     []string
		warnings  []string
	}{
		"open to the VPC": {func(c *cloud) {
			c.Endpoint(lambda, "lambda")
			c.Group(sgEnds, []any{tcp(443, "CidrIp", "10.0.0.0/16")}, []any{})
		}, 1, ingress, nil},
		"without private DNS": {func(c *cloud) {
			c.Endpoint(lambda, "lambda", func(p properties) { p["PrivateDnsEnabled"] = false })
		}, 2, ingress, nil},
		"of another VPC": {func(c *cloud) {
			c.Endpoint(lambda, "lambda", func(p properties) { p["VpcId"] = "vpc-0123456789abcdef9" })
		}, 2, ingress, nil},
		"its policy keeps the pollers out": {func(c *cloud) {
			c.Endpoint(lambda, "lambda", func(p properties) {
				p["PolicyDocument"] = properties{"Statement": []any{properties{"Effect": "Allow", "Principal": properties{"AWS": account}, "Action": "*", "Resource": "*"}}}
			})
			c.Group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0)}, []any{})
		}, 1, ingress, []string{"LambdaEndpoint is " + lambda, "no statement allows lambda:InvokeFunction", `Have this added to it: {"Action":"lambda:InvokeFunction"`, msklambda.EndpointPolicyWarning}},
		"its groups keep the pollers out": {func(c *cloud) {
			c.Endpoint(lambda, "lambda")
			c.Group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sgApp)}, []any{})
		}, 1, ingress, []string{"would not let the pollers in on TCP 443", "--group-id " + sgEnds + " --protocol tcp --port 443 --source-group " + sg0, msklambda.EndpointGroupsWarning}},
		"with outbound traffic restricted": {func(c *cloud) {
			c.Endpoint(lambda, "lambda")
			c.Endpoint("vpce-0123456789abcdef2", "sts")
			c.Group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0)}, []any{})
			c.Group(sg0, []any{}, []any{tcp(22, "CidrIp", "10.0.0.0/8")})
		}, 0, []string{sg0 + " to " + sg0 + ":9098", sg0 + " to " + sgEnds + ":443", ingress[0]}, nil},
		"of this stack, in an answer without tags": {func(c *cloud) {
			c.Endpoint(lambda, "lambda", func(p properties) { delete(p, "Tags") })
			c.Group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0, "Description", "msklambda: pollers (Test)")}, []any{})
		}, 2, ingress, nil},
		"in a list of ids alone": {func(c *cloud) {
			c.Endpoint(lambda, "lambda")
			c.Group(sgEnds, []any{tcp(443, "CidrIp", "10.0.0.0/16")}, []any{})
			c.IDsOnly = true
		}, 1, ingress, nil},
		"of another stack of this library": {func(c *cloud) {
			c.Endpoint(lambda, "lambda", func(p properties) {
				p["Tags"] = []any{properties{"Key": "msklambda:stack", "Value": "Test2"}}
			})
			c.Group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0, "Description", "msklambda: endpoint client (Test2)")}, []any{})
		}, 1, ingress, []string{"LambdaEndpoint " + lambda + " is of the stack Test2: it goes when that stack goes"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := lookUp(t, newCloud(tt.cloud), orders())
			if got.text != "" {
				t.Fatal(got.text)
			}
			if n := got.count("AWS::EC2::VPCEndpoint"); n != tt.endpoints {
				t.Errorf("endpoints = %d, want %d", n, tt.endpoints)
			}
			if rules := got.rules(); !slices.Equal(rules, tt.rules) {
				t.Errorf("rules = %q, want %q", rules, tt.rules)
			}
			warnings := got.warnings()
			if (len(warnings) == 0) != (tt.warnings == nil) || len(warnings) > 1 {
				t.Errorf("warnings = %q, want %q in one", warnings, tt.warnings)
			}
			for _, want := range tt.warnings {
				if !strings.Contains(strings.Join(warnings, ""), want) {
					t.Errorf("warnings = %q, want %q in one", warnings, want)
				}
			}
		})
	}
}

func TestTheWarningsOfAnExistingEndpointCanBeAcknowledged(t *testing.T) {
	long(t)
	got := mustLookUp(t, newCloud(func(c *cloud) {
		c.Endpoint("vpce-0123456789abcdef1", "lambda", func(p properties) { p["PolicyDocument"] = properties{"Statement": []any{}} })
		c.Group(sgEnds, []any{}, []any{})
	}), func(stack awscdk.Stack) {
		cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
		cluster.AddConsumer("Orders", consumerProps())
		for _, id := range []string{msklambda.EndpointPolicyWarning, msklambda.EndpointGroupsWarning} {
			awscdk.Annotations_Of(cluster).AcknowledgeWarning(&id, jsii.String("a proxy"))
		}
	})
	if warnings := got.warnings(); len(warnings) != 0 {
		t.Errorf("warnings = %q, want none", warnings)
	}
}

func TestStatementsAreNotForAnEndpointThatIsThere(t *testing.T) {
	long(t)
	got := lookUp(t, newCloud(func(c *cloud) { c.Endpoint("vpce-0123456789abcdef1", "lambda"); c.Group(sgEnds, []any{}, []any{}) }),
		orders(func(p *msklambda.LookupProps) {
			p.LambdaEndpoint.Statements = []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
				Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: jsii.Strings("lambda:*"), Resources: jsii.Strings("*")})}
		}))
	if want := "LambdaEndpoint.Statements needs an endpoint that is defined here, and vpc-0123456789abcdef0 has vpce-0123456789abcdef1"; !strings.Contains(got.text, want) {
		t.Errorf("refused with %q, want %q", got.text, want)
	}
}

// What runs before the answers are there must not stumble over placeholders.
func TestAnAppRunsWhileLookUpsArePending(t *testing.T) {
	long(t)
	var pending []bool
	c := newCloud()
	second := strings.Replace(arn, "demo", "second", 1)
	c.Put("AWS::MSK::Cluster", second, c.Cluster())
	c.Topic(second, "orders", 6)
	c.Topic(arn, "payments", 6)
	got := lookUp(t, c, func(stack awscdk.Stack) {
		cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) {
			p.Alarms, p.Dashboard = &msklambda.Alarms{}, true
			p.Authentication = msklambda.Authentication{}
		}))
		other := newStack(stack.Node().Root().(awscdk.App), "Other")
		msklambda.NewConsumer(other, "Payments", cluster, consumerProps(func(p *msklambda.ConsumerProps) {
			p.Topic, p.GroupID, p.RestrictNetworkInterfaces = "payments", "payments-fn", true
		}))
		awscdk.NewCfnOutput(other, jsii.String("Third"), &awscdk.CfnOutputProps{Value: cluster.Subnets[2].SubnetId()})
		awsec2.NewSecurityGroup(other, jsii.String("Client"), &awsec2.SecurityGroupProps{Vpc: cluster.VPC})
		awscdk.NewCfnOutput(other, jsii.String("Group"), &awscdk.CfnOutputProps{Value: &cluster.SecurityGroupIDs[0]})
		// A second cluster in the same VPC, whose placeholders are the same.
		msklambda.LookupCluster(other, "Second", lookupProps(func(p *msklambda.LookupProps) {
			p.ClusterARN, p.SecurityGroupRules = second, msklambda.SecurityGroupRulesNone
			p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointExisting, msklambda.EndpointExisting
		})).AddConsumer("Orders", consumerProps())
		pending = append(pending, cluster.Pending())
	})
	if got.text != "" {
		t.Fatal(got.text)
	}
	if want := []bool{true, true, true, false}; !slices.Equal(pending, want) {
		t.Errorf("pending = %v, want %v", pending, want)
	}
	if n := got.count("AWS::EC2::VPCEndpoint"); n != 2 {
		t.Errorf("endpoints = %d, want 2", n)
	}
}

func TestASecondServiceIsLookedUpWithItsFirstConsumer(t *testing.T) {
	long(t)
	c := newCloud(func(c *cloud) {
		c.Cluster()["ClientAuthentication"] = properties{"Sasl": properties{"Iam": properties{"Enabled": true}, "Scram": properties{"Enabled": true}}}
		c.Endpoint("vpce-0123456789abcdef3", "secretsmanager", func(p properties) {
			p["PolicyDocument"] = properties{"Statement": []any{properties{"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:Get*", "Resource": "arn:aws:secretsmanager:*:*:secret:other-??????"}}}
		})
		c.Group(sgEnds, []any{tcp(443, "CidrIp", "10.0.0.0/8")}, []any{})
	})
	got := lookUp(t, c, func(stack awscdk.Stack) {
		cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM,
				Secret: imports{stack}.secret(imports{stack}.key())}
		}))
	})
	if got.text != "" {
		t.Fatal(got.text)
	}
	if warnings := got.warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "SecretsManagerEndpoint is vpce-0123456789abcdef3") ||
		!strings.Contains(warnings[0], `secretsmanager:GetSecretValue on "`+secretARN+`" for a role of account 111122223333`) {
		t.Errorf("warnings = %q, want one of the policy for the secret", warnings)
	}
	want := []string{sg0 + ":9096 from " + sg0, sg0 + ":9098 from " + sg0}
	if rules := got.rules(); !slices.Equal(rules, want) {
		t.Errorf("rules = %q, want %q", rules, want)
	}
}

func TestALookUpNeedsToKnowWhere(t *testing.T) {
	wantPanic(t, func() {
		msklambda.LookupCluster(awscdk.NewStack(newApp(t, nil), jsii.String("Test"), nil), "Cluster", lookupProps())
	}, `msklambda: cluster "Cluster":`, "scope must be in a stack with an account and a region, by awscdk.StackProps.Env")
	wantPanic(t, func() {
		msklambda.LookupCluster(newStack(newApp(t, nil), "Test"), "Cluster", lookupProps(func(p *msklambda.LookupProps) {
			p.ClusterARN = strings.Replace(arn, region, "eu-west-1", 1)
		}))
	}, "ClusterARN must be of the stack's region us-east-1, got eu-west-1")
}

func TestAnAnswerThatWasTamperedWithIsRefused(t *testing.T) {
	long(t)
	first := lookUp(t, newCloud(), orders())
	for key := range first.context {
		if strings.Contains(key, "AWS$:$:MSK") {
			first.context[key] = "nothing"
		}
	}
	got := lookUpAgain(t, newCloud(), first.context, orders())
	if !strings.Contains(got.text, "cdk.context.json holds something else than an answer under cc-api-provider:") {
		t.Errorf("refused with %q, want what is wrong with cdk.context.json", got.text)
	}
}

// A service has another name for its endpoint in China.
func TestEndpointsAreLookedUpByTheirNameInThePartition(t *testing.T) {
	long(t)
	china := newCloud().Move("cn-north-1")
	china.Replace("arn:aws:", "arn:aws-cn:")
	china.Endpoint("vpce-0123456789abcdef1", "lambda", func(p properties) { p["ServiceName"] = "cn.com.amazonaws.cn-north-1.lambda" })
	china.Group(sgEnds, []any{tcp(443, "CidrIp", "0.0.0.0/0")}, []any{})
	got := lookUp(t, china, orders(func(p *msklambda.LookupProps) { p.ClusterARN = strings.Replace(arn, "arn:aws:", "arn:aws-cn:", 1) }))
	if got.text != "" {
		t.Fatal(got.text)
	}
	if n := got.count("AWS::EC2::VPCEndpoint"); n != 1 {
		t.Errorf("endpoints = %d, want that of STS alone", n)
	}
}

// lookUpApp runs the app of this module as lookUp does.
func lookUpApp(t *testing.T, c *cloud, context map[string]any, extensions ...func() *mskapp.Extension) *looked {
	t.Helper()
	return lookUpIn(t, c, maps.Clone(context), func(app awscdk.App) awscdk.Stack {
		var own []*mskapp.Extension // of this run
		for _, extension := range extensions {
			own = append(own, extension())
		}
		if err := mskapp.Define(app, own...); err != nil {
			panic(err)
		}
		return app.Node().FindChild(jsii.String("MskLambda")).(awscdk.Stack)
	})
}

func TestTheAppNeedsOnlyAnARNAndATopic(t *testing.T) {
	long(t)
	short := map[string]any{"clusterArn": arn, "topic": "orders", "consumerGroupId": "orders-fn", "entry": entry}
	got := lookUpApp(t, newCloud(), short)
	if got.text != "" {
		t.Fatal(got.text)
	}
	long := synthApp(t, given(map[string]any{"consumerGroupId": "orders-fn", "subnetIds": subnet + "0," + subnet + "1," + subnet + "2",
		"endpointAccess": nil, "retryAttempts": nil}))
	sameButForTheMemory(t, got.template, long)

	off := newCloud(func(c *cloud) {
		c.Cluster()["ClientAuthentication"] = properties{}
		brokers(c)["ConnectivityInfo"] = properties{"PublicAccess": properties{"Type": "SERVICE_PROVIDED_EIPS"}}
		c.Resources["AWS::EC2::VPC"][vpc]["EnableDnsHostnames"] = false
	})
	got = lookUpApp(t, off, short)
	for _, want := range []string{`authentication "iam" needs that method on`, "allowPublicAccess is needed", "or accept it with allowPublicAccess", "vpcId must be a VPC with DNS hostnames on"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("refused with %q, want %q in it", got.text, want)
		}
	}
	short["allowPublicAccess"] = "true"
	if got = lookUpApp(t, off, short); strings.Contains(got.text, "public access") {
		t.Errorf("refused with %q, want public access accepted", got.text)
	}
	if _, err := mskapp.ReadConfig(newApp(t, given(map[string]any{"allowPublicAccess": true}))); err == nil || !strings.Contains(err.Error(), "allowPublicAccess needs a look-up: with vpcConnectionArn, or with vpcId, subnetIds and securityGroupIds all given") {
		t.Errorf("ReadConfig = %v, want allowPublicAccess refused", err)
	}
}

func TestSomeAttributesAreGivenToTheApp(t *testing.T) {
	long(t)
	got := lookUpApp(t, newCloud(func(c *cloud) { c.Group(sg2, []any{}, []any{allowAll}) }), given(map[string]any{"vpcId": nil, "subnetIds": nil, "securityGroupIds": sg2}))
	if want := []string{sg2 + ":9098 from " + sg2}; !slices.Equal(got.rules(), want) {
		t.Errorf("rules = %q, want %q", got.rules(), want)
	}
	if vpcs := fmt.Sprint(got.at("Cluster/EndpointSecurityGroup").Properties["VpcId"]); vpcs != vpc {
		t.Errorf("VPC = %s, want %s", vpcs, vpc)
	}
}
