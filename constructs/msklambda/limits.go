package msklambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
)

// What AWS allows, in characters without white space.
const (
	mostInlinePolicies = 10240 // of a role, in all of its inline policies
	mostEndpointPolicy = 20480
)

// policyLimits refuses more policy than IAM takes for a role, and EC2 for an
// endpoint, where something of this package has a part in it.
func policyLimits(nodes []constructs.IConstruct, isOurs func(path string) bool) (found []*string) {
	type attached struct {
		paths []string
		size  int
		ours  bool
	}
	roles := map[string]*attached{}
	var order []string
	for _, node := range nodes {
		switch r := node.(type) {
		case awsiam.CfnPolicy:
			path := *node.Node().Path()
			stack := awscdk.Stack_Of(r)
			resolved, _ := stack.Resolve([]any{r.PolicyDocument(), r.Roles()}).([]any)
			if len(resolved) < 2 {
				continue // of users and groups
			}
			list, _ := resolved[1].([]any)
			size := policySize(resolved[0])
			for _, role := range list {
				key := identityIn(stack, "role", role)
				if roles[key] == nil {
					roles[key] = &attached{}
					order = append(order, key)
				}
				a := roles[key]
				a.paths, a.size, a.ours = append(a.paths, path), a.size+size, a.ours || isOurs(path)
			}
		case awsec2.CfnVPCEndpoint:
			path := *node.Node().Path()
			document := r.PolicyDocument()
			if document == nil {
				continue
			}
			if size := policySize(awscdk.Stack_Of(r).Resolve(document)); size > mostEndpointPolicy && isOurs(path) {
				text := fmt.Sprintf("%s has a policy of at least %d characters, and EC2 takes %d: set EndpointAccess \"vpc\", or let consumers share secrets and destinations", path, size, mostEndpointPolicy)
				found = append(found, &text)
			}
		}
	}
	for _, key := range order {
		if a := roles[key]; a.ours && a.size > mostInlinePolicies {
			text := fmt.Sprintf("%s are attached to one role and have at least %d characters, and IAM takes %d in all inline policies of a role: give some of the consumers a Role, or a Function, of their own",
				strings.Join(a.paths, ", "), a.size, mostInlinePolicies)
			found = append(found, &text)
		}
	}
	return found
}

// policySize is the least size of a policy, as IAM counts it: what is known at the
// deploy only counts as nothing.
func policySize(document any) int {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(shortest(document)); err != nil {
		panic(err) // what CDK resolved came from JSON
	}
	size := 0
	for _, r := range text.String() {
		if !unicode.IsSpace(r) {
			size++
		}
	}
	return size
}

// shortest is a value with nothing in place of what CloudFormation fills in.
func shortest(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return literals(argument, name)
				}
			}
		}
		out := map[string]any{}
		for key, value := range v {
			out[key] = shortest(value)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = shortest(out[i])
		}
		return out
	}
	return v
}

// literals are the texts that an Fn::Join puts together, which are known.
func literals(argument any, name string) string {
	list, _ := argument.([]any)
	if name != "Fn::Join" || len(list) != 2 {
		return ""
	}
	var out strings.Builder
	parts, _ := list[1].([]any)
	for _, part := range parts {
		if text, ok := part.(string); ok {
			out.WriteString(text)
		}
	}
	return out.String()
}
