package lookup

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/network"
)

// cli is the CLI as a look-up sees it: it gives what it knows, and on the next run
// of the app also what was missed in this one.
type cli struct {
	resources map[string][]map[string]any // by type
	known     map[string]any              // answers, and reasons why there is none
	missed    []map[string]any
}

func (c *cli) Get(props map[string]any) (string, any) {
	key := fmt.Sprint(props)
	return key, c.known[key]
}

func (c *cli) Miss(props map[string]any) { c.missed = append(c.missed, props) }

// ask looks for what was missed.
func (c *cli) ask() {
	for _, props := range c.missed {
		c.known[fmt.Sprint(props)] = c.find(props)
	}
	c.missed = nil
}

func (c *cli) find(props map[string]any) any {
	reason := func(format string, args ...any) any {
		return map[string]any{providerError: fmt.Sprintf(format, args...)}
	}
	found := []any{}
	for _, r := range c.resources[props["typeName"].(string)] {
		if id, ok := props["exactIdentifier"]; ok && r["Identifier"] != id {
			continue
		}
		match, _ := props["propertyMatch"].(map[string]any)
		matches := true
		for name, want := range match {
			got, ok := r[name]
			if !ok {
				return reason("Cannot read field %s. %s is not found.", name, name)
			}
			matches = matches && got == want
		}
		if model, _ := props["resourceModel"].(map[string]any); model != nil && r["ClusterArn"] != model["ClusterArn"] {
			continue // the handler lists those of the cluster
		}
		if !matches {
			continue
		}
		out := map[string]any{"Identifier": r["Identifier"]}
		for _, name := range props["propertiesToReturn"].([]string) {
			value, ok := r[name]
			if !ok {
				return reason("Cannot read field %s. %s is not found.", name, name)
			}
			out[name] = value
		}
		found = append(found, out)
	}
	if props["ignoreErrorOnMissingContext"] == true && len(found) == 0 {
		return []any{map[string]any{}}
	}
	if _, one := props["exactIdentifier"]; one && len(found) == 0 {
		return reason("No resource of type %s with identifier: %s", props["typeName"], props["exactIdentifier"])
	}
	return found
}

// runs runs the app until nothing is missing, and returns what it found then.
func runs[T any](t *testing.T, resources map[string][]map[string]any, app func(*LookUp) T) (T, *LookUp, int) {
	t.Helper()
	c := &cli{resources: resources, known: map[string]any{}}
	for n := 1; n < 20; n++ {
		l := New(c, "111122223333", "us-east-1", "/msklambda/Orders/demo", func(s network.Service) string { return "com.amazonaws.us-east-1." + strings.ToLower(string(s)) })
		out := app(l)
		if l.Pending() != (len(c.missed) > 0) {
			t.Errorf("run %d: Pending = %v with %d answers missing", n, l.Pending(), len(c.missed))
		}
		if len(c.missed) == 0 {
			return out, l, n
		}
		c.ask()
	}
	t.Fatal("the look-ups come to no end")
	panic("not reached")
}

func answerTo(q network.Question) func(*LookUp) network.Facts {
	return func(l *LookUp) network.Facts { return l.Answer(q) }
}

