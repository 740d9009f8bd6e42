package network_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/network"
	"msklambda/constructs/notice"
)

type edit = func(*network.Choices, *network.Needs)

// plan is one on-demand consumer with a secret, on one group in one subnet.
func plan(edits ...edit) (*network.Network, network.Needs) {
	c := network.Choices{VPC: network.Known(vpc), Groups: []network.ID{network.Known("sg-a")}, Subnets: []network.ID{network.Known("subnet-a")},
		Access: network.AccessPollers, Owner: owner, Account: account, Endpoints: map[network.Service]network.Choice{}}
	n := network.Needs{Consumer: "Orders", Port: 9096, Secret: network.Resource{ARN: "arn:secret"}, Caller: network.Caller{Role: true, Here: true}}
	for _, e := range edits {
		e(&c, &n)
	}
	return network.New(c), n
}

func from(source network.Source, services ...network.Service) edit {
	return func(c *network.Choices, _ *network.Needs) {
		for _, s := range services {
			c.Endpoints[s] = network.Choice{Source: source}
		}
	}
}

func sources(step network.Step) (out []string) {
	for _, e := range step.Endpoints {
		out = append(out, string(e.Service)+" "+string(e.Source))
	}
	return out
}

func TestWhereEndpointsComeFrom(t *testing.T) {
	for name, tt := range map[string]struct {
		edits []edit
		want  []string
	}{
		"nothing chosen":              {nil, []string{"Lambda create", "STS create", "SecretsManager create"}},
		"a NAT gateway for both":      {[]edit{from(network.None, network.Lambda, network.STS)}, []string{"Lambda none", "STS none", "SecretsManager none"}},
		"a NAT gateway for one":       {[]edit{from(network.None, network.Lambda)}, []string{"Lambda none", "STS create", "SecretsManager create"}},
		"a choice beside the gateway": {[]edit{from(network.None, network.Lambda, network.STS), from(network.Create, network.SecretsManager)}, []string{"Lambda none", "STS none", "SecretsManager create"}},
		"provisioned":                 {[]edit{func(_ *network.Choices, n *network.Needs) { n.Provisioned = true }}, nil},
		"provisioned to a queue": {[]edit{func(_ *network.Choices, n *network.Needs) {
			n.Provisioned, n.Queue = true, network.Resource{ARN: "arn:queue"}
		}}, nil},
		"provisioned to a queue, chosen": {[]edit{from(network.Create, network.SQS), func(_ *network.Choices, n *network.Needs) {
			n.Provisioned, n.Queue = true, network.Resource{ARN: "arn:queue"}
		}}, []string{"SQS create"}},
		"provisioned to a queue, there": {[]edit{from(network.Existing, network.SQS), func(_ *network.Choices, n *network.Needs) {
			n.Provisioned, n.Queue = true, network.Resource{ARN: "arn:queue"}
		}}, nil},
		"over a connection": {[]edit{func(c *network.Choices, _ *network.Needs) { c.Connected = true }}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(tt.edits...)
			if got := sources(n.Add(needs)); !slices.Equal(got, tt.want) {
				t.Errorf("endpoints = %q, want %q", got, tt.want)
			}
		})
	}
}

func ids(list []notice.Notice) (out []string) {
	for _, n := range list {
		out = append(out, strings.TrimPrefix(n.ID, "msklambda:"))
	}
	return out
}

