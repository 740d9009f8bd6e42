package doctor

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/network/flow"
)

const (
	clusterARN = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	roleARN    = "arn:aws:iam::111122223333:role/orders"
	secretARN  = "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_orders-AbCdEf"
	keyARN     = "arn:aws:kms:us-east-1:111122223333:key/1"
	linkARN    = "arn:aws:kafka:us-east-1:111122223333:vpc-connection/444455556666/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	lambdaMay  = `{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
)

// healthy is a mapping in two subnets with a NAT gateway, where all is known and
// right.
func healthy() *Facts {
	trust := lambdaMay
	routes := []Route{{To: "10.0.0.0/16", Target: "local"}, {To: "0.0.0.0/0", Target: "nat-1"}}
	subnet := func(prefix string) Fact[Subnet] {
		return Told(Subnet{Range: netip.MustParsePrefix(prefix), Routes: Told(routes), ACL: Told(flow.AllowEverything()), ACLID: "acl-1"})
	}
	f := &Facts{Account: "111122223333", Region: "us-east-1", Partition: "aws",
		Mapping: Mapping{UUID: "u", State: "Enabled", Source: clusterARN, Function: "arn:aws:lambda:us-east-1:111122223333:function:orders", Topic: "orders", Group: "orders-fn"},
		Cluster: Told(&Cluster{ARN: clusterARN, State: "ACTIVE", IAM: true, TLS: true, Subnets: []string{"subnet-a", "subnet-b"}, Groups: []string{"sg-a"}}),
		Topic:   Told(&Topic{Partitions: 6}), VPC: Told(VPC{ID: "vpc-1", DNSSupport: true, DNSHosts: true}),
		Subnets:   map[string]Fact[Subnet]{"subnet-a": subnet("10.0.1.0/24"), "subnet-b": subnet("10.0.2.0/24")},
		Groups:    map[string]Fact[[]flow.Rule]{"sg-a": Told([]flow.Rule{flow.AllowAll(), {Protocol: "tcp", From: 9092, To: 9098, Peer: "sg-a"}})},
		Endpoints: Told([]Endpoint{}), Function: Told(&Function{Role: roleARN, State: "Active", Timeout: 60}), Trust: Told(&trust), Secret: Told[*Secret](nil), Failed: Told[*Destination](nil)}
	allowAll(f)
	return f
}

// allowAll lets the role do all that it needs.
func allowAll(f *Facts) {
	f.Acts = map[Act]Fact[Decision]{}
	for _, r := range f.Rights() {
		for _, a := range r.Any {
			f.Acts[a] = Told(Decision{Allowed: true})
		}
	}
}

func scram(f *Facts) {
	f.Mapping.Method, f.Mapping.Secret = "scram", secretARN
	f.Cluster.Value.SCRAM = true
	f.Secret, f.Scram = Told(&Secret{ARN: secretARN, Name: "AmazonMSK_orders", Key: keyARN}), Told([]string{secretARN})
	f.Keys = map[string]Fact[*Key]{keyARN: Told(&Key{State: "Enabled", Policy: `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`})}
	allowAll(f)
}

func deny(f *Facts, action string, d Fact[Decision]) {
	for a := range f.Acts {
		if a.Action == action {
			f.Acts[a] = d
		}
	}
}

func edit[T any](m map[string]Fact[T], id string, change func(*T)) {
	fact := m[id]
	change(&fact.Value)
	m[id] = fact
}

