package livescores

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
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
			findings = append(findings, "Resource::"+nag.Flat(stackOf(l).Resolve(&s.resource)))
		}
	}
	role.AttachInlinePolicy(policy)
	// Just these: a wildcard that somebody adds to the policy is theirs to explain.
	explain(policy, "AwsSolutions-IAM5", strings.Join(reasons, "; "), findings...)
	return policy
}

// explain writes beside a resource why a rule of cdk-nag does not hold for it, or
// for these findings of it, where the rule looks for it and a reader of the
// template finds it.
func explain(c constructs.IConstruct, rule, reason string, findings ...string) {
	resource, ok := c.(awscdk.CfnResource)
	if !ok {
		resource = c.Node().DefaultChild().(awscdk.CfnResource)
	}
	entry := map[string]any{"id": rule, "reason": reason}
	if findings != nil {
		entry["applies_to"] = findings
	}
	var rules []any
	if known, ok := resource.GetMetadata(jsii.String("cdk_nag")).(map[string]any); ok {
		rules, _ = known["rules_to_suppress"].([]any)
	}
	resource.AddMetadata(jsii.String("cdk_nag"), map[string]any{"rules_to_suppress": append(rules, entry)})
}