func TestWhatIsWarnedOf(t *testing.T) {
	unchosen := func(c *network.Choices, _ *network.Needs) { c.Access = "" }
	for name, tt := range map[string]struct {
		edits []edit
		want  []string
	}{
		"a service that was not asked for": {nil, []string{"endpointServiceSecretsManagerEndpoint"}},
		"that was chosen":                  {[]edit{from(network.Create, network.SecretsManager)}, nil},
		"open to the VPC":                  {[]edit{func(c *network.Choices, _ *network.Needs) { c.Access = network.AccessVPC }}, nil},
		"access not chosen":                {[]edit{unchosen, from(network.Create, network.SecretsManager)}, []string{"endpointAccess"}},
		"no endpoint to choose for":        {[]edit{unchosen, from(network.None, network.Lambda, network.STS)}, nil},
		"provisioned, to a topic": {[]edit{func(_ *network.Choices, n *network.Needs) {
			n.Provisioned, n.Topic = true, network.Resource{ARN: "arn:topic"}
		}}, []string{"destinationEndpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(tt.edits...)
			if got := ids(n.Add(needs).Warnings); !slices.Equal(got, tt.want) {
				t.Errorf("warnings = %q, want %q", got, tt.want)
			}
			needs.Provisioned = false
			for _, w := range n.Add(needs).Warnings {
				if w.On == "cluster" && slices.Contains(tt.want, strings.TrimPrefix(w.ID, "msklambda:")) {
					t.Errorf("%s is said again", w.ID)
				}
			}
		})
	}
}

func lookedUp(c *network.Choices, _ *network.Needs) { c.LooksUp = true }

func TestWhatStandsInTheWay(t *testing.T) {
	off, on := network.Told(false), network.Told(true)
	theirs := network.Facts{Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{
		network.STS: network.Told([]network.Endpoint{{ID: "vpce-9", PrivateDNS: on}, {ID: "vpce-1", PrivateDNS: on}, {ID: "vpce-0", PrivateDNS: off}})}}
	statements := func(c *network.Choices, _ *network.Needs) {
		c.Endpoints[network.STS] = network.Choice{Statements: 1}
	}
	for name, tt := range map[string]struct {
		edits []edit
		facts network.Facts
		want  []string
	}{
		"nothing":              {[]edit{lookedUp}, network.Facts{}, nil},
		"no DNS support":       {[]edit{lookedUp}, network.Facts{VPC: network.Told(network.VPC{DNSSupport: off})}, []string{"VPCID must be a VPC with DNS resolution on"}},
		"neither DNS":          {nil, network.Facts{VPC: network.Told(network.VPC{DNSSupport: off, DNSHostnames: off})}, []string{"VPCID must be a VPC with DNS resolution on", "VPCID must be a VPC with DNS hostnames on"}},
		"not told":             {nil, network.Facts{VPC: network.Told(network.VPC{DNSSupport: network.Unknown[bool]()})}, nil},
		"no endpoint of ours":  {[]edit{from(network.None, network.Lambda, network.STS)}, network.Facts{VPC: network.Told(network.VPC{DNSSupport: off})}, nil},
		"statements for ours":  {[]edit{statements}, theirs, nil},
		"statements for other": {[]edit{lookedUp, statements}, theirs, []string{"STSEndpoint.Statements needs an endpoint that is defined here, and vpc-1 has vpce-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(tt.edits...)
			n.Learn(tt.facts)
			problems := n.Check(needs)
			if len(problems) != len(tt.want) {
				t.Fatalf("problems = %v, want %q", problems, tt.want)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(problems[i].Error(), want) {
					t.Errorf("problem %q, want %q", problems[i], want)
				}
			}
		})
	}
}

func TestABucketNeedsAChoice(t *testing.T) {
	bucket := func(_ *network.Choices, n *network.Needs) { n.Bucket = network.Resource{ARN: "arn:bucket"} }
	for name, tt := range map[string]struct {
		edits []edit
		want  int
	}{
		"none":              {[]edit{bucket}, 1},
		"made":              {[]edit{bucket, from(network.None, network.S3)}, 0},
		"provisioned":       {[]edit{bucket, func(_ *network.Choices, n *network.Needs) { n.Provisioned = true }}, 0},
		"over a connection": {[]edit{bucket, func(c *network.Choices, _ *network.Needs) { c.Connected = true }}, 0},
		"no bucket":         {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, n := network.Choices{Endpoints: map[network.Service]network.Choice{}}, network.Needs{}
			for _, e := range tt.edits {
				e(&c, &n)
			}
			problems := c.Check(n)
			if len(problems) != tt.want {
				t.Fatalf("problems = %v, want %d", problems, tt.want)
			}
			if tt.want == 1 && (problems[0].Field != "S3Endpoint.Source" || !slices.Contains(problems[0].Refers(), "OnFailure.Bucket")) {
				t.Errorf("problem = %v, of the fields %q", problems[0], problems[0].Refers())
			}
		})
	}
}

