package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

type clusterEdit = func(*msklambda.ClusterProps)

func groups(ids ...string) clusterEdit {
	return func(p *msklambda.ClusterProps) { p.SecurityGroupIDs = ids }
}

func TestEndpointsAreTheTutorials(t *testing.T) {
	tpl := synthCluster(t, groups(sg0, sg1))
	for path, want := range map[string]struct{ service, action string }{
		"Cluster/LambdaEndpoint": {"com.amazonaws.us-east-1.lambda", "lambda:InvokeFunction"},
		"Cluster/STSEndpoint":    {"com.amazonaws.us-east-1.sts", "sts:AssumeRole"},
	} {
		got := tpl.at(path)
		if got.Type != "AWS::EC2::VPCEndpoint" {
			t.Errorf("%s is a %s", path, got.Type)
		}
		wantProperties := map[string]any{
			"PolicyDocument": map[string]any{
				"Version": "2012-10-17",
				"Statement": []any{map[string]any{
					"Action": want.action, "Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"}, "Resource": "*",
				}},
			},
			"PrivateDnsEnabled": true,
			"SecurityGroupIds":  []any{map[string]any{"Fn::GetAtt": []any{tpl.at("Cluster/EndpointSecurityGroup").ID, "GroupId"}}},
			"ServiceName":       want.service,
			"SubnetIds":         []any{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
			"Tags":              []any{map[string]any{"Key": "msklambda:stack", "Value": "Test"}},
			"VpcEndpointType":   "Interface",
			"VpcId":             vpc,
		}
		if !same(got.Properties, wantProperties) {
			t.Errorf("%s = %s, want %s", path, asJSON(got.Properties), asJSON(wantProperties))
		}
	}
}

// peers lists who an endpoint group lets in, and fails on any port but 443.
func (tpl *template) peers() []string {
	tpl.T.Helper()
	var out []string
	for _, rule := range tpl.at("Cluster/EndpointSecurityGroup").Properties["SecurityGroupIngress"].([]any) {
		r := rule.(map[string]any)
		if r["IpProtocol"] != "tcp" || r["FromPort"] != 443.0 || r["ToPort"] != 443.0 {
			tpl.T.Errorf("endpoint ingress = %s, want TCP 443", asJSON(r))
		}
		for _, key := range []string{"SourceSecurityGroupId", "CidrIp", "CidrIpv6"} {
			if peer, ok := r[key].(string); ok {
				out = append(out, peer)
			}
		}
	}
	return out
}

func TestEndpointsLetIn(t *testing.T) {
	tests := map[string]struct {
		edit clusterEdit
		want []string
	}{
		"each cluster group once": {groups(sg0, sg1, sg0), []string{sg0, sg1}},
		"extra clients": {func(p *msklambda.ClusterProps) {
			p.EndpointClientSecurityGroupIDs = []string{sg2}
			p.EndpointClientCIDRs = []string{"10.1.0.0/16", "2001:db8::/56"}
		}, []string{sg0, sg2, "10.1.0.0/16", "2001:db8::/56"}},
		"the VPC": {func(p *msklambda.ClusterProps) {
			p.EndpointAccess = msklambda.EndpointAccessVPC
			p.VPCCIDRs = []string{"10.0.0.0/16", "100.64.0.0/16"}
		}, []string{sg0, "10.0.0.0/16", "100.64.0.0/16"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := synthCluster(t, tt.edit)
			if got := tpl.peers(); !slices.Equal(got, tt.want) {
				t.Errorf("endpoint group lets in %q, want %q", got, tt.want)
			}
			out := tpl.at("Cluster/EndpointSecurityGroup").Properties["SecurityGroupEgress"]
			if !strings.Contains(asJSON(out), "255.255.255.255/32") || len(out.([]any)) != 1 {
				t.Errorf("endpoint group lets out %s, want nothing", asJSON(out))
			}
		})
	}
}

// A policy that went missing from the template could stay in place, and go on
// cutting others off.
func TestEndpointsOpenToTheVPCSayThatTheyAdmitEverybody(t *testing.T) {
	tpl := synthCluster(t, func(p *msklambda.ClusterProps) {
		p.EndpointAccess, p.VPCCIDRs = msklambda.EndpointAccessVPC, []string{"10.0.0.0/16"}
	})
	want := map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}}}
	for _, path := range []string{"Cluster/LambdaEndpoint", "Cluster/STSEndpoint"} {
		if policy := tpl.at(path).Properties["PolicyDocument"]; !same(policy, want) {
			t.Errorf("%s policy = %s, want %s", path, asJSON(policy), asJSON(want))
		}
	}
}

