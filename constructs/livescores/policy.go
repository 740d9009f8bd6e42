package livescores

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
	"msklambda/lambda/livescores/layout"
)

// statement allows actions on one resource. reason says why that has a wildcard,
// if it has.
type statement struct {
	sid      string
	actions  []string
	resource string
	reason   string
	only     map[string][]string // all values of a key of a request match one of these
}

// The partition keys of what lies in the tables, as IAM patterns. That of a match is
// its id, which can be any text without '#', and cannot be told from them.
var (
	ofIndex  = map[string][]string{"dynamodb:LeadingKeys": {layout.IndexKey}}
	ofShards = map[string][]string{"dynamodb:LeadingKeys": {"?*#?"}} // of the followers of a match, or how far they are told

	// Of what a connection follows. That of a match never is: its id has no '#'.
	ofFollows = map[string][]string{"dynamodb:LeadingKeys": {layout.FollowsPrefix + "*"}}
)

// attributes are those of an item of a table that a request may name.
func attributes(names ...string) map[string][]string {
	return map[string][]string{"dynamodb:Attributes": append([]string{layout.Match, layout.Item}, names...)}
}

func (l *LiveScores) policy(scope constructs.Construct, id string, role awsiam.IRole, statements []statement) awsiam.Policy {
	policy := awsiam.NewPolicy(scope, &id, nil)
	var reasons, findings []string
	for _, s := range statements {
		props := &awsiam.PolicyStatementProps{Sid: &s.sid, Actions: jsii.Strings(s.actions...), Resources: jsii.Strings(s.resource)}
		if s.only != nil {
			props.Conditions = &map[string]any{"ForAllValues:StringLike": s.only}
		}
		policy.AddStatements(awsiam.NewPolicyStatement(props))
		if s.reason != "" {
			reasons = append(reasons, s.sid+": "+s.reason)
			findings = append(findings, nag.Wildcards(policy, s.resource)...)
		}
	}
	role.AttachInlinePolicy(policy)
	// Just these: a wildcard that somebody adds to the policy is theirs to explain.
	nag.Explain(policy, "AwsSolutions-IAM5", strings.Join(reasons, "; "), findings...)
	return policy
}