func TestWhatIsAsked(t *testing.T) {
	asks := func(n *network.Network, needs ...network.Needs) (out []string) {
		for _, q := range n.Asks(needs...) {
			out = append(out, fmt.Sprintf("%s %s", q.Kind, cmp.Or(string(q.Service), q.ID)))
		}
		return out
	}
	n, needs := plan(lookedUp, func(c *network.Choices, _ *network.Needs) {
		c.Groups = append(c.Groups, network.Opaque("${Token[G.1]}"))
		c.Endpoints[network.Lambda] = network.Choice{Source: network.Existing}
	})
	if got, want := asks(n), []string{"memory Orders", "subnet subnet-a", "security group sg-a"}; !slices.Equal(got, want) {
		t.Errorf("of the cluster it asks %q, want %q", got, want)
	}
	n.Learn(network.Facts{Memory: network.Told(network.Memory{})})
	n.Learn(network.Facts{Subnets: map[string]network.Fact[network.Subnet]{"subnet-a": network.Unknown[network.Subnet]()},
		Groups: map[string]network.Fact[network.Group]{"sg-a": network.Unknown[network.Group]()}})
	if got, want := asks(n, needs), []string{"VPC endpoint STS", "VPC endpoint SecretsManager", "VPC vpc-1"}; !slices.Equal(got, want) {
		t.Errorf("of the consumer it asks %q, want %q", got, want)
	}
	on := network.Told(true)
	n.Learn(network.Facts{VPC: network.Told(network.VPC{}), Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{
		network.SecretsManager: network.Told([]network.Endpoint(nil)),
		network.STS: network.Told([]network.Endpoint{
			{ID: "vpce-1", PrivateDNS: on, Groups: network.Told([]string{"sg-own"}), Mark: network.Told(owner)},
			{ID: "vpce-2", PrivateDNS: on, Groups: network.Told([]string{"sg-x", "sg-x"}), Mark: network.Told("Theirs")},
			{ID: "vpce-3", PrivateDNS: on, Groups: network.Told([]string{"sg-y"}), Mark: network.Told("Theirs")}})}})
	if got, want := asks(n, needs), []string{"security group sg-x"}; !slices.Equal(got, want) {
		t.Errorf("of the endpoint it asks %q, want %q", got, want)
	}
	imported, needs := plan()
	if got := imported.Asks(needs); got != nil {
		t.Errorf("an import asks %v, want nothing", got)
	}
	pending, needs := plan(lookedUp, func(c *network.Choices, _ *network.Needs) {
		c.VPC, c.Subnets, c.Groups = network.Opaque("${Token[V.1]}"), network.IDs([]string{"x"}, func(string) bool { return true }), nil
	})
	pending.Learn(network.Facts{Memory: network.Unknown[network.Memory]()})
	if got := pending.Asks(needs); got != nil {
		t.Errorf("where all is a token it asks %v, want nothing", got)
	}
}

