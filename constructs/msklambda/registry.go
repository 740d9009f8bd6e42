package msklambda

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
)

// SchemaRegistry lets the pollers decode and check records by a schema
// registry before they invoke the function. It needs Pollers.
type SchemaRegistry struct {
	// URI is the ARN of a Glue registry, or the https URL of a Confluent one.
	URI string

	// Format of the key and value that the function gets.
	// Default: RegistryFormatJSON.
	Format RegistryFormat

	// ValidateKey has the keys of records checked and decoded. A record whose key
	// does not fit its schema goes the way of a failed one. This or ValidateValue
	// is set, or both.
	ValidateKey bool

	// ValidateValue has the values of records checked and decoded. A record whose
	// value does not fit its schema goes the way of a failed one.
	ValidateValue bool

	// Access is how the pollers prove to a Confluent registry who they are. A
	// Glue registry takes the role, which is granted what it needs.
	Access []RegistryAccess
}

// RegistryFormat is what the function gets of a record with a schema.
type RegistryFormat string

const (
	// RegistryFormatJSON is the key or value turned into JSON.
	RegistryFormatJSON RegistryFormat = "JSON"

	// RegistryFormatSource is the key or value as it was written, without the
	// registry's prefix.
	RegistryFormatSource RegistryFormat = "SOURCE"
)

// RegistryAccess is one credential for a Confluent registry.
type RegistryAccess struct {
	// Type says what the secret holds.
	Type RegistryAccessType

	// Secret must be known by its whole ARN, as that of [Authentication].
	Secret awssecretsmanager.ISecret
}

// RegistryAccessType says what the secret of a [RegistryAccess] holds.
type RegistryAccessType string

const (
	// RegistryBasicAuth is a user name and a password.
	RegistryBasicAuth RegistryAccessType = "BASIC_AUTH"

	// RegistryClientCertificate is a certificate and its private key, for mutual TLS.
	RegistryClientCertificate RegistryAccessType = "CLIENT_CERTIFICATE_TLS_AUTH"

	// RegistryServerRootCA is the certificate of the authority that signed the registry's.
	RegistryServerRootCA RegistryAccessType = "SERVER_ROOT_CA_CERTIFICATE"
)

var glueRegistry = regexp.MustCompile(`^arn:aws[a-z-]*:glue:[a-z0-9-]+:[0-9]{12}:registry/[A-Za-z0-9$#_.-]{1,255}$`)

func (r *SchemaRegistry) isGlue() bool { return strings.HasPrefix(r.URI, "arn:") || isToken(r.URI) }

func (r *SchemaRegistry) validate(ps *problems) {
	if r == nil {
		return
	}
	u, err := url.Parse(r.URI)
	switch {
	case isToken(r.URI):
		// Whether to grant Glue or to take Access hangs on what it is.
		ps.Add("SchemaRegistry.URI", "must not hold a token")
	case r.isGlue() && !glueRegistry.MatchString(r.URI):
		ps.Add("SchemaRegistry.URI", `must be the ARN of a Glue registry, such as "arn:aws:glue:us-east-1:111122223333:registry/orders", got %q`, r.URI)
	case !r.isGlue() && (err != nil || u.Scheme != "https" || u.Host == ""):
		ps.Add("SchemaRegistry.URI", "must be the ARN of a Glue registry or an https URL, got %q", r.URI)
	}
	if f := r.Format; f != "" && f != RegistryFormatJSON && f != RegistryFormatSource {
		ps.Add("SchemaRegistry.Format", "must be %s or %s, got %q", RegistryFormatJSON, RegistryFormatSource, f)
	}
	if !r.ValidateKey && !r.ValidateValue {
		ps.Add("SchemaRegistry", "must have {SchemaRegistry.ValidateKey} or {SchemaRegistry.ValidateValue} set, or it does nothing")
	}
	if r.isGlue() && len(r.Access) > 0 {
		ps.Add("SchemaRegistry.Access", "must not be given with a Glue registry, which takes the role")
	}
	if !r.isGlue() && len(r.Access) == 0 {
		ps.Add("SchemaRegistry.Access", "is required with a Confluent registry")
	}
	for i, a := range r.Access {
		field := fmt.Sprintf("SchemaRegistry.Access[%d]", i)
		switch a.Type {
		case RegistryBasicAuth, RegistryClientCertificate, RegistryServerRootCA:
		default:
			ps.Add(field+".Type", "must be %s, %s or %s, got %q", RegistryBasicAuth, RegistryClientCertificate, RegistryServerRootCA, a.Type)
		}
		if a.Secret == nil {
			ps.Add(field+".Secret", "is required")
		} else {
			ps.secret(field+".Secret", a.Secret)
		}
	}
}

func (r *SchemaRegistry) statements() []statement {
	if r == nil {
		return nil
	}
	if r.isGlue() {
		return []statement{
			allow("GlueRegistry", []string{r.URI}, "glue:GetRegistry"),
			allow("GlueSchemas", glueResources(r.URI), "glue:GetSchemaVersion").
				because("the schemas of this one registry, which records name by id"),
		}
	}
	var out []statement
	for i, a := range r.Access {
		out = append(out, secretStatements(fmt.Sprintf("RegistrySecret%d", i), a.Secret)...)
	}
	return out
}

func (r *SchemaRegistry) property() *awslambda.CfnEventSourceMapping_SchemaRegistryConfigProperty {
	format := string(cmp.Or(r.Format, RegistryFormatJSON))
	var access, validation []any
	for _, a := range r.Access {
		access = append(access, map[string]any{"type": string(a.Type), "uri": *a.Secret.SecretFullArn()})
	}
	if r.ValidateKey {
		validation = append(validation, map[string]any{"attribute": "KEY"})
	}
	if r.ValidateValue {
		validation = append(validation, map[string]any{"attribute": "VALUE"})
	}
	p := &awslambda.CfnEventSourceMapping_SchemaRegistryConfigProperty{
		SchemaRegistryUri: &r.URI, EventRecordFormat: &format, SchemaValidationConfigs: &validation,
	}
	if access != nil {
		p.AccessConfigs = &access
	}
	return p
}
