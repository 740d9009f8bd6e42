package network

import "strings"

// MarkTag is the key of the tag on every endpoint that is defined here. Its value
// is the owner.
const MarkTag = "msklambda:stack"

const markPrefix = "msklambda: "

// Mark is what the description of a rule says when this library made it: what the
// rule is for, and whose it is. By it one tells what an owner made, and must go on
// defining, from what is there already. The zero value is no mark.
type Mark struct {
	Purpose string
	Owner   string
}

// String is the description of a rule with this mark.
func (m Mark) String() string { return markPrefix + m.Purpose + " (" + m.Owner + ")" }

// ParseMark reads the description of a rule.
func ParseMark(description string) Mark {
	rest, ok := strings.CutPrefix(description, markPrefix)
	i := strings.LastIndex(rest, " (")
	if !ok || i < 0 || !strings.HasSuffix(rest, ")") {
		return Mark{}
	}
	return Mark{Purpose: rest[:i], Owner: rest[i+2 : len(rest)-1]}
}

// EndpointGroupDescription is the description of the security group of the
// endpoints. EC2 lets nobody change it: to change it here would replace the group,
// and with it every endpoint.
const EndpointGroupDescription = "Interface endpoints for the pollers of an MSK cluster"

// What rules are for, as their descriptions say it. A change of a text updates
// every rule that is deployed.
const (
	purposeBrokers   = "pollers to brokers"
	purposeEndpoints = "pollers to endpoints"
	purposeServices  = "pollers to AWS services"
	purposePollers   = "pollers"
	purposeClient    = "endpoint client"
	purposeVPC       = "VPC"
)
