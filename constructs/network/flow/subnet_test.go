package flow

import (
	"net/netip"
	"testing"
)

func entry(number int, out, deny bool, from, to int, prefix string) Entry {
	return Entry{Number: number, Out: out, Deny: deny, Protocol: "tcp", From: from, To: to, Range: netip.MustParsePrefix(prefix)}
}

// apart is a poller and a broker in two subnets, with groups that let everything
// through.
func apart(a, b *Subnet) *Network {
	a.Range, b.Range = netip.MustParsePrefix("10.0.1.0/24"), netip.MustParsePrefix("10.0.2.0/24")
	n := of([]Rule{AllowAll()}, []Rule{tcp(false, 9098, "sg-a"), tcp(false, 443, "sg-a")})
	n.Subnets = map[string]*Subnet{"subnet-a": a, "subnet-b": b}
	return n
}

func TestANetworkACLHasNoMemory(t *testing.T) {
	there, back := entry(100, false, false, 9098, 9098, "10.0.0.0/16"), entry(100, true, false, 1024, 65535, "10.0.0.0/16")
	for name, tt := range map[string]struct {
		acl    []Entry // of the brokers' subnet
		want   Kind    // "" = it goes through
		answer bool
	}{
		"EC2's own":                    {AllowEverything(), "", false},
		"none is told":                 {nil, "", false},
		"there and back":               {[]Entry{there, back}, "", false},
		"not there":                    {[]Entry{back}, ACLIn, false},
		"not back":                     {[]Entry{there}, ACLOut, true},
		"the ports of Linux will do":   {[]Entry{there, entry(1, true, false, 32768, 60999, "10.0.1.0/24")}, "", false},
		"a hole in the ports":          {[]Entry{there, back, entry(50, true, true, 40000, 40010, "10.0.1.0/24")}, ACLOut, true},
		"a hole elsewhere":             {[]Entry{there, back, entry(50, true, true, 40000, 40010, "10.0.3.0/24")}, "", false},
		"denied first":                 {[]Entry{entry(50, false, true, 9098, 9098, "10.0.1.0/24"), there, back}, ACLIn, false},
		"denied after it was allowed":  {[]Entry{there, back, entry(200, false, true, 0, 65535, "0.0.0.0/0")}, "", false},
		"a part of the other subnet":   {[]Entry{entry(1, false, false, 9098, 9098, "10.0.1.128/25"), back}, ACLIn, false},
		"another protocol":             {[]Entry{{Number: 1, Protocol: "udp", From: 0, To: 65535, Range: netip.MustParsePrefix("0.0.0.0/0")}, back}, ACLIn, false},
		"one that lets nothing at all": {[]Entry{}, ACLIn, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := apart(&Subnet{}, &Subnet{ACL: tt.acl})
			from := Host{Name: "a poller", Groups: []string{"sg-a"}, Address: inside, Subnet: "subnet-a"}
			to := Host{Name: "a broker", Groups: []string{"sg-b"}, Address: broker.Address, Subnet: "subnet-b"}
			got := n.Between(from, to, 9098)
			if (got == nil) != (tt.want == "") || got != nil && (got.Kind != tt.want || got.Answer != tt.answer || got.Subnet != "subnet-b") {
				t.Errorf("Between = %+v, want %q, answer %v", got, tt.want, tt.answer)
			}
			to.Subnet = "subnet-a"
			if got := n.Between(from, to, 9098); got != nil {
				t.Errorf("within a subnet: %+v, want nothing", got)
			}
		})
	}
}

func TestTheWayToAServiceIsThatOfTheSubnet(t *testing.T) {
	here := Host{Name: "a poller", Groups: []string{"sg-a"}, Address: inside, Subnet: "subnet-a"}
	endpoint := &Endpoint{Service: "sts", PrivateDNS: true, Groups: []string{"sg-b"}, Subnets: []string{"subnet-b"}, Policy: Everybody()}
	for name, tt := range map[string]struct {
		a, b Subnet
		edit func(*Network)
		want Kind
	}{
		"its NAT":                        {Subnet{NAT: true}, Subnet{}, nil, ""},
		"not that of another":            {Subnet{}, Subnet{NAT: true}, nil, NoRoute},
		"not that of the VPC":            {Subnet{}, Subnet{}, func(n *Network) { n.NAT, n.Gateways = true, []string{"sts"} }, NoRoute},
		"its gateway endpoint":           {Subnet{Gateways: []string{"sts"}}, Subnet{}, nil, ""},
		"an ACL on the way out":          {Subnet{NAT: true, ACL: []Entry{}}, Subnet{}, nil, ACLOut},
		"no answers":                     {Subnet{NAT: true, ACL: []Entry{entry(1, true, false, 443, 443, "0.0.0.0/0")}}, Subnet{}, nil, ACLIn},
		"an endpoint":                    {Subnet{}, Subnet{}, func(n *Network) { n.Endpoints = []*Endpoint{endpoint} }, ""},
		"behind an ACL":                  {Subnet{}, Subnet{ACL: []Entry{}}, func(n *Network) { n.Endpoints = []*Endpoint{endpoint} }, ACLIn},
		"without DNS it is not resolved": {Subnet{}, Subnet{}, func(n *Network) { n.Endpoints, n.NoDNS = []*Endpoint{endpoint}, true }, NoRoute},
		"one that is down": {Subnet{NAT: true}, Subnet{}, func(n *Network) {
			down := *endpoint
			down.Down = true
			n.Endpoints = []*Endpoint{&down}
		}, Down},
	} {
		t.Run(name, func(t *testing.T) {
			n := apart(&tt.a, &tt.b)
			if tt.edit != nil {
				tt.edit(n)
			}
			got := n.ToService(here, "sts")
			if (got == nil) != (tt.want == "") || got != nil && got.Kind != tt.want {
				t.Errorf("ToService = %+v, want %q", got, tt.want)
			}
		})
	}
}

func TestTheEndsOfASubnet(t *testing.T) {
	for prefix, want := range map[string][2]string{"10.0.1.0/24": {"10.0.1.1", "10.0.1.254"}, "10.0.0.0/16": {"10.0.0.1", "10.0.255.254"}, "10.0.1.16/28": {"10.0.1.17", "10.0.1.30"}} {
		ends := (&Subnet{Range: netip.MustParsePrefix(prefix)}).Ends()
		if len(ends) != 2 || ends[0].String() != want[0] || ends[1].String() != want[1] {
			t.Errorf("the ends of %s are %v, want %v", prefix, ends, want)
		}
	}
}

func TestTheSubnetsAreMutatedToo(t *testing.T) {
	n := apart(&Subnet{NAT: true, Gateways: []string{"s3"}}, &Subnet{})
	all := n.Mutations("sg-a", "sg-b")
	if got, want := len(all), 4; got != want {
		t.Errorf("%d mutations, want %d", got, want)
	}
	if !n.Subnets["subnet-a"].NAT || len(n.Subnets["subnet-a"].Gateways) != 1 || n.Subnets["subnet-a"].ACL != nil {
		t.Errorf("the network has changed: %+v", n.Subnets["subnet-a"])
	}
}
