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

// What CloudFormation takes in a template. No quota of an account raises either.
const (
	mostResources = 500
	mostOutputs   = 200
)

// stackLimits refuses more than a stack may have, where consumers of this package are
// in it.
func stackLimits(cluster *Cluster, nodes []constructs.IConstruct) (found []string) {
	resources, outputs := 0, 0
	for _, node := range nodes {
		switch node.(type) {
		case awscdk.CfnResource:
			resources++
		case awscdk.CfnOutput:
			outputs++
		}
	}
	if resources <= mostResources && outputs <= mostOutputs {
		return nil // in the whole app: to ask which stack each is of would cost every synth
	}
	type stack struct{ resources, outputs, consumers int }
	stacks := map[string]*stack{}
	var order []string
	inTurns(cluster, nodes, func(node constructs.IConstruct) {
		_, isConsumer := node.(*Consumer)
		_, isResource := node.(awscdk.CfnResource)
		_, isOutput := node.(awscdk.CfnOutput)
		if !isConsumer && !isResource && !isOutput {
			return
		}
		at := *awscdk.Stack_Of(node).Node().Path()
		if stacks[at] == nil {
			stacks[at] = &stack{}
			order = append(order, at)
		}
		s := stacks[at]
		switch {
		case isResource:
			s.resources++
		case isOutput:
			s.outputs++
		default:
			s.consumers++
		}
	})
	for _, at := range order {
		s := stacks[at]
		if s.consumers == 0 {
			continue
		}
		for _, limit := range []struct {
			what      string
			has, most int
		}{{"resources", s.resources, mostResources}, {"outputs", s.outputs, mostOutputs}} {
			if limit.has > limit.most {
				found = append(found, fmt.Sprintf("%s has %d %s, for %d consumers and what else is there, and CloudFormation takes %d in a stack: put some of the consumers into another, by NewConsumer with a scope there, "+
					"or in the app by consumerStack; new ones, because one that runs would be made anew there", at, limit.has, limit.what, s.consumers, limit.most))
			}
		}
	}
	return found
}

// policyLimits refuses more policy than IAM takes for a role, and EC2 for an
// endpoint, where something of this package has a part in it.
type policyLimits struct {
	ours      places
	admins    places
	roles     map[string]*attached
	order     []string
	endpoints []string // those that have too much
}

// attached is what is attached to a role.
type attached struct {
	paths []string
	size  int
	ours  bool
	admin bool // it is that of an admin function
}

func hasPolicy(node constructs.IConstruct) bool {
	switch node.(type) {
	case awsiam.CfnPolicy, awsec2.CfnVPCEndpoint:
		return true
	}
	return false
}

func (l *policyLimits) look(node constructs.IConstruct) {
	switch r := node.(type) {
	case awsiam.CfnPolicy:
		path := *node.Node().Path()
		stack := awscdk.Stack_Of(r)
		resolved, _ := stack.Resolve([]any{r.PolicyDocument(), r.Roles()}).([]any)
		if len(resolved) < 2 {
			return // of users and groups
		}
		list, _ := resolved[1].([]any)
		size := policySize(resolved[0])
		for _, role := range list {
			key := identityIn(stack, "role", role)
			if l.roles[key] == nil {
				l.roles[key] = &attached{}
				l.order = append(l.order, key)
			}
			a := l.roles[key]
			a.paths, a.size, a.ours = append(a.paths, path), a.size+size, a.ours || l.ours.hold(path)
			a.admin = a.admin || l.admins.hold(path)
		}
	case awsec2.CfnVPCEndpoint:
		path := *node.Node().Path()
		document := r.PolicyDocument()
		if document == nil {
			return
		}
		if size := policySize(awscdk.Stack_Of(r).Resolve(document)); size > mostEndpointPolicy && l.ours.hold(path) {
			l.endpoints = append(l.endpoints, fmt.Sprintf("%s has a policy of at least %d characters, and EC2 takes %d: set EndpointAccess \"vpc\", or let consumers share secrets and destinations", path, size, mostEndpointPolicy))
		}
	}
}

func (l *policyLimits) found() []string {
	found := l.endpoints
	for _, key := range l.order {
		a := l.roles[key]
		if !a.ours || a.size <= mostInlinePolicies {
			continue
		}
		advice := "give some of the consumers a Role, or a Function, of their own"
		if a.admin {
			advice = `give the admin function Topics and Groups (in the app adminTopics and adminGroups) that are fewer, or patterns such as "orders-*"`
		}
		found = append(found, fmt.Sprintf("%s are attached to one role and have at least %d characters, and IAM takes %d in all inline policies of a role: %s",
			strings.Join(a.paths, ", "), a.size, mostInlinePolicies, advice))
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