func TestAGroupsRulesAreRead(t *testing.T) {
	group := func(properties map[string]any) map[string][]map[string]any {
		properties["Identifier"] = "sg-0000000a"
		properties["GroupDescription"] = "of the brokers"
		properties["VpcId"], properties["GroupName"] = "vpc-00000001", "brokers"
		return map[string][]map[string]any{typeGroup: {properties}}
	}
	in := []any{map[string]any{"IpProtocol": "tcp", "FromPort": 9098.0, "ToPort": 9098.0, "SourceSecurityGroupId": "sg-0000000b", "Description": "msklambda: pollers to brokers (Orders)"},
		map[string]any{"IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}}
	rules := []network.Rule{{Protocol: "tcp", From: 9098, To: 9098, Group: "sg-0000000b", Mark: network.Mark{Purpose: "pollers to brokers", Owner: "Orders"}},
		{Protocol: "-1", From: -1, To: -1, Range: "10.0.0.0/8"}}
	unknown := network.Unknown[[]network.Rule]()
	for name, tt := range map[string]struct {
		properties map[string]any
		want       network.Group
		runs       int
	}{
		"both":       {map[string]any{"SecurityGroupIngress": in, "SecurityGroupEgress": []any{}}, network.Group{VPC: network.Told("vpc-00000001"), EndpointsOf: network.Told(""), Ingress: network.Told(rules), Egress: network.Told([]network.Rule{})}, 2},
		"no way out": {map[string]any{"SecurityGroupIngress": in}, network.Group{VPC: network.Told("vpc-00000001"), EndpointsOf: network.Told(""), Ingress: network.Told(rules), Egress: unknown}, 3},
		"neither":    {map[string]any{}, network.Group{VPC: network.Told("vpc-00000001"), EndpointsOf: network.Told(""), Ingress: unknown, Egress: unknown}, 4},
		"of no use":  {map[string]any{"SecurityGroupIngress": "x", "SecurityGroupEgress": nil}, network.Group{VPC: network.Told("vpc-00000001"), EndpointsOf: network.Told(""), Ingress: unknown, Egress: unknown}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			facts, l, n := runs(t, group(tt.properties), answerTo(network.Question{Kind: network.AboutGroup, ID: "sg-0000000a"}))
			if got, ok := facts.Groups["sg-0000000a"].Get(); !ok || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("group = %+v, %v, want %+v", got, ok, tt.want)
			}
			if n != tt.runs || l.Failed() != nil {
				t.Errorf("%d runs and %v, want %d and none", n, l.Failed(), tt.runs)
			}
		})
	}
}

func endpoint(id, service string, edit func(map[string]any)) map[string]any {
	e := map[string]any{"Identifier": id, "VpcId": "vpc-00000001", "ServiceName": "com.amazonaws.us-east-1." + service, "PrivateDnsEnabled": true,
		"SecurityGroupIds": []any{"sg-0000000b", "sg-0000000a", "sg-0000000b"}, "PolicyDocument": map[string]any{"Statement": []any{}},
		"Tags": []any{map[string]any{"Key": "x", "Value": "y"}, map[string]any{"Key": network.MarkTag, "Value": "Orders"}}}
	if edit != nil {
		edit(e)
	}
	return e
}

func TestEndpointsAreReadEachWithWhatItsAnswerTells(t *testing.T) {
	without := func(names ...string) func(map[string]any) {
		return func(e map[string]any) {
			for _, name := range names {
				delete(e, name)
			}
		}
	}
	whole := network.Endpoint{ID: "vpce-1", PrivateDNS: network.Told(true), Groups: network.Told([]string{"sg-0000000a", "sg-0000000b"}),
		Policy: network.Told[any](map[string]any{"Statement": []any{}}), Mark: network.Told("Orders")}
	untagged, bare := whole, network.Endpoint{ID: "vpce-1", PrivateDNS: network.Unknown[bool](), Groups: network.Unknown[[]string](), Policy: network.Unknown[any](), Mark: network.Unknown[string]()}
	untagged.Mark = network.Told("")
	for name, tt := range map[string]struct {
		endpoints []map[string]any
		want      []network.Endpoint
	}{
		"none":                       {nil, nil},
		"of another service and VPC": {[]map[string]any{endpoint("vpce-2", "lambda", nil), endpoint("vpce-3", "sts", func(e map[string]any) { e["VpcId"] = "vpc-00000002" })}, nil},
		"all of it":                  {[]map[string]any{endpoint("vpce-1", "sts", nil)}, []network.Endpoint{whole}},
		"without tags of ours":       {[]map[string]any{endpoint("vpce-1", "sts", func(e map[string]any) { e["Tags"] = []any{} })}, []network.Endpoint{untagged}},
		"next to nothing":            {[]map[string]any{endpoint("vpce-1", "sts", without(endpointProperties...))}, []network.Endpoint{bare}},
		"beside one that tells less": {[]map[string]any{endpoint("vpce-0", "sts", without("PrivateDnsEnabled", "PolicyDocument")), endpoint("vpce-1", "sts", nil)},
			[]network.Endpoint{{ID: "vpce-0", PrivateDNS: network.Unknown[bool](), Groups: whole.Groups, Policy: network.Unknown[any](), Mark: whole.Mark}, whole}},
		"beside one without a service": {[]map[string]any{endpoint("vpce-0", "sts", without("ServiceName")), endpoint("vpce-1", "sts", nil)}, []network.Endpoint{whole}},
	} {
		t.Run(name, func(t *testing.T) {
			resources := map[string][]map[string]any{typeEndpoint: tt.endpoints}
			facts, l, _ := runs(t, resources, answerTo(network.Question{Kind: network.AboutEndpoints, ID: "vpc-00000001", Service: network.STS}))
			if got, ok := facts.Endpoints[network.STS].Get(); !ok || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("endpoints = %+v, %v, want %+v", got, ok, tt.want)
			}
			if l.Failed() != nil {
				t.Errorf("failed = %v", l.Failed())
			}
		})
	}
}

