package livescores

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
)

// statement allows actions on one resource. reason says why that has a wildcard,
// if it has.
type statement struct {
	sid      string
	actions  []string
	resource string
	reason   string
}

func (l *LiveScores) policy(scope constructs.Construct, id string, role awsiam.IRole, statements []statement) awsiam.Policy {
	policy := awsiam.NewPolicy(scope, &id, nil)
	var reasons, findings []string
	for _, s := range statements {
		policy.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: &s.sid, Actions: jsii.Strings(s.actions...), Resources: jsii.Strings(s.resource)}))
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