func TestTheConstructsOfRulesAreNamedByWhatTheyAre(t *testing.T) {
	token := func(id network.ID) string {
		if id.IsOpaque() {
			return "token-1234"
		}
		return id.Text()
	}
	n, needs := plan(func(c *network.Choices, _ *network.Needs) {
		c.Groups, c.Rules, c.Retain = append(c.Groups, network.Opaque("${Token[G.1]}")), network.RulesAll, true
	})
	retained := map[bool]int{}
	var got []string
	for _, r := range n.Add(needs).Rules {
		got = append(got, r.ConstructID(token))
		retained[r.Retain]++
	}
	want := []string{"sg-a from sg-a 9096", "sg-a to sg-a 9096", "sg-a from token-1234 9096", "token-1234 to sg-a 9096",
		"token-1234 from sg-a 9096", "sg-a to token-1234 9096", "token-1234 from token-1234 9096", "token-1234 to token-1234 9096",
		"sg-a to endpoints 443", "token-1234 to endpoints 443"}
	if !slices.Equal(got, want) {
		t.Errorf("rules = %q, want %q", got, want)
	}
	// A rule that names the endpoints' group would keep EC2 from deleting it.
	if retained[true] != 8 || retained[false] != 2 {
		t.Errorf("retained = %v, want all but those to the endpoints", retained)
	}
	n, needs = plan(from(network.None, network.Lambda, network.STS), func(c *network.Choices, _ *network.Needs) { c.Rules = network.RulesAll })
	if rules := n.Add(needs).Rules; rules[len(rules)-1].ConstructID(token) != "sg-a to anywhere 443" {
		t.Errorf("last rule = %q", rules[len(rules)-1].ConstructID(token))
	}
}

func TestAMarkIsReadAsItIsWritten(t *testing.T) {
	mark := network.Mark{Purpose: "pollers to brokers", Owner: "Orders"}
	for description, want := range map[string]network.Mark{
		mark.String():                              mark,
		"msklambda: pollers to brokers (Orders)":   mark,
		"msklambda: a (b) c (Orders)":              {Purpose: "a (b) c", Owner: "Orders"},
		"msklambda: pollers to brokers (MyOrders)": {Purpose: "pollers to brokers", Owner: "MyOrders"},
		"msklambda: pollers to brokers":            {},
		"pollers to brokers (Orders)":              {},
		"":                                         {},
	} {
		if got := network.ParseMark(description); got != want {
			t.Errorf("ParseMark(%q) = %+v, want %+v", description, got, want)
		}
	}
}

func TestReasonsSayWhoGainsAndWhoLoses(t *testing.T) {
	for name, tt := range map[string]struct {
		edits []edit
		want  []string
	}{
		"pollers": {nil, []string{"on-demand pollers reach the brokers on TCP 9096, and need Lambda, STS and SecretsManager",
			"LambdaEndpoint is defined: nothing else was chosen, and nothing was looked up", "the pollers gain Lambda, and no other client; every other caller in vpc-1 loses it",
			"sg-a lets TCP 9096 in from sg-a (pollers to brokers)"}},
		"the VPC": {[]edit{func(c *network.Choices, _ *network.Needs) {
			c.Access, c.Ranges = network.AccessVPC, []string{"10.0.0.0/16"}
		}},
			[]string{"every caller in the ranges 10.0.0.0/16 of vpc-1 reaches STS through it; a caller in another range loses STS"}},
		"none":   {[]edit{from(network.None, network.STS)}, []string{"no STSEndpoint: the broker subnets reach STS through a NAT gateway"}},
		"theirs": {[]edit{from(network.Existing, network.STS)}, []string{"STSEndpoint is one that vpc-1 has, which was not named"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(tt.edits...)
			var got []string
			for _, r := range n.Add(needs).Reasons {
				if r.Consumer != "Orders" {
					t.Errorf("reason %+v, want it for Orders", r)
				}
				got = append(got, r.Text)
			}
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("reasons = %q, want %q in them", got, want)
				}
			}
		})
	}
}

func TestChangesNameWhatIsNewAndWhatIsGone(t *testing.T) {
	before, needs := plan()
	before.Add(needs)
	after, needs := plan(from(network.None, network.Lambda), func(_ *network.Choices, n *network.Needs) { n.Port = 9098 })
	after.Add(needs)
	want := []string{"new rule: sg-a lets TCP 9098 in from sg-a (pollers to brokers)", "gone LambdaEndpoint: create", "gone rule: sg-a lets TCP 9096 in from sg-a (pollers to brokers)"}
	if got := network.Changes(before.Plan(), after.Plan()); !slices.Equal(got, want) {
		t.Errorf("changes = %q, want %q", got, want)
	}
	if got := network.Changes(before.Plan(), before.Plan()); got != nil {
		t.Errorf("changes = %q, want none", got)
	}
}

