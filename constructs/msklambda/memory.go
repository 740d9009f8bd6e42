package msklambda

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"
)

// memoryID is of the parameter in which a stack keeps what it defines of the
// network of a cluster that is looked up.
const memoryID = "Memory"

// memoryName is the name of that parameter: of the owner and the cluster, and not of
// a construct, which may move.
func memoryName(owner, clusterARN string) string {
	_, cluster, _ := strings.Cut(clusterARN, ":cluster/")
	return "/msklambda/" + owner + "/" + cluster
}

// remember keeps what the plan defines where the next look-up reads it. Without, a
// tag or a description that somebody edits would take from the template what this
// stack itself made.
func (c *Cluster) remember() {
	memory := c.network.Plan().Memory()
	if c.looked == nil || memory.IsZero() {
		return
	}
	value := jsii.String(memory.String())
	if c.memory != nil {
		c.memory.SetValue(value)
		return
	}
	c.memory = awsssm.NewCfnParameter(c, jsii.String(memoryID), &awsssm.CfnParameterProps{
		Name:        jsii.String(memoryName(c.props.owner(c), c.ClusterARN)),
		Type:        jsii.String("String"),
		Description: jsii.String("What this stack defines in the network of an MSK cluster, for the look-up of msklambda. Do not edit."),
		// Free to 4 KB, which it passes with more than 50 rules.
		Tier:  jsii.String("Intelligent-Tiering"),
		Value: value,
	})
}

// goneWarnings warns of what the last deploy defined and this template does not. It
// is a validation because that runs when the last consumer is there.
type goneWarnings struct{ cluster *Cluster }

func (v *goneWarnings) Validate() *[]*string {
	if !v.cluster.Pending() {
		for _, n := range v.cluster.network.Gone() {
			warnLate(v.cluster, n)
		}
	}
	return &[]*string{}
}
