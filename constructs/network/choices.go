package network

import "msklambda/constructs/problem"

// Service is an AWS service that pollers call from the broker subnets.
type Service string

// The services. Which of them a consumer's pollers call is in [Needs].
const (
	Lambda         Service = "Lambda"
	STS            Service = "STS"
	SecretsManager Service = "SecretsManager"
	SQS            Service = "SQS"
	SNS            Service = "SNS"
	S3             Service = "S3"
)

// Services are all of them, in the order in which they are planned.
var Services = []Service{Lambda, STS, SecretsManager, SQS, SNS, S3}

// Field is the name of the field that chooses the endpoint of the service, and
// that of the construct which defines it.
func (s Service) Field() string { return string(s) + "Endpoint" }

// action is what Lambda's own service does at an endpoint. It is empty where the
// pollers call with the consumer's role.
func (s Service) action() string {
	switch s {
	case Lambda:
		return "lambda:InvokeFunction"
	case STS:
		return "sts:AssumeRole"
	}
	return ""
}

// Source is where the endpoint of a service comes from.
type Source string

// The sources. The zero value is not chosen.
const (
	Create   Source = "create"   // an endpoint is defined
	Existing Source = "existing" // one that is there is used
	None     Source = "none"     // a NAT gateway
)

// Choice is what was chosen for a service. The zero value is nothing.
type Choice struct {
	Source Source
	ID     ID // of an existing one

	// Statements is how many statements are to be added to the policy.
	Statements int
}

func (c Choice) isMade() bool { return c.Source != "" || !c.ID.IsZero() }

// Meant is what the choice comes to by itself.
func (c Choice) Meant() Source {
	switch {
	case c.Source != "":
		return c.Source
	case !c.ID.IsZero():
		return Existing
	}
	return Create
}

// Access is who may use the endpoints that are defined.
type Access string

// The accesses. The zero value is not chosen, and means the pollers.
const (
	AccessPollers Access = "pollers"
	AccessVPC     Access = "vpc"
)

// Rules is what is added to the cluster's security groups.
type Rules string

// The modes. The zero value is what the groups lack, as far as is known: where
// nobody asked, the ways in.
const (
	RulesIngress Rules = "ingress"
	RulesAll     Rules = "all"
	RulesNone    Rules = "none"
)

// Choices is what is wanted of the network of a cluster, whoever its consumers
// are.
type Choices struct {
	// Connected is a cluster that is reached over a managed VPC connection: it
	// brings its own network, and nothing is planned.
	Connected bool

	// LooksUp says that what is not chosen is decided by what is there. Without,
	// nothing is asked.
	LooksUp bool

	VPC     ID
	Subnets []ID // of the brokers
	Groups  []ID // of the cluster, and of the pollers
	Account string

	// VPCOwner is the account that the VPC is of, "" = it is not known, or the
	// stack's.
	VPCOwner string

	// DualStack is endpoints that take IPv6 as well.
	DualStack bool

	// Owner is who defines the endpoints and rules, as their marks say.
	Owner string

	// Stack is the name of the stack that they are in.
	Stack string

	Endpoints map[Service]Choice
	Access    Access

	// Ranges are those of the VPC, which AccessVPC lets in.
	Ranges []string

	// ClientGroups and ClientRanges may use the endpoints too.
	ClientGroups []ID
	ClientRanges []string

	Rules  Rules
	Retain bool // the rules stay when the stack goes
}

// chosen reports whether it was said where the endpoint of a service comes from.
func (c *Choices) chosen(s Service) bool { return c.Endpoints[s].isMade() }

// source is where the endpoint of a service comes from, by what was chosen alone.
// A cluster that has a NAT gateway for Lambda and STS has it for the others too.
func (c *Choices) source(s Service) Source {
	nat := c.Endpoints[Lambda].Meant() == None && c.Endpoints[STS].Meant() == None
	if nat && !c.chosen(s) {
		return None
	}
	return c.Endpoints[s].Meant()
}

// Check reports what a consumer needs and what was chosen does not say.
func (c *Choices) Check(needs Needs) (ps problem.List) {
	if needs.Bucket.isThere() && !needs.Provisioned && !c.Connected && !c.chosen(S3) {
		ps.Add("S3Endpoint.Source", "is required of the cluster for {OnFailure.Bucket}: %q where the VPC has an endpoint for S3 (a gateway "+
			"endpoint will do), %q where it has a NAT gateway, or %q, which takes over all of the VPC's traffic to S3",
			Existing, None, Create)
	}
	return ps
}
