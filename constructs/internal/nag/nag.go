// Package nag writes what cdk-nag reads, for all constructs alike.
package nag

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Flat writes a resolved text as cdk-nag names it in its findings: <Logical.Arn>
// for what is not known before the deploy.
func Flat(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var out strings.Builder
		for _, element := range v {
			out.WriteString(Flat(element))
		}
		return out.String()
	case map[string]any:
		switch {
		case v["Ref"] != nil:
			return "<" + Flat(v["Ref"]) + ">"
		case v["Fn::GetAtt"] != nil:
			parts, _ := v["Fn::GetAtt"].([]any)
			if len(parts) == 2 {
				return "<" + Flat(parts[0]) + "." + Flat(parts[1]) + ">"
			}
		case v["Fn::Join"] != nil:
			parts, _ := v["Fn::Join"].([]any)
			if len(parts) == 2 {
				return Flat(parts[1])
			}
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // what CDK resolved came from JSON
	}
	return string(text)
}

// Explain writes beside a resource why a rule of cdk-nag does not hold for it, or
// for these findings of it, where the rule looks for it and a reader of the
// template finds it.
func Explain(c constructs.IConstruct, rule, reason string, findings ...string) {
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

// Wildcards are the findings of cdk-nag for those of a policy's resources that have
// a wildcard, each once.
func Wildcards(policy constructs.IConstruct, resources ...string) (findings []string) {
	resolved, _ := awscdk.Stack_Of(policy).Resolve(resources).([]any)
	for _, resource := range resolved {
		text := Flat(resource)
		if finding := "Resource::" + text; strings.Contains(text, "*") && !slices.Contains(findings, finding) {
			findings = append(findings, finding)
		}
	}
	return findings
}