func TestStatementsAreAddedToTheTutorials(t *testing.T) {
	tpl := synthCluster(t, func(p *msklambda.ClusterProps) {
		p.STSEndpoint.Statements = []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
			Actions:    jsii.Strings("sts:AssumeRoleWithWebIdentity"),
			Resources:  jsii.Strings("*"),
		})}
	})
	statements := func(path string) []any {
		return tpl.at(path).Properties["PolicyDocument"].(map[string]any)["Statement"].([]any)
	}
	if got := len(statements("Cluster/LambdaEndpoint")); got != 1 {
		t.Errorf("Lambda endpoint has %d statements, want 1", got)
	}
	got := statements("Cluster/STSEndpoint")
	if len(got) != 2 || !strings.Contains(asJSON(got[1]), "sts:AssumeRoleWithWebIdentity") {
		t.Errorf("STS endpoint has %s, want the tutorial's and the extra one", asJSON(got))
	}
}

func TestAStatementWithoutPrincipalIsRefused(t *testing.T) {
	wantPanic(t, func() {
		msklambda.ImportCluster(newStack(newApp(t, nil), "Test"), "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
			p.LambdaEndpoint.Statements = []awsiam.PolicyStatement{nil, awsiam.NewPolicyStatement(nil)}
		}))
	}, "LambdaEndpoint.Statements[0] must not be nil", "LambdaEndpoint.Statements[1] must have a principal")
}

func TestEachEndpointIsCreatedImportedOrLeftOut(t *testing.T) {
	long(t)
	tests := map[string]struct {
		edit      clusterEdit
		endpoints int
		groups    int
	}{
		"both created": {func(*msklambda.ClusterProps) {}, 2, 1},
		"one by id":    {func(p *msklambda.ClusterProps) { p.STSEndpoint.ID = "vpce-0123456789abcdef0" }, 1, 1},
		"one is there": {func(p *msklambda.ClusterProps) { p.LambdaEndpoint.Source = msklambda.EndpointExisting }, 1, 1},
		"NAT": {func(p *msklambda.ClusterProps) {
			p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointNone, msklambda.EndpointNone
		}, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := synthCluster(t, tt.edit)
			if got := tpl.count("AWS::EC2::VPCEndpoint"); got != tt.endpoints {
				t.Errorf("endpoints = %d, want %d", got, tt.endpoints)
			}
			if got := tpl.count("AWS::EC2::SecurityGroup"); got != tt.groups {
				t.Errorf("security groups = %d, want %d", got, tt.groups)
			}
		})
	}
}

func TestAnImportedEndpointIsAField(t *testing.T) {
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
			p.STSEndpoint.ID = "vpce-0123456789abcdef0"
			p.LambdaEndpoint.Source = msklambda.EndpointNone
		}))
		cluster.AddConsumer("Orders", consumerProps())
		if got := *cluster.STSEndpoint.VpcEndpointId(); got != "vpce-0123456789abcdef0" {
			t.Errorf("STSEndpoint = %q, want the given id", got)
		}
		if cluster.LambdaEndpoint != nil || cluster.EndpointSecurityGroup != nil {
			t.Errorf("LambdaEndpoint = %v, EndpointSecurityGroup = %v, want nil", cluster.LambdaEndpoint, cluster.EndpointSecurityGroup)
		}
	})
}

func TestAccessThatIsNotChosenWarns(t *testing.T) {
	long(t)
	unchosen := func(p *msklambda.ClusterProps) { p.EndpointAccess = "" }
	got := synthCluster(t, unchosen).warnings()
	if len(got) != 1 {
		t.Fatalf("warnings = %q, want one", got)
	}
	for _, part := range []string{"/Test/Cluster: ", vpc, "cut off", `"pollers"`, `"vpc"`, `"none"`, msklambda.EndpointAccessWarning} {
		if !strings.Contains(got[0], part) {
			t.Errorf("warning = %q, want %q in it", got[0], part)
		}
	}
	tests := map[string]clusterEdit{
		"chosen pollers": func(*msklambda.ClusterProps) {},
		"chosen vpc": func(p *msklambda.ClusterProps) {
			p.EndpointAccess, p.VPCCIDRs = msklambda.EndpointAccessVPC, []string{"10.0.0.0/16"}
		},
		"nothing to choose": func(p *msklambda.ClusterProps) {
			p.EndpointAccess = ""
			p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointExisting, msklambda.EndpointNone
		},
	}
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			if got := synthCluster(t, edit).warnings(); len(got) != 0 {
				t.Errorf("warnings = %q, want none", got)
			}
		})
	}
	t.Run("acknowledged", func(t *testing.T) {
		tpl := synth(t, func(stack awscdk.Stack) {
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(unchosen))
			cluster.AddConsumer("Orders", consumerProps())
			awscdk.Annotations_Of(cluster).AcknowledgeWarning(jsii.String(msklambda.EndpointAccessWarning), jsii.String("a VPC of its own"))
		})
		if got := tpl.warnings(); len(got) != 0 {
			t.Errorf("warnings = %q, want none", got)
		}
	})
}

