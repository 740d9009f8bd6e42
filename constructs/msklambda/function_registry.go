package msklambda

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"

	"msklambda/constructs/notice"
)

// FunctionRegistry is the schema registry that the function itself asks, as
// lambda/kafka/registry does; that of the pollers is SchemaRegistry. The role may
// then read what is named here, and nothing else of it. The function is told where
// the registry is by Environment. At least one field is set.
//
// A function in a VPC needs a way to it: an interface endpoint for Glue or
// Secrets Manager, or a NAT gateway; and a route to a registry of Confluent's kind
// with a security group that lets it in.
type FunctionRegistry struct {
	// GlueARN is that of a Glue registry, whose schemas' versions the role may get.
	GlueARN string

	// Secrets are those of a registry that speaks Confluent's API, which the role may
	// read, with their keys. Each must be known by its whole ARN, as that of
	// [Authentication].
	Secrets []awssecretsmanager.ISecret
}

func (r *FunctionRegistry) validate(ps *problems) {
	if r == nil {
		return
	}
	if r.GlueARN == "" && len(r.Secrets) == 0 {
		ps.Add("FunctionRegistry", "must have {FunctionRegistry.GlueARN} or {FunctionRegistry.Secrets} set, or it grants nothing")
	}
	switch {
	case isToken(r.GlueARN):
		// The ARN of its schemas is made of it.
		ps.Add("FunctionRegistry.GlueARN", "must not hold a token")
	case r.GlueARN != "" && !glueRegistry.MatchString(r.GlueARN):
		ps.Add("FunctionRegistry.GlueARN", `must be the ARN of a Glue registry, such as "arn:aws:glue:us-east-1:111122223333:registry/orders", got %q`, r.GlueARN)
	}
	for i, secret := range r.Secrets {
		field := fmt.Sprintf("FunctionRegistry.Secrets[%d]", i)
		if secret == nil {
			ps.Add(field, "must not be nil")
		} else {
			ps.secret(field, secret)
		}
	}
}

func (r *FunctionRegistry) statements() (out []statement) {
	if r == nil {
		return nil
	}
	if r.GlueARN != "" {
		out = append(out, allow("FunctionSchemas", glueResources(r.GlueARN), "glue:GetSchemaVersion").
			because("the schemas of this one registry, which records name by id"))
	}
	for i, secret := range r.Secrets {
		out = append(out, secretStatements(fmt.Sprintf("FunctionRegistrySecret%d", i), secret)...)
	}
	return out
}

// glueResources are a registry and its schemas: the ARN of a schema is that of its
// registry with the schema's name.
func glueResources(registry string) []string {
	return []string{registry, strings.Replace(registry, ":registry/", ":schema/", 1) + "/*"}
}

// warnOfServices says what a function in a VPC has to reach, which only the VPC's
// routes and endpoints can let it.
func (c *Consumer) warnOfServices(p *ConsumerProps) {
	if !c.inVPC {
		return
	}
	var needs []string
	if p.Idempotency != nil {
		needs = append(needs, "DynamoDB (a gateway endpoint, or NAT)")
	}
	if r := p.FunctionRegistry; r != nil {
		if r.GlueARN != "" {
			needs = append(needs, "Glue (an interface endpoint, or NAT)")
		}
		if len(r.Secrets) > 0 {
			needs = append(needs, "Secrets Manager (an interface endpoint, or NAT)")
		}
	}
	if len(needs) > 0 {
		warn(c, notice.FunctionServices.With(notice.Data{"services": strings.Join(needs, ", ")}))
	}
}
