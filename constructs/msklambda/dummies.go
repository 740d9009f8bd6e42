package msklambda

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// dummy is what CDK's own look-ups give before the CLI has looked anything up:
// Vpc.fromLookup its ids and ranges, StringParameter.valueFromLookup a text with the
// parameter's name. An app that ends at one is never run again with the answer.
//
// SecurityGroup.fromLookupById gives "sg-12345678", which a group may be called, and
// which is a good id in any case.
var dummy = regexp.MustCompile(`dummy-value-for-|^(vpc-12345|[spi]-(12345|67890)|1\.2\.3\.4/5)$`)

// withoutDummies puts a text in the place of each dummy in props that passes for
// what it stands for, and returns the fields that had one. Two different dummies get
// different texts. The props are a copy already; what they refer to is copied here.
func withoutDummies(props any) (fields []string) {
	replaceDummies(reflect.ValueOf(props).Elem(), "", "", &fields)
	slices.Sort(fields)
	return slices.Compact(fields)
}

// asTheyAre are fields in which CDK's look-ups have nothing to do: what is on the
// machine that builds.
var asTheyAre = []string{"Entry", "BuildEnvironment"}

func replaceDummies(v reflect.Value, path, name string, fields *[]string) {
	switch v.Kind() {
	case reflect.String:
		if dummy.MatchString(v.String()) {
			v.SetString(passesFor(name, v.String()))
			*fields = append(*fields, path)
		}
	case reflect.Pointer:
		if !v.IsNil() && isOurs(v.Type().Elem()) {
			clone := reflect.New(v.Type().Elem())
			clone.Elem().Set(v.Elem())
			v.Set(clone)
			replaceDummies(clone.Elem(), path, name, fields)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !isOurs(v.Type()) || !field.IsExported() || slices.Contains(asTheyAre, field.Name) {
				continue
			}
			replaceDummies(v.Field(i), strings.TrimPrefix(path+"."+field.Name, "."), field.Name, fields)
		}
	case reflect.Slice:
		v.Set(cloned(v))
		for i := range v.Len() {
			replaceDummies(v.Index(i), path, name, fields)
		}
	case reflect.Map:
		if text, ok := v.Interface().(map[string]string); ok {
			text = maps.Clone(text)
			for key, value := range text {
				if dummy.MatchString(value) {
					text[key] = passesFor(name, value)
					*fields = append(*fields, path)
				}
			}
			v.Set(reflect.ValueOf(text))
		}
	}
}

func isOurs(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[ClusterProps]().PkgPath()
}

func cloned(slice reflect.Value) reflect.Value {
	if slice.IsNil() {
		return slice
	}
	out := reflect.MakeSlice(slice.Type(), slice.Len(), slice.Len())
	reflect.Copy(out, slice)
	return out
}

// passesFor is a text that a field takes.
func passesFor(field, dummy string) string {
	sum := sha256.Sum256([]byte(dummy))
	unique := hex.EncodeToString(sum[:])
	switch field {
	case "ClusterARN":
		return "arn:aws:kafka:us-east-1:000000000000:cluster/pending/00000000-0000-0000-0000-" + unique[:12] + "-1"
	case "VPCConnectionARN":
		return "arn:aws:kafka:us-east-1:000000000000:vpc-connection/000000000000/pending/00000000-0000-0000-0000-" + unique[:12] + "-1"
	case "VPCID":
		return "vpc-" + unique[:17]
	case "SubnetIDs":
		return "subnet-" + unique[:17]
	case "SecurityGroupIDs", "EndpointClientSecurityGroupIDs":
		return "sg-" + unique[:17]
	case "VPCCIDRs", "EndpointClientCIDRs":
		return fmt.Sprintf("10.%d.%d.0/24", sum[0], sum[1])
	case "ID":
		return "vpce-" + unique[:17]
	case "URI":
		return "https://" + unique[:12] + ".invalid"
	}
	return "pending-" + unique[:12]
}

// await keeps the templates of the cluster and its consumers from being deployed
// while CDK's own look-ups for these fields are to come.
func (c *Cluster) await(of string, fields []string) {
	if len(fields) == 0 {
		return
	}
	if c.pending == nil {
		c.pending = &pendingStacks{cluster: c}
		c.Node().AddValidation(c.pending)
	}
	for _, field := range fields {
		c.awaited = append(c.awaited, strings.TrimSpace(of+" "+field))
	}
}

// unknown is a token in place of an ARN that passes for one of the cluster: what is
// computed of its account and region would be wrong.
func (p *pendingStacks) unknown(arn *string, awaited []string, field string) {
	if slices.Contains(awaited, field) {
		*arn = *awscdk.Lazy_UncachedString(&placeholder{*arn, p}, &awscdk.LazyStringValueOptions{DisplayHint: jsii.String("Pending")})
	}
}

// whatIsAwaited says which fields CDK's own look-ups are to fill.
func (c *Cluster) whatIsAwaited() string {
	if len(c.awaited) == 0 {
		return ""
	}
	return ", by CDK for " + strings.Join(c.awaited, ", ")
}