func TestWhatHasNotComeIsUnknown(t *testing.T) {
	c := &cli{known: map[string]any{}}
	l := New(c, "111122223333", "us-east-1", "/msklambda/Orders/demo", func(network.Service) string { return "sts" })
	facts := []network.Facts{
		l.Answer(network.Question{Kind: network.AboutVPC, ID: "vpc-00000001"}), l.Answer(network.Question{Kind: network.AboutSubnet, ID: "subnet-00000001"}),
		l.Answer(network.Question{Kind: network.AboutGroup, ID: "sg-00000001"}), l.Answer(network.Question{Kind: network.AboutEndpoints, ID: "vpc-00000001", Service: network.STS}),
		l.Answer(network.Question{Kind: network.AboutGroup, ID: "sg-00000001"}), // once more
	}
	for i, asked := range []bool{facts[0].VPC.IsAsked(), facts[1].Subnets["subnet-00000001"].IsAsked(), facts[2].Groups["sg-00000001"].IsAsked(), facts[3].Endpoints[network.STS].IsAsked()} {
		if !asked {
			t.Errorf("question %d was not asked", i)
		}
	}
	if facts[0].VPC.IsKnown() || facts[1].Subnets["subnet-00000001"].IsKnown() || facts[2].Groups["sg-00000001"].IsKnown() || facts[3].Endpoints[network.STS].IsKnown() {
		t.Errorf("facts = %+v, want them unknown", facts)
	}
	if !l.Pending() || len(c.missed) != 5 {
		t.Errorf("Pending = %v, and %d answers missed, want 5, each once", l.Pending(), len(c.missed))
	}
	if l.Cluster("arn:aws:kafka:us-east-1:111122223333:cluster/demo/x-1") != nil {
		t.Error("a cluster whose answer has not come is there")
	}
}

func TestAFailureIsSaidOnceWithWhatToDo(t *testing.T) {
	_, l, _ := runs(t, nil, func(l *LookUp) network.Facts {
		l.Answer(network.Question{Kind: network.AboutSubnet, ID: "subnet-00000001"})
		return l.Answer(network.Question{Kind: network.AboutSubnet, ID: "subnet-00000001"})
	})
	want := "the look-up of subnet subnet-00000001 (AWS::EC2::Subnet) in account 111122223333, region us-east-1 failed: No resource of type AWS::EC2::Subnet with identifier: subnet-00000001\n  there is no such subnet:"
	if len(l.Failed()) != 1 || !strings.HasPrefix(l.Failed()[0].Error(), want) {
		t.Errorf("failed = %q, want one of %q", l.Failed(), want)
	}
}

func TestTheSubnetsTellTheVPC(t *testing.T) {
	subnets := map[string][]map[string]any{typeSubnet: {
		{"Identifier": "subnet-00000001", "VpcId": "vpc-00000001", "CidrBlock": "10.0.0.0/24"}, {"Identifier": "subnet-00000002", "VpcId": "vpc-00000001"}}}
	for given, want := range map[string]string{"": "vpc-00000001", "vpc-00000009": "vpc-00000009"} {
		var g Given
		facts, _, _ := runs(t, subnets, func(l *LookUp) network.Facts {
			g = Given{VPC: given, Subnets: []string{"subnet-00000001", "subnet-00000002", "subnet-00000001"}}
			return l.FillVPC(&g)
		})
		if g.VPC != want {
			t.Errorf("VPC = %q, want %q", g.VPC, want)
		}
		if (given == "") != facts.Subnets["subnet-00000002"].IsKnown() {
			t.Errorf("subnets = %+v, want them asked where the VPC is not given", facts.Subnets)
		}
		first, _ := facts.Subnets["subnet-00000001"].Get()
		second, _ := facts.Subnets["subnet-00000002"].Get()
		if given == "" && (first.Range.Or("") != "10.0.0.0/24" || second.Range.IsKnown()) {
			t.Errorf("subnets = %+v and %+v, want the range of one alone", first, second)
		}
	}
}

