// Package nag writes what cdk-nag reads, for all constructs alike.
package nag

import (
	"encoding/json"
	"strings"
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
