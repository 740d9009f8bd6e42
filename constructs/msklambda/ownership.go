package msklambda

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/network"
)

// StackTag is the key of the tag on every endpoint defined here. Its value is
// the owner, by default the name of the stack. The descriptions of rules end in the
// owner too. So a look-up knows what its own stack made, and must go on defining, from
// what others made. The tags of CloudFormation would not do, because not every API
// returns them.
const StackTag = network.MarkTag

// stackName is that of the stack that is deployed, of which there is one in an
// account and region. It does not name the construct, which may move.
func stackName(scope constructs.Construct) string {
	return *topStack(scope).StackName()
}

// owner is who defines what is shared.
func (p *ClusterProps) owner(scope constructs.Construct) string {
	if p.Owner != "" {
		return p.Owner
	}
	return stackName(scope)
}

// stackNames are what CloudFormation takes for the name of a stack, and what tags,
// descriptions and names of parameters take as well.
var stackNames = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)

func (p *ClusterProps) validateOwner(ps *problems) {
	if p.Owner != "" && !stackNames.MatchString(p.Owner) {
		ps.Add("Owner", "must be what a stack can be called, a letter and up to 127 letters, digits or hyphens after it, got %q", p.Owner)
	}
}

// tag marks an endpoint as this stack's.
func (c *Cluster) tag(endpoint constructs.IConstruct) {
	endpoint.Node().DefaultChild().(awsec2.CfnVPCEndpoint).CdkTagManager().SetTag(
		jsii.String(StackTag), jsii.String(c.props.owner(c)), nil, nil)
}