func TestWhatEachFactMakesOfAHop(t *testing.T) {
	for name, test := range map[string]struct {
		edit  func(*Facts)
		hop   string
		state State
		cause Cause  // of what is blocked
		says  string // in a finding
	}{
		"all is right": {nil, "brokers", Open, "", ""},

		// What is not known is neither right nor wrong.
		"a group not known":  {func(f *Facts) { f.Groups["sg-a"] = NotKnown[[]flow.Rule]("no right to ask") }, "brokers", Unknown, "", "the rules of sg-a is not known: no right to ask"},
		"a subnet not known": {func(f *Facts) { f.Subnets["subnet-b"] = NotKnown[Subnet]("") }, "brokers", Unknown, "", "subnet subnet-b is not known"},
		"not known, and closed yet": {func(f *Facts) {
			f.Subnets["subnet-b"] = NotKnown[Subnet]("")
			f.Groups["sg-a"] = Told([]flow.Rule{flow.AllowAll()})
		}, "brokers", Blocked, GroupIn, ""},
		"an ACL not known": {func(f *Facts) {
			edit(f.Subnets, "subnet-a", func(s *Subnet) { s.ACL = NotKnown[[]flow.Entry]("denied") })
		}, "brokers", Unknown, "", "the network ACL of subnet-a is not known: denied"},
		"routes not known": {func(f *Facts) {
			edit(f.Subnets, "subnet-a", func(s *Subnet) { s.Routes = NotKnown[[]Route]("denied") })
		}, "sts", Unknown, "", "the routes of subnet-a is not known"},
		"a gateway of somebody's": {func(f *Facts) {
			edit(f.Subnets, "subnet-a", func(s *Subnet) { s.Routes = Told([]Route{{To: "0.0.0.0/0", Target: "tgw-1"}}) })
		}, "lambda", Unknown, "", "where the route of subnet-a over tgw-1 leads is not known"},
		"one that is gone": {func(f *Facts) {
			edit(f.Subnets, "subnet-a", func(s *Subnet) { s.Routes = Told([]Route{{To: "0.0.0.0/0", Target: "nat-1", Broken: true}}) })
		}, "lambda", Blocked, NoWay, "leads nowhere"},
		"endpoints not known":     {func(f *Facts) { f.Endpoints = NotKnown[[]Endpoint]("denied") }, "lambda", Unknown, "", "the endpoints of the VPC is not known: denied"},
		"a cluster not known":     {func(f *Facts) { f.Cluster = NotKnown[*Cluster]("denied") }, "brokers", Unknown, "", "where the brokers are is not known: denied"},
		"no cluster":              {func(f *Facts) { f.Cluster = Told[*Cluster](nil) }, "cluster", Blocked, ClusterGone, ""},
		"a cluster that is made":  {func(f *Facts) { f.Cluster.Value.State = "CREATING" }, "cluster", Blocked, ClusterState, "CREATING"},
		"a cluster that changes":  {func(f *Facts) { f.Cluster.Value.State = "UPDATING" }, "cluster", Open, "", "may break for a while"},
		"no topic":                {func(f *Facts) { f.Topic = Told[*Topic](nil) }, "topic", Blocked, TopicGone, ""},
		"a topic not known":       {func(f *Facts) { f.Topic = NotKnown[*Topic]("denied") }, "topic", Unknown, "", "denied"},
		"pollers that do nothing": {func(f *Facts) { f.Mapping.Provisioned, f.Mapping.Maximum = true, 10 }, "topic", Open, "", "6 partitions"},
		"a shared group":          {func(f *Facts) { f.Sharing = Told([]string{"mapping v"}) }, "mapping", Open, "", "is that of mapping v too"},
		"a state of AWS's own":    {func(f *Facts) { f.Mapping.State = "Odd" }, "mapping", Unknown, "", ""},

		// Endpoints.
		"private DNS is off, with a NAT": {func(f *Facts) { f.Endpoints = Told([]Endpoint{{ID: "vpce-1", Service: "sts", State: "available"}}) }, "sts", Open, "", "over the route"},
		"an endpoint in another case": {func(f *Facts) {
			f.Endpoints = Told([]Endpoint{{ID: "vpce-1", Service: "sts", State: "Available", PrivateDNS: true, Subnets: []string{"subnet-a"}, Groups: []string{"sg-e"}}})
			f.Groups["sg-e"] = Told([]flow.Rule{{Protocol: "tcp", From: 443, To: 443, Peer: "sg-a"}})
		}, "sts", Open, "", "by vpce-1"},
		"an endpoint in no subnet": {func(f *Facts) {
			f.Endpoints = Told([]Endpoint{{ID: "vpce-1", Service: "sts", State: "available", PrivateDNS: true}})
		}, "sts", Blocked, EndpointState, "which is in no subnet"},
		"a subnet of its not known": {func(f *Facts) {
			f.Endpoints = Told([]Endpoint{{ID: "vpce-1", Service: "sts", State: "available", PrivateDNS: true, Subnets: []string{"subnet-e"}, Groups: []string{"sg-e"}}})
			f.Groups["sg-e"] = Told([]flow.Rule{{Protocol: "tcp", From: 443, To: 443, Peer: "sg-a"}})
			f.Subnets["subnet-e"] = NotKnown[Subnet]("denied")
			for _, id := range []string{"subnet-a", "subnet-b"} { // which let out to some ranges
				edit(f.Subnets, id, func(s *Subnet) {
					s.ACL = Told([]flow.Entry{{Number: 1, Protocol: "-1", Range: netip.MustParsePrefix("10.0.0.0/8")}, {Number: 1, Out: true, Protocol: "-1", Range: netip.MustParsePrefix("10.0.0.0/8")}})
				})
			}
		}, "sts", Unknown, "", "subnet subnet-e is not known: denied"},
		"its group is not known": {func(f *Facts) {
			f.Endpoints = Told([]Endpoint{{ID: "vpce-1", Service: "sts", State: "available", PrivateDNS: true, Subnets: []string{"subnet-a"}, Groups: []string{"sg-e"}}})
			f.Groups["sg-e"] = NotKnown[[]flow.Rule]("denied")
		}, "sts", Unknown, "", "the rules of sg-e is not known: denied"},
		"a condition in its policy": {func(f *Facts) {
			f.Endpoints = Told([]Endpoint{{ID: "vpce-1", Service: "sts", State: "available", PrivateDNS: true, Subnets: []string{"subnet-a"}, Groups: []string{"sg-a"}, Policy: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`}})
			f.Groups["sg-a"] = Told(append(f.Groups["sg-a"].Value, flow.Rule{Protocol: "tcp", From: 443, To: 443, Peer: "10.0.0.0/16"}))
		}, "sts", Unknown, "", "neither conditions"},
		"a gateway endpoint, by its prefix list": {bucket, "s3", Open, "", "by vpce-s3"},
		"not in the routes of one subnet": {func(f *Facts) {
			bucket(f)
			edit(f.Subnets, "subnet-b", func(s *Subnet) { s.Routes = Told([]Route{}) })
		}, "s3", Blocked, NoWay, "subnet-b"},
		"its prefix list not let out": {func(f *Facts) {
			bucket(f)
			f.Groups["sg-a"] = Told([]flow.Rule{{Protocol: "tcp", From: 9098, To: 9098, Peer: "sg-a"}})
		}, "s3", Blocked, GroupOut, ""},
		"by a list of ranges": {func(f *Facts) {
			f.Groups["sg-a"] = Told([]flow.Rule{flow.AllowAll(), {Protocol: "tcp", From: 9098, To: 9098, Peer: "pl-1"}})
			f.Lists = map[string]Fact[[]string]{"pl-1": Told([]string{"10.0.0.0/16"})}
		}, "brokers", Open, "", ""},
		"by a list not known": {func(f *Facts) {
			f.Groups["sg-a"] = Told([]flow.Rule{flow.AllowAll(), {Protocol: "tcp", From: 9098, To: 9098, Peer: "pl-1"}})
			f.Lists = map[string]Fact[[]string]{"pl-1": NotKnown[[]string]("denied")}
		}, "brokers", Unknown, "", "the ranges of pl-1 is not known: denied"},

		// A destination of provisioned pollers is what AWS leaves open.
		"provisioned, and no way to the destination": {func(f *Facts) {
			bucket(f)
			f.Mapping.Provisioned = true
			f.Endpoints = Told([]Endpoint{})
		}, "s3", Unknown, "", "AWS does not say"},
		"a topic of on-demand pollers": {func(f *Facts) { f.Mapping.OnFailure = "kafka://dead" }, "destination", Blocked, DestinationGone, ""},
		"a FIFO queue": {func(f *Facts) {
			f.Mapping.OnFailure = "arn:aws:sqs:us-east-1:111122223333:a.fifo"
			f.Failed = Told(&Destination{FIFO: true})
		}, "destination", Blocked, DestinationFIFO, ""},

		// The role.
		"its trust is not known": {func(f *Facts) { f.Trust = NotKnown[*string]("denied") }, "role", Unknown, "", "denied"},
		"a trust with a condition": {func(f *Facts) {
			text := strings.Replace(lambdaMay, `"Action"`, `"Condition":{"StringEquals":{"aws:SourceAccount":"1"}},"Action"`, 1)
			f.Trust = Told(&text)
		}, "role", Unknown, "", "neither conditions"},
		"the simulator is denied": {func(f *Facts) { deny(f, "kafka-cluster:Connect", NotKnown[Decision]("denied")) }, "permissions", Unknown, "", "whether the role may do kafka-cluster:Connect is not known: denied"},
		"a condition of a policy": {func(f *Facts) {
			deny(f, "kafka-cluster:Connect", Told(Decision{Conditions: []string{"aws:SourceVpc"}}))
		}, "permissions", Unknown, "", "hangs on the condition keys aws:SourceVpc"},
		"its boundary": {func(f *Facts) {
			deny(f, "kafka-cluster:Connect", Told(Decision{By: "the role's permissions boundary"}))
		}, "permissions", Blocked, LacksConnect, "is denied by the role's permissions boundary"},
		"one form of two will do": {func(f *Facts) { deny(f, "kafka:DescribeCluster", Told(Decision{})) }, "permissions", Open, "", ""},
		"neither form": {func(f *Facts) {
			deny(f, "kafka:DescribeCluster", Told(Decision{}))
			deny(f, "kafka:DescribeClusterV2", Told(Decision{}))
		}, "permissions", Blocked, LacksCluster, ""},
		"nobody has asked": {func(f *Facts) { f.Acts = nil }, "permissions", Unknown, "", ""},

		// Secrets.
		"a secret":                  {scram, "secret", Open, "", "are not read"},
		"no secret":                 {func(f *Facts) { scram(f); f.Secret = Told[*Secret](nil) }, "secret", Blocked, SecretGone, ""},
		"a secret not known":        {func(f *Facts) { scram(f); f.Secret = NotKnown[*Secret]("denied") }, "secret", Unknown, "", "denied"},
		"a name that MSK refuses":   {func(f *Facts) { scram(f); f.Secret.Value.Name = "orders" }, "secret", Blocked, SecretName, "AmazonMSK_"},
		"association not known":     {func(f *Facts) { scram(f); f.Scram = NotKnown[[]string]("denied") }, "secret", Unknown, "", "denied"},
		"a key not known":           {func(f *Facts) { scram(f); f.Keys[keyARN] = NotKnown[*Key]("denied") }, "permissions", Unknown, "", "denied"},
		"a key that is gone":        {func(f *Facts) { scram(f); f.Keys[keyARN] = Told[*Key](nil) }, "permissions", Blocked, KeyState, ""},
		"a key's policy not known":  {func(f *Facts) { scram(f); f.Keys[keyARN] = Told(&Key{State: "Enabled"}) }, "permissions", Unknown, "", "the policy of the key"},
		"SASL/SCRAM is off":         {func(f *Facts) { scram(f); f.Cluster.Value.SCRAM = false }, "cluster", Blocked, MethodOff, "SASL/SCRAM authentication is off"},
		"mutual TLS is off":         {func(f *Facts) { scram(f); f.Mapping.Method = "mtls" }, "cluster", Blocked, MethodOff, "mutual TLS is off"},
		"nobody has to log in":      {func(f *Facts) { f.Cluster.Value.IAM, f.Cluster.Value.Nobody = false, true }, "brokers", Open, "", ""},
		"a connection":              {connected, "cluster", Unknown, "", "of another account"},
		"a connection not made":     {func(f *Facts) { connected(f); f.Connection.Value.State = "CREATING" }, "cluster", Blocked, ConnectionState, "CREATING"},
		"services from connection":  {connected, "sts", Open, "", ""},
		"a connection's brokers":    {connected, "brokers", Unknown, "", "14001"},
		"a function in 15 minutes":  {func(f *Facts) { f.Function.Value.Timeout = 900 }, "function", Blocked, FunctionTimeout, "900s"},
		"a function that failed":    {func(f *Facts) { f.Function.Value.State = "Failed" }, "function", Blocked, FunctionState, "it is Failed"},
		"a function that may not":   {func(f *Facts) { f.Function.Value.Concurrency = new(int) }, "function", Blocked, FunctionThrottled, ""},
		"no function":               {func(f *Facts) { f.Function = Told[*Function](nil) }, "function", Blocked, FunctionGone, ""},
		"a function not known":      {func(f *Facts) { f.Function = NotKnown[*Function]("denied") }, "function", Unknown, "", "denied"},
		"DNS settings are not read": {func(f *Facts) { f.VPC = NotKnown[VPC]("denied") }, "sts", Open, "", "over the route"},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			if test.edit != nil {
				test.edit(f)
			}
			r := Diagnose(f)
			h := r.Hop(test.hop)
			if h == nil {
				t.Fatalf("there is no hop %s: %+v", test.hop, r.Hops)
			}
			if h.State != test.state || test.cause != "" && !r.Has(test.hop, test.cause) {
				t.Errorf("%s is %s, want %s %s: %+v", test.hop, h.State, test.state, test.cause, h.Findings)
			}
			if test.says != "" && !slices.ContainsFunc(h.Findings, func(found Finding) bool { return strings.Contains(found.Why, test.says) }) {
				t.Errorf("%s says %+v, want %q", test.hop, h.Findings, test.says)
			}
		})
	}
}

func bucket(f *Facts) {
	f.Mapping.OnFailure = "arn:aws:s3:::failed"
	f.Failed = Told(&Destination{})
	f.Endpoints = Told([]Endpoint{{ID: "vpce-s3", Service: "s3", Gateway: true, State: "available"}})
	for id := range f.Subnets {
		edit(f.Subnets, id, func(s *Subnet) { s.Routes = Told([]Route{{To: "pl-s3", Target: "vpce-s3"}}) })
	}
	f.Groups["sg-a"] = Told([]flow.Rule{{Out: true, Protocol: "tcp", From: 443, To: 443, Peer: "pl-s3"}, {Protocol: "tcp", From: 9098, To: 9098, Peer: "sg-a"}})
	f.Lists = map[string]Fact[[]string]{"pl-s3": NotKnown[[]string]("denied")}
}

func connected(f *Facts) {
	f.Mapping.Source = linkARN
	f.Cluster = NotKnown[*Cluster]("it is of another account")
	f.Connection = Told(&Connection{State: "AVAILABLE", VPC: "vpc-1", Authentication: "SASL_IAM", Subnets: []string{"subnet-a", "subnet-b"}, Groups: []string{"sg-a"}})
	allowAll(f)
}

// The role that the construct defines has each right that the doctor asks about.
func TestTheRightsAreThoseThatTheConstructGives(t *testing.T) {
	text, err := os.ReadFile("../../test/testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var resources map[string]struct {
		Type       string
		Properties struct {
			PolicyDocument struct {
				Statement []struct{ Action, Resource any }
			}
		}
	}
	if err := json.Unmarshal(text, &resources); err != nil {
		t.Fatal(err)
	}
	given := map[Act]bool{}
	for _, r := range resources {
		for _, s := range r.Properties.PolicyDocument.Statement {
			resource, _ := s.Resource.(string)
			actions, ok := s.Action.([]any)
			if !ok {
				actions = []any{s.Action}
			}
			for _, action := range actions {
				if r.Type == "AWS::IAM::Policy" {
					given[Act{action.(string), resource}] = true
				}
			}
		}
	}
	f := healthy()
	asked := map[string]bool{}
	for _, r := range f.Rights() {
		if !slices.ContainsFunc(r.Any, func(a Act) bool { return given[a] }) {
			t.Errorf("the construct gives none of %v", r.Any)
		}
		for _, a := range r.Any {
			asked[a.Action] = true
		}
	}
	for a := range given {
		pollers := strings.HasPrefix(a.Action, "kafka") || strings.HasPrefix(a.Action, "ec2:")
		// The brokers' settings are read, and the pollers do without: the permissions that AWS lists lack it.
		if pollers && !asked[a.Action] && a.Action != "kafka-cluster:DescribeClusterDynamicConfiguration" {
			t.Errorf("the construct gives %s, and the doctor does not ask about it", a.Action)
		}
	}
}

func TestTheReportInBothForms(t *testing.T) {
	f := healthy()
	f.Groups["sg-a"] = Told([]flow.Rule{flow.AllowAll()})
	f.Mapping.Result = "PROBLEM: SASL authentication failed."
	r := Diagnose(f)
	var text, as strings.Builder
	if err := WriteText(&text, []*Report{r, r}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"blocked    the pollers to the brokers, TCP 9098", "key securityGroupRules=ingress", "nothing that was read explains it", "it may also come from: the user and the password", "\nblocked: brokers\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	if err := WriteJSON(&as, []*Report{r}); err != nil {
		t.Fatal(err)
	}
	var read []map[string]any
	if err := json.Unmarshal([]byte(as.String()), &read); err != nil || read[0]["state"] != "blocked" || read[0]["lastProcessingResult"] != f.Mapping.Result {
		t.Errorf("JSON = %s, %v", as.String(), err)
	}
}

// Whatever is not known, nothing that is open becomes blocked, and nothing that is
// blocked open.
func TestLessKnowledgeNeverTurnsAVerdictRound(t *testing.T) {
	less := []func(*Facts){
		func(f *Facts) { f.Groups["sg-a"] = NotKnown[[]flow.Rule]("") },
		func(f *Facts) { f.Subnets["subnet-a"] = NotKnown[Subnet]("") },
		func(f *Facts) { edit(f.Subnets, "subnet-b", func(s *Subnet) { s.ACL = NotKnown[[]flow.Entry]("") }) },
		func(f *Facts) { edit(f.Subnets, "subnet-b", func(s *Subnet) { s.Routes = NotKnown[[]Route]("") }) },
		func(f *Facts) { f.Endpoints = NotKnown[[]Endpoint]("") },
		func(f *Facts) { f.VPC = NotKnown[VPC]("") },
		func(f *Facts) { f.Cluster = NotKnown[*Cluster]("") },
	}
	broken := []func(*Facts){
		func(*Facts) {},
		func(f *Facts) { f.Groups["sg-a"] = Told([]flow.Rule{flow.AllowAll()}) },
		func(f *Facts) { edit(f.Subnets, "subnet-b", func(s *Subnet) { s.ACL = Told([]flow.Entry{}) }) },
		func(f *Facts) { edit(f.Subnets, "subnet-a", func(s *Subnet) { s.Routes = Told([]Route{}) }) },
		bucket,
	}
	for i, breaks := range broken {
		for mask := range 1 << len(less) {
			whole, part := healthy(), healthy()
			breaks(whole)
			breaks(part)
			for bit, forget := range less {
				if mask&(1<<bit) != 0 {
					forget(part)
				}
			}
			all := Diagnose(whole)
			for _, h := range Diagnose(part).Hops {
				was := all.Hop(h.ID)
				if was != nil && h.State != Unknown && h.State != was.State {
					t.Errorf("account %d, without %b: %s is %s, and was %s when all was known", i, mask, h.ID, h.State, was.State)
				}
			}
		}
	}
}
