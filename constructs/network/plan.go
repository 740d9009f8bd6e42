package network

import (
	"strings"

	"msklambda/constructs/notice"
)

// Plan is all that was planned so far.
type Plan struct {
	// Group is that of the endpoints to define, nil where none is.
	Group *EndpointGroup

	// Endpoints are those to define or to use, one for each service that a
	// consumer needs.
	Endpoints []PlannedEndpoint

	// Admissions are the statements that consumers brought into the policies of
	// endpoints that are defined.
	Admissions []Admission

	// Rules are those to add to the cluster's security groups.
	Rules []PlannedRule
}

// Step is what one consumer brings: what is to be defined with it, and what its
// mapping waits for, whoever brought that.
type Step struct {
	Group      *EndpointGroup    // to define first, nil = there already, or none needed
	Endpoints  []PlannedEndpoint // to define or to import
	Admissions []Admission
	Rules      []PlannedRule

	// WaitsForEndpoints and WaitsForRules are what must be there before the
	// mapping, which tries its network when it is made.
	WaitsForEndpoints []Service
	WaitsForRules     []PlannedRule

	Warnings []notice.Notice
	Notes    []notice.Notice

	// Reasons say in words what was decided, and why.
	Reasons []Reason
}

// EndpointGroup is the security group of the endpoints that are defined: it lets
// in TCP 443 from these peers, and nothing out.
type EndpointGroup struct {
	In []Admitted
}

// Admitted is somebody who may connect to the endpoints.
type Admitted struct {
	Peer Peer
	Mark Mark
}

// Peer is the other end of a rule: a security group, a range, or the group of the
// endpoints that are defined here, which has no id yet.
type Peer struct {
	Group     ID
	Range     string
	Endpoints bool
}

// IsIPv6 reports whether the peer is an IPv6 range.
func (p Peer) IsIPv6() bool { return strings.Contains(p.Range, ":") }

// PlannedEndpoint is the endpoint of a service.
type PlannedEndpoint struct {
	Service Service
	Source  Source

	// ID is that of an existing one, where it is known.
	ID ID

	// Policy is that of an endpoint to define, without the admissions of
	// consumers.
	Policy []Statement

	// AllResolvers is for S3, where EC2's own choice of private DNS answers
	// on-premises resolvers only.
	AllResolvers bool
}

// Principal is whom a statement names.
type Principal string

// The principals. The last two are those of a consumer.
const (
	Everybody     Principal = "everybody"
	LambdaService Principal = "lambda.amazonaws.com"
	TheRole       Principal = "the role"
	TheAccount    Principal = "the account"
)

// Statement is one that allows something, in the policy of an endpoint.
type Statement struct {
	Principal Principal
	Action    string
	Resource  string

	// OwnResources limits it to the resources of the account, where it cannot
	// name one.
	OwnResources bool
}

// Admission lets a consumer through an endpoint that names who may pass.
type Admission struct {
	Consumer  string
	Service   Service
	Statement Statement
}

// PlannedRule is a rule to add to one of the cluster's security groups, for one
// TCP port.
type PlannedRule struct {
	Group  ID
	Out    bool
	Peer   Peer
	Port   int
	Mark   Mark
	Retain bool // it stays when the stack goes
}

// ConstructID is the id of the rule's construct. It does not change with the order
// of the groups. What stands for an id, for one that is opaque, the caller says.
func (r PlannedRule) ConstructID(name func(ID) string) string {
	peer := anywhere
	switch {
	case r.Peer.Endpoints:
		peer = toEndpoints
	case !r.Peer.Group.IsZero():
		peer = name(r.Peer.Group)
	}
	word := " from "
	if r.Out {
		word = " to "
	}
	return name(r.Group) + word + peer + " " + itoa(r.Port)
}

const toEndpoints, anywhere = "endpoints", "anywhere"