func TestAClusterFillsWhatIsNotGiven(t *testing.T) {
	const serverless = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-s1"
	one, two := vpcConfig{[]string{"subnet-0000000b", "subnet-0000000a", "subnet-0000000b"}, []string{"sg-0000000b", "sg-0000000a"}}, vpcConfig{[]string{"subnet-0000000c"}, []string{"sg-0000000c"}}
	for name, tt := range map[string]struct {
		networks []vpcConfig
		given    Given
		subnets  []string
		groups   []string
		problems []string
	}{
		"nothing given":              {[]vpcConfig{one}, Given{}, []string{"subnet-0000000a", "subnet-0000000b"}, []string{"sg-0000000a", "sg-0000000b"}, nil},
		"groups given":               {[]vpcConfig{one}, Given{Groups: []string{"sg-00000009"}}, []string{"subnet-0000000a", "subnet-0000000b"}, []string{"sg-00000009"}, nil},
		"two networks":               {[]vpcConfig{one, two}, Given{}, nil, nil, []string{"SubnetIDs"}},
		"two networks, one meant":    {[]vpcConfig{one, two}, Given{Subnets: []string{"subnet-0000000c"}}, []string{"subnet-0000000c"}, []string{"sg-0000000c"}, nil},
		"two networks, all is given": {[]vpcConfig{one, two}, Given{Subnets: []string{"subnet-00000009"}, Groups: []string{"sg-00000009"}}, []string{"subnet-00000009"}, []string{"sg-00000009"}, nil},
		"none":                       {nil, Given{}, nil, nil, []string{"SubnetIDs", "SecurityGroupIDs"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Cluster{arn: serverless, networks: tt.networks}
			var fields []string
			for _, p := range c.Fill(&tt.given) {
				fields = append(fields, p.Field)
			}
			if !slices.Equal(fields, tt.problems) {
				t.Errorf("problems of %q, want %q", fields, tt.problems)
			}
			if tt.problems == nil && (!slices.Equal(tt.given.Subnets, tt.subnets) || !slices.Equal(tt.given.Groups, tt.groups)) {
				t.Errorf("given = %+v, want %q and %q", tt.given, tt.subnets, tt.groups)
			}
		})
	}
}

func TestAGroupOfEndpointsIsKnownByWhatNobodyCanChange(t *testing.T) {
	for name, tt := range map[string]struct {
		properties map[string]any
		want       network.Fact[string]
	}{
		"of a stack":      {map[string]any{"GroupDescription": network.EndpointGroupDescription, "GroupName": "Orders-EU-ClusterEndpointSecurityGroupB50E75F1-AbC123"}, network.Told("Orders-EU")},
		"of another kind": {map[string]any{"GroupDescription": "by hand", "GroupName": "Orders-ClusterEndpointSecurityGroupB50E75F1-AbC123"}, network.Told("")},
		"of no stack":     {map[string]any{"GroupDescription": network.EndpointGroupDescription, "GroupName": "endpoints"}, network.Told("")},
		"without a name":  {map[string]any{"GroupDescription": network.EndpointGroupDescription}, network.Unknown[string]()},
	} {
		t.Run(name, func(t *testing.T) {
			tt.properties["Identifier"] = "sg-0000000a"
			facts, l, _ := runs(t, map[string][]map[string]any{typeGroup: {tt.properties}}, answerTo(network.Question{Kind: network.AboutGroup, ID: "sg-0000000a"}))
			got, _ := facts.Groups["sg-0000000a"].Get()
			if got.EndpointsOf != tt.want || l.Failed() != nil {
				t.Errorf("EndpointsOf = %+v, %v, want %+v", got.EndpointsOf, l.Failed(), tt.want)
			}
		})
	}
}

