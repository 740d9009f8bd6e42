package flow

import (
	"net/netip"
	"strings"
	"testing"
)

var (
	inside = netip.MustParseAddr("10.0.1.1")
	poller = Host{Name: "a poller", Groups: []string{"sg-a"}, Address: inside}
	broker = Host{Name: "a broker", Groups: []string{"sg-b"}, Address: netip.MustParseAddr("10.0.2.2")}
)

func tcp(out bool, port int, peer string) Rule {
	return Rule{Out: out, Protocol: "tcp", From: port, To: port, Peer: peer}
}

func of(a, b []Rule) *Network {
	return &Network{Groups: map[string]*Group{"sg-a": {a}, "sg-b": {b}}}
}

func TestAConnectionNeedsAWayOutAndAWayIn(t *testing.T) {
	in, out := tcp(false, 9098, "sg-a"), tcp(true, 9098, "sg-b")
	for name, tt := range map[string]struct {
		network *Network
		want    bool
	}{
		"both":                  {of([]Rule{out}, []Rule{in}), true},
		"no way out":            {of(nil, []Rule{in}), false},
		"no way in":             {of([]Rule{out}, nil), false},
		"the ways exchanged":    {of([]Rule{in}, []Rule{out}), false},
		"everything out":        {of([]Rule{AllowAll()}, []Rule{in}), true},
		"by range":              {of([]Rule{tcp(true, 9098, "10.0.2.0/24")}, []Rule{tcp(false, 9098, "10.0.0.0/16")}), true},
		"by another range":      {of([]Rule{tcp(true, 9098, "10.0.3.0/24")}, []Rule{in}), false},
		"another port":          {of([]Rule{tcp(true, 9096, "sg-b")}, []Rule{in}), false},
		"a range of ports":      {of([]Rule{{Out: true, Protocol: "tcp", From: 9000, To: 9100, Peer: "sg-b"}}, []Rule{in}), true},
		"of another protocol":   {of([]Rule{{Out: true, Protocol: "udp", From: 9098, To: 9098, Peer: "sg-b"}}, []Rule{in}), false},
		"of a group not theirs": {of([]Rule{out}, []Rule{tcp(false, 9098, "sg-b")}), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.network.Connects(poller, broker, 9098); got != tt.want {
				t.Errorf("Connects = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTheFirstOutboundRuleTakesTheOthersAway(t *testing.T) {
	n := of([]Rule{AllowAll()}, []Rule{tcp(false, 9098, "sg-a"), tcp(false, 22, "sg-a")})
	n.Add("sg-a", tcp(false, 22, "sg-b"))
	if !n.Connects(poller, broker, 22) {
		t.Error("an inbound rule takes the way out away")
	}
	n.Add("sg-a", tcp(true, 9098, "sg-b"))
	if n.Connects(poller, broker, 22) || !n.Connects(poller, broker, 9098) {
		t.Errorf("rules = %v, want the way out to port 9098 alone", n.Groups["sg-a"].Rules)
	}
}

func TestTheNameOfAServiceResolvesToItsEndpoint(t *testing.T) {
	call := Call{Service: "sqs", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111122223333:failed", Principal: "arn:aws:iam::111122223333:role/r", Account: "111122223333", Owner: "111122223333"}
	endpoint := func(edit func(*Endpoint)) *Network {
		n := of([]Rule{AllowAll()}, []Rule{tcp(false, 443, "sg-a")})
		e := &Endpoint{Service: "sqs", PrivateDNS: true, Groups: []string{"sg-b"}, Address: inside, Policy: Everybody()}
		if edit != nil {
			edit(e)
		}
		n.Endpoints, n.NAT = []*Endpoint{e}, true
		return n
	}
	policy := func(statements ...Statement) func(*Endpoint) { return func(e *Endpoint) { e.Policy = statements } }
	role := Statement{Principals: []string{call.Principal}, Actions: []string{"sqs:*"}, Resources: []string{"arn:aws:sqs:*:111122223333:*"}}
	elsewhere, account, deny := role, role, role
	elsewhere.Accounts, account.Principals, deny.Deny = []string{"444455556666"}, []string{"111122223333"}, true
	for name, tt := range map[string]struct {
		network *Network
		want    string // "" = it goes through
	}{
		"open":                          {endpoint(nil), ""},
		"its groups let nobody in":      {endpoint(func(e *Endpoint) { e.Groups = nil }), "do not let it in"},
		"no policy":                     {endpoint(policy()), "the policy of the endpoint for sqs"},
		"a policy for the role":         {endpoint(policy(role)), ""},
		"a policy for the account":      {endpoint(policy(account)), ""},
		"resources of another account":  {endpoint(policy(elsewhere)), "the policy"},
		"a statement that denies":       {endpoint(policy(role, deny)), "the policy"},
		"no private DNS, so by the NAT": {endpoint(func(e *Endpoint) { e.PrivateDNS, e.Policy = false, nil }), ""},
		"no route":                      {of([]Rule{AllowAll()}, nil), "there is no way to sqs"},
		"no way out":                    {&Network{NAT: true, Groups: map[string]*Group{"sg-a": {}}}, "do not let it out"},
		"a gateway endpoint":            {&Network{Gateways: []string{"sqs"}, Groups: map[string]*Group{"sg-a": {[]Rule{AllowAll()}}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := tt.network.Refuses(poller, call)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("Refuses = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEveryPartOfANetworkIsMutated(t *testing.T) {
	n := of([]Rule{AllowAll(), tcp(true, 443, "sg-b")}, []Rule{tcp(false, 443, "sg-a")})
	n.Endpoints = []*Endpoint{{Service: "sts", PrivateDNS: true, Groups: []string{"sg-b"}, Policy: Everybody()}}
	if got, want := len(n.Mutations()), 2*3+4; got != want {
		t.Errorf("%d mutations, want %d", got, want)
	}
	if got, want := len(n.Mutations("sg-a")), 3+4; got != want {
		t.Errorf("%d mutations, want %d", got, want)
	}
	if got := len(n.Groups["sg-a"].Rules) + len(n.Groups["sg-b"].Rules) + len(n.Endpoints[0].Policy); got != 4 {
		t.Errorf("the network has %d parts left, want all 4", got)
	}
}