func TestAnEndpointThatMayHavePrivateDNSIsAskedFor(t *testing.T) {
	on, off, unknown := network.Told(true), network.Told(false), network.Unknown[bool]()
	for name, tt := range map[string]struct {
		endpoints []network.Endpoint
		memory    network.Memory
		choice    network.Source
		want      string // the one that is asked about
	}{
		"none":                              {nil, network.Memory{}, "", ""},
		"one that has":                      {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: on}}, network.Memory{}, "", ""},
		"one that has not":                  {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: off}}, network.Memory{}, "", ""},
		"one that may have":                 {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: off}, {ID: "vpce-2", PrivateDNS: unknown}}, network.Memory{}, "", "vpce-2"},
		"one that may, beside one that has": {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: unknown}, {ID: "vpce-2", PrivateDNS: on}}, network.Memory{}, "", ""},
		"one that may have, its own":        {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: unknown, Mark: network.Told(owner)}}, network.Memory{}, "", ""},
		"one that may have, remembered":     {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: unknown}}, network.Memory{Endpoints: []network.Service{network.STS}}, "", ""},
		"one that may have, chosen":         {[]network.Endpoint{{ID: "vpce-1", PrivateDNS: unknown}}, network.Memory{}, network.Create, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(lookedUp, from(network.Create, network.Lambda, network.SecretsManager), func(c *network.Choices, _ *network.Needs) {
				c.Endpoints[network.STS] = network.Choice{Source: tt.choice}
			})
			n.Learn(network.Facts{Memory: network.Told(tt.memory), Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{network.STS: network.Told(tt.endpoints)}})
			problems := n.Check(needs)
			if tt.want == "" && len(problems) != 0 || tt.want != "" && (len(problems) != 1 || problems[0].Field != "STSEndpoint.Source" || !strings.Contains(problems[0].Message, tt.want)) {
				t.Errorf("problems = %v, want one about %q", problems, tt.want)
			}
		})
	}
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	subnet := func(vpc, zone string) network.Fact[network.Subnet] {
		return network.Told(network.Subnet{VPC: network.Told(vpc), Zone: network.Told(zone)})
	}
	group := func(vpc string) network.Fact[network.Group] {
		return network.Told(network.Group{VPC: network.Told(vpc)})
	}
	for name, tt := range map[string]struct {
		subnets map[string]network.Fact[network.Subnet]
		groups  map[string]network.Fact[network.Group]
		want    []string
	}{
		"all of one VPC":      {map[string]network.Fact[network.Subnet]{"subnet-a": subnet(vpc, "a"), "subnet-b": subnet(vpc, "b")}, map[string]network.Fact[network.Group]{"sg-a": group(vpc)}, nil},
		"nothing told":        {map[string]network.Fact[network.Subnet]{"subnet-a": network.Unknown[network.Subnet](), "subnet-b": network.Told(network.Subnet{})}, nil, nil},
		"a subnet of another": {map[string]network.Fact[network.Subnet]{"subnet-a": subnet(vpc, "a"), "subnet-b": subnet("vpc-2", "b")}, nil, []string{"SubnetIDs must be of the VPC vpc-1, got subnet-b, which is of vpc-2"}},
		"two in one zone":     {map[string]network.Fact[network.Subnet]{"subnet-a": subnet(vpc, "a"), "subnet-b": subnet(vpc, "a")}, nil, []string{"SubnetIDs must each be in a zone of its own, got subnet-a and subnet-b, which are both in a"}},
		"a group of another":  {nil, map[string]network.Fact[network.Group]{"sg-a": group("vpc-2")}, []string{"SecurityGroupIDs must be of the VPC vpc-1, got sg-a, which is of vpc-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := plan(lookedUp, func(c *network.Choices, _ *network.Needs) { c.Subnets = append(c.Subnets, network.Known("subnet-b")) })
			n.Learn(network.Facts{Subnets: tt.subnets, Groups: tt.groups})
			var got []string
			for _, p := range n.CheckCluster() {
				got = append(got, p.Error())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestQuotasCountWhatIsThere(t *testing.T) {
	rules := func(n int, mark network.Mark) (out []network.Rule) {
		for i := range n {
			out = append(out, network.Rule{Protocol: "tcp", From: 1000 + i, To: 1000 + i, Range: "10.0.0.0/8", Mark: mark})
		}
		return out
	}
	mine := network.Mark{Purpose: "pollers to brokers", Owner: owner}
	for name, tt := range map[string]struct {
		in, out   []network.Rule
		endpoints network.Fact[int]
		memory    network.Memory
		want      []string
	}{
		"room for all":          {rules(59, network.Mark{}), nil, network.Told(47), network.Memory{}, nil},
		"one rule too many":     {rules(60, network.Mark{}), nil, network.Told(0), network.Memory{}, []string{"sg-a has 61 inbound rules with those added, and a security group may have 60 by default"}},
		"its own are not twice": {append(rules(59, network.Mark{}), rules(1, mine)...), nil, network.Told(0), network.Memory{}, nil},
		"endpoints too many":    {nil, nil, network.Told(48), network.Memory{}, []string{"vpc-1 has 51 endpoints with those defined, and a VPC may have 50 by default"}},
		"its own endpoints":     {nil, nil, network.Told(50), network.Memory{Endpoints: []network.Service{network.Lambda, network.SecretsManager, network.STS}}, nil},
		"not told":              {nil, nil, network.Unknown[int](), network.Memory{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(lookedUp, from(network.Create, network.SecretsManager))
			n.Learn(network.Facts{Memory: network.Told(tt.memory), VPC: network.Told(network.VPC{Endpoints: tt.endpoints}),
				Groups: map[string]network.Fact[network.Group]{"sg-a": network.Told(network.Group{Ingress: network.Told(tt.in), Egress: network.Told(append(tt.out, network.Rule{Protocol: "-1", Range: "0.0.0.0/0"}))})}})
			var got []string
			for _, w := range n.Add(needs).Warnings {
				if w.ID == notice.QuotaID {
					text, _, _ := strings.Cut(w.String(), ".")
					got = append(got, text)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("warnings = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAdviceIsWhatHelps(t *testing.T) {
	statement := func(effect string, more string) any {
		var out any
		text := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"` + effect + `","Principal":"*","Action":"sts:AssumeRole","Resource":"*"` + more + `}]}`
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, tt := range map[string]struct {
		policy network.Fact[any]
		groups network.Fact[[]string]
		want   []string
	}{
		"denied":              {network.Told(statement("Deny", "")), network.Told([]string{"sg-x"}), []string{"Have that statement changed", "--group-id sg-x --protocol tcp --port 443 --source-group sg-a"}},
		"not told":            {network.Unknown[any](), network.Unknown[[]string](), []string{"the look-up did not tell its policy. See that it has this", "which the look-up did not tell would not let", "See that it has one that lets TCP 443 in from sg-a."}},
		"EC2's own, no group": {network.Told[any](nil), network.Told([]string{}), []string{"of which it has none"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, needs := plan(lookedUp, from(network.Create, network.Lambda, network.SecretsManager))
			n.Learn(network.Facts{Memory: network.Told(network.Memory{}), Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{
				network.STS: network.Told([]network.Endpoint{{ID: "vpce-1", PrivateDNS: network.Told(true), Policy: tt.policy, Groups: tt.groups}})}})
			text := fmt.Sprint(n.Add(needs).Warnings)
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("warnings = %s, want %q in them", text, want)
				}
			}
			if strings.Contains(text, "--group-id  ") || strings.Contains(text, `Have this added`) {
				t.Errorf("warnings = %s, want no advice that does not help", text)
			}
		})
	}
}