// rules lists the rules on imported groups, such as "sg-b:9098 from sg-a" and
// "sg-a to sg-b:9098".
func (tpl *template) rules() []string {
	var out []string
	for _, r := range tpl.Resources {
		p := r.Properties
		if (r.Type == "AWS::EC2::SecurityGroupIngress" || r.Type == "AWS::EC2::SecurityGroupEgress") &&
			(p["IpProtocol"] != "tcp" || p["FromPort"] != p["ToPort"]) {
			tpl.T.Errorf("rule = %s, want one TCP port", asJSON(p))
		}
		switch r.Type {
		case "AWS::EC2::SecurityGroupIngress":
			out = append(out, fmt.Sprintf("%v:%v from %v", p["GroupId"], p["ToPort"], p["SourceSecurityGroupId"]))
		case "AWS::EC2::SecurityGroupEgress":
			to := p["CidrIp"]
			if id, ok := p["DestinationSecurityGroupId"].(string); ok {
				to = id
			} else if p["DestinationSecurityGroupId"] != nil {
				to = "endpoints"
			}
			out = append(out, fmt.Sprintf("%v to %v:%v", p["GroupId"], to, p["ToPort"]))
		}
	}
	slices.Sort(out)
	return out
}

func TestRulesOnTheClustersGroups(t *testing.T) {
	long(t)
	rules := func(mode msklambda.SecurityGroupRules) clusterEdit {
		return func(p *msklambda.ClusterProps) { p.SecurityGroupRules = mode }
	}
	tests := map[string]struct {
		edits []clusterEdit
		want  []string
	}{
		"by default, in only":    {nil, []string{sg0 + ":9098 from " + sg0}},
		"of a group given twice": {[]clusterEdit{groups(sg0, sg0)}, []string{sg0 + ":9098 from " + sg0}},
		"of two groups, from each to each": {[]clusterEdit{groups(sg0, sg1), rules("ingress")}, []string{
			sg0 + ":9098 from " + sg0, sg0 + ":9098 from " + sg1, sg1 + ":9098 from " + sg0, sg1 + ":9098 from " + sg1}},
		"none": {[]clusterEdit{rules("none")}, nil},
		"all, to the endpoints": {[]clusterEdit{groups(sg0, sg1), rules("all")}, []string{
			sg0 + " to endpoints:443", sg0 + " to " + sg0 + ":9098", sg0 + " to " + sg1 + ":9098",
			sg0 + ":9098 from " + sg0, sg0 + ":9098 from " + sg1,
			sg1 + " to endpoints:443", sg1 + " to " + sg0 + ":9098", sg1 + " to " + sg1 + ":9098",
			sg1 + ":9098 from " + sg0, sg1 + ":9098 from " + sg1}},
		"all, to anywhere where an endpoint is another's": {[]clusterEdit{rules("all"), func(p *msklambda.ClusterProps) {
			p.STSEndpoint.Source = msklambda.EndpointExisting
		}}, []string{sg0 + " to 0.0.0.0/0:443", sg0 + " to " + sg0 + ":9098", sg0 + ":9098 from " + sg0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			slices.Sort(tt.want)
			if got := synthCluster(t, tt.edits...).rules(); !slices.Equal(got, tt.want) {
				t.Errorf("rules = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRulesCanOutliveTheStack(t *testing.T) {
	for retain, want := range map[bool]string{false: "", true: "Retain"} {
		tpl := synthCluster(t, func(p *msklambda.ClusterProps) {
			p.SecurityGroupRules, p.RetainSecurityGroupRules = msklambda.SecurityGroupRulesAll, retain
		})
		for path, r := range tpl.Resources {
			// A rule that names the endpoints' group would keep EC2 from deleting it.
			if strings.HasSuffix(path, " to endpoints 443") {
				if r.DeletionPolicy != "" {
					t.Errorf("%s: DeletionPolicy %q, want it to go with the endpoints", path, r.DeletionPolicy)
				}
				continue
			}
			if strings.HasPrefix(path, "Cluster/Rules/") && (r.DeletionPolicy != want || r.UpdateReplacePolicy != want) {
				t.Errorf("%s: DeletionPolicy %q, UpdateReplacePolicy %q, want %q", path, r.DeletionPolicy, r.UpdateReplacePolicy, want)
			}
		}
	}
}

func TestRulesKeepTheirIDsWhenTheListIsReordered(t *testing.T) {
	ids := func(list ...string) []string {
		var out []string
		for path, r := range synthCluster(t, groups(list...)).Resources {
			if strings.HasPrefix(path, "Cluster/Rules/") {
				out = append(out, r.ID+asJSON(r.Properties))
			}
		}
		slices.Sort(out)
		return out
	}
	if a, b := ids(sg0, sg1, sg2), ids(sg2, sg0, sg1); !slices.Equal(a, b) || len(a) != 9 {
		t.Errorf("rules = %q and %q, want the same nine", a, b)
	}
}
