package network

// Fact is what is known of something. The zero value was not asked.
type Fact[T any] struct {
	asked, known bool
	value        T
}

// Told is a fact that is known.
func Told[T any](value T) Fact[T] { return Fact[T]{asked: true, known: true, value: value} }

// Unknown is a fact that was asked for, and of which the answer does not tell or
// has not come. It is neither absent nor a default.
func Unknown[T any]() Fact[T] { return Fact[T]{asked: true} }

// Get returns the value, and whether it is known.
func (f Fact[T]) Get() (T, bool) { return f.value, f.known }

// Or returns the value, or another where it is not known.
func (f Fact[T]) Or(other T) T {
	if f.known {
		return f.value
	}
	return other
}

// IsAsked reports whether anybody asked, whatever the answer is.
func (f Fact[T]) IsAsked() bool { return f.asked }

// IsKnown reports whether the value is known.
func (f Fact[T]) IsKnown() bool { return f.known }

// Facts is what is there. What is not in it was not asked.
type Facts struct {
	VPC       Fact[VPC]
	Subnets   map[string]Fact[Subnet]      // by id
	Groups    map[string]Fact[Group]       // by id
	Endpoints map[Service]Fact[[]Endpoint] // those that the VPC has for a service

	// Memory is what the owner's last deploy defined.
	Memory Fact[Memory]
}

// VPC is what is known of the VPC.
type VPC struct {
	// DNSSupport and DNSHostnames are what private DNS of endpoints needs.
	DNSSupport, DNSHostnames Fact[bool]

	// Endpoints is how many endpoints the VPC has in all, of which EC2 has a
	// quota.
	Endpoints Fact[int]
}

// Subnet is what is known of a subnet.
type Subnet struct {
	VPC   Fact[string]
	Zone  Fact[string]
	Range Fact[string] // IPv4

	// IPv6 is whether it has an IPv6 range, for endpoints that take IPv6 as well.
	IPv6 Fact[bool]
}

// Group is what is known of a security group.
type Group struct {
	VPC             Fact[string]
	Ingress, Egress Fact[[]Rule]

	// EndpointsOf is the stack whose endpoints it is the group of, "" = it is no
	// such group: by the name and the description that CloudFormation gave it,
	// which EC2 lets nobody change.
	EndpointsOf Fact[string]
}

// Rule is a rule of a security group that is there. One of its peers is set; none
// where it is of a kind that is not read, such as a prefix list.
type Rule struct {
	Protocol string // "tcp", "-1" and so on
	From, To int    // ports, -1 where it has none
	Group    string
	Range    string
	Mark     Mark
}

// Endpoint is what is known of an interface endpoint that is there. Each property
// is a fact of its own: an answer that lacks one tells the others still.
type Endpoint struct {
	ID         string
	PrivateDNS Fact[bool]
	Groups     Fact[[]string]
	Policy     Fact[any]    // as JSON has it; nil is EC2's default, which lets everybody through
	Mark       Fact[string] // the owner that a tag of this library names, "" = it has none
}
