package mskapp

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// AdminConfig is the admin function. Its fields beside Props are what becomes a
// construct once there is a stack to import it into.
type AdminConfig struct {
	Props msklambda.AdminProps

	SecretARN, SecretKeyARN string
}

// adminID is the construct id of the admin function.
const adminID = "Admin"

func (c *Config) admin() *AdminConfig {
	if c.Admin == nil {
		c.Admin = &AdminConfig{}
	}
	return c.Admin
}

// right takes no empty text for none: it may be a variable of a script that was not set,
// and the function would be gone without a word.
func (v value) right() msklambda.AdminRight {
	right := msklambda.AdminRight(v.text())
	if _, isText := v.raw.(string); isText && right == "" {
		v.bad(fmt.Sprintf("%q, %q or %q", msklambda.AdminRead, msklambda.AdminProduce, msklambda.AdminManage))
	}
	return right
}

// checkAdmin reports what is wrong with the admin function, by the names of the keys.
func (c *Config) checkAdmin(reported fields, ps *problem.List) {
	a := c.Admin
	if a == nil {
		return
	}
	p := &a.Props
	if p.Allow == "" && !reported["Admin.Allow"] {
		ps.Add("admin", "is required for the other keys of an admin function: %q, %q or %q", msklambda.AdminRead, msklambda.AdminProduce, msklambda.AdminManage)
	}
	if a.SecretARN != "" {
		p.Authentication.Secret = namedSecret{arn: a.SecretARN, key: a.SecretKeyARN}
	} else if a.SecretKeyARN != "" {
		ps.Add("adminSecretKeyArn", "needs adminSecretArn")
	}
	if slices.ContainsFunc(c.Consumers, func(c *ConsumerConfig) bool { return c.Name == adminID && c.Stack == "" }) {
		ps.Add("admin", "must not be given with a consumer whose name is %q, which is the name of the admin function", adminID)
	}
	for _, p := range append(problem.Of(p.Validate()), problem.Of(c.Cluster.ValidateAdmin(p))...) {
		if !reported[adminField(p.Field)] {
			p = p.Rename(adminKeyOf)
			ps.Add(p.Field, "%s", p.Message)
		}
	}
}

// adminField is what a field of an admin function, or of its cluster, is called beside
// those of consumers.
func adminField(field string) string {
	first, _, _ := strings.Cut(field, ".")
	if _, ok := reflect.TypeFor[msklambda.AdminProps]().FieldByName(first); ok {
		return "Admin." + field
	}
	return field
}

func adminKeyOf(field string) string { return keyOf(adminField(field)) }

// importInto imports what the admin function names by ARN.
func (a *AdminConfig) importInto(stack awscdk.Stack) {
	if a == nil || a.SecretARN == "" {
		return
	}
	// Beside those of a consumer, which may be called Admin in a stack of its own.
	scope := constructs.NewConstruct(stack, jsii.String("AdminImports"))
	a.Props.Authentication.Secret = secretOf(scope, "Secret", a.SecretARN, a.SecretKeyARN)
}

// addTo defines it, and panics with what is wrong by the names of its own keys.
func (a *AdminConfig) addTo(cluster *msklambda.Cluster) {
	if a == nil {
		return
	}
	if err := try(func() { cluster.AddAdmin(adminID, &a.Props) }); err != nil {
		panic(byKeys(err, adminKeyOf))
	}
}
