// Package cdkcontext is the way from a look-up to the CDK CLI: the context
// provider for Cloud Control.
package cdkcontext

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// provider is the CLI's context provider for all of Cloud Control.
const provider = "cc-api-provider"

// Context asks in the account and region of a scope.
type Context struct {
	scope constructs.Construct
}

// Of is the context of a scope.
func Of(scope constructs.Construct) Context { return Context{scope} }

// Get returns the answer to a question and the key it stands under.
func (c Context) Get(props map[string]any) (string, any) {
	key := awscdk.ContextProvider_GetKey(c.scope, &awscdk.GetContextKeyOptions{Provider: jsii.String(provider), Props: &props}).Key
	return *key, Plain(c.scope.Node().TryGetContext(key))
}

// Miss says that the answer to a question is missing.
func (c Context) Miss(props map[string]any) {
	awscdk.ContextProvider_GetValue(c.scope, &awscdk.GetContextValueOptions{
		Provider: jsii.String(provider), Props: &props,
		// What the CLI answers for a resource that need not be there and is not.
		DummyValue: []any{map[string]any{}},
	})
}

// Plain takes off the envelope in which jsii returns an object that Go once
// passed to it, as tests and apps that set context in code do.
func Plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if inner, ok := v["$jsii.map"]; ok && len(v) == 1 {
			return Plain(inner)
		}
		for key, element := range v {
			v[key] = Plain(element)
		}
	case []any:
		for i, element := range v {
			v[i] = Plain(element)
		}
	}
	return v
}
