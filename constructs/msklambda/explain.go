package msklambda

import (
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/network"
	"msklambda/constructs/plan"
)

// explain leaves in the assembly what the planner decided for a consumer or an admin
// function, and why, from which a plan in words is made. It is metadata of the construct: no template
// has it, and the CLI shows it to nobody.
func (c *Cluster) explain(of constructs.Construct, step network.Step) {
	if len(c.consumers)+len(c.admins) == 0 && c.props.VPCConnectionARN == "" {
		c.Node().AddMetadata(jsii.String(plan.KnownType), jsii.String(c.knownFrom()), nil)
	}
	var reasons []string
	for _, r := range step.Reasons {
		reasons = append(reasons, r.Text)
	}
	if len(reasons) > 0 {
		of.Node().AddMetadata(jsii.String(plan.ReasonType), jsii.String(strings.Join(reasons, "\n")), nil)
	}
}

// knownFrom says how what is there is known.
func (c *Cluster) knownFrom() string {
	switch {
	case c.looked == nil:
		return "nothing was looked up: which endpoints and rules are there already is not known, and what this defines may be refused for it"
	case c.Pending():
		return "look-ups are pending: what is there is not known yet"
	}
	return "what is there is as the answers in cdk.context.json tell, whose age is not known"
}