func TestTheMemoryIsWhatTheLastDeployWrote(t *testing.T) {
	whole := network.Memory{Endpoints: []network.Service{network.Lambda}, Rules: []string{"sg-a from sg-b 9098"}}
	for name, tt := range map[string]struct {
		value any // nil: there is no parameter
		want  network.Fact[network.Memory]
		text  string
	}{
		"before the first deploy": {nil, network.Told(network.Memory{}), ""},
		"as it was written":       {whole.String(), network.Told(whole), ""},
		"of a later version":      {`{"endpoints":["Lambda"],"rules":["sg-a from sg-b 9098"],"more":1}`, network.Told(whole), ""},
		"edited":                  {"x", network.Unknown[network.Memory](), `the parameter /msklambda/Orders/demo must hold what an earlier deploy wrote there, got "x": delete it, refresh, and read the diff before you deploy`},
	} {
		t.Run(name, func(t *testing.T) {
			resources := map[string][]map[string]any{}
			if tt.value != nil {
				resources[typeParameter] = []map[string]any{{"Identifier": "/msklambda/Orders/demo", "Value": tt.value}}
			}
			facts, l, n := runs(t, resources, answerTo(network.Question{Kind: network.AboutMemory, ID: "Orders"}))
			if !reflect.DeepEqual(facts.Memory, tt.want) || n != 2 {
				t.Errorf("memory = %+v in %d runs, want %+v in 2", facts.Memory, n, tt.want)
			}
			if text := fmt.Sprint(l.Failed()); tt.text != "" && text != "["+tt.text+"]" || tt.text == "" && l.Failed() != nil {
				t.Errorf("failed = %s, want %q", text, tt.text)
			}
		})
	}
}

func TestAnAnswerThatIsNoIDIsRefused(t *testing.T) {
	for name, vpc := range map[string]any{"null": nil, "empty": "", "a number": 7.0, "an ARN": "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-00000001", "a placeholder's neighbour": "vpc-0000000000000000"} {
		t.Run(name, func(t *testing.T) {
			subnets := map[string][]map[string]any{typeSubnet: {{"Identifier": "subnet-00000001", "VpcId": vpc}}}
			var given Given
			_, l, _ := runs(t, subnets, func(l *LookUp) network.Facts {
				given = Given{Subnets: []string{"subnet-00000001"}}
				return l.FillVPC(&given)
			})
			if text := fmt.Sprint(l.Failed()); !strings.Contains(text, "subnet subnet-00000001") || given.VPC != "" {
				t.Errorf("VPC = %q, failed = %s, want it refused by the name of the answer", given.VPC, text)
			}
		})
	}
	c := &Cluster{arn: "arn:aws:kafka:us-east-1:111122223333:cluster/demo/x-1", networks: []vpcConfig{{[]string{"subnet-x"}, []string{"sg-x"}}}}
	if ps := c.Fill(&Given{}); len(ps) != 2 || !strings.Contains(ps[0].Error(), `SubnetIDs must be given: the look-up of the cluster told "subnet-x", which is no id of a subnet`) {
		t.Errorf("problems = %v, want one for each", ps)
	}
}

func TestTheVPCTellsHowManyEndpointsItHas(t *testing.T) {
	vpc := []map[string]any{{"Identifier": "vpc-00000001", "EnableDnsSupport": true, "EnableDnsHostnames": true}}
	for name, tt := range map[string]struct {
		endpoints []map[string]any
		want      network.Fact[int]
	}{
		"none":                           {nil, network.Told(0)},
		"some":                           {[]map[string]any{endpoint("vpce-1", "sts", nil), endpoint("vpce-2", "ec2", nil), endpoint("vpce-3", "ec2", func(e map[string]any) { e["VpcId"] = "vpc-00000002" })}, network.Told(2)},
		"one that does not tell its VPC": {[]map[string]any{endpoint("vpce-1", "sts", func(e map[string]any) { delete(e, "VpcId") })}, network.Unknown[int]()},
	} {
		t.Run(name, func(t *testing.T) {
			facts, l, _ := runs(t, map[string][]map[string]any{typeVPC: vpc, typeEndpoint: tt.endpoints}, answerTo(network.Question{Kind: network.AboutVPC, ID: "vpc-00000001"}))
			if got, _ := facts.VPC.Get(); got.Endpoints != tt.want || l.Failed() != nil {
				t.Errorf("endpoints = %+v, %v, want %+v", got.Endpoints, l.Failed(), tt.want)
			}
		})
	}
}

func TestPublicAccessIsRefused(t *testing.T) {
	for access, want := range map[string]int{"": 0, "DISABLED": 0, "SERVICE_PROVIDED_EIPS": 1} {
		if ps := (&Cluster{publicAccess: access}).CheckPublicAccess(); len(ps) != want {
			t.Errorf("%q: problems = %v, want %d", access, ps, want)
		}
	}
}
