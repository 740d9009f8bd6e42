package mskapp

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"msklambda/constructs/internal/retention"
	"msklambda/constructs/msklambda"
)

// object is a JSON schema, or a part of one.
type object = map[string]any

// Each form below is what value reads, in JSON or as the text that -c gives.

var (
	aText   = object{"type": "string"}
	aList   = anyOf(object{"type": "array", "items": aText}, aText)
	aSwitch = anyOf(object{"type": "boolean"}, oneOf("true", "false"))
	aTime   = object{"type": "string", "pattern": `^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}T.*$`}
	aPairs  = anyOf(object{"type": "object", "additionalProperties": aText}, aText)

	// Go's notation. Only 0 needs no unit, where it is a duration that is allowed.
	aDuration = object{"type": "string", "pattern": `^\s*[-+]?(0|([0-9]*\.?[0-9]*(ns|us|µs|ms|s|m|h))+)\s*$`}
	orZero    = anyOf(aDuration, object{"type": "number", "enum": []any{0}})

	jsonList = anyOf(object{"type": "array"}, aText)
	objects  = anyOf(object{"type": "array", "items": object{"type": "object"}}, aText)
)

func anyOf(forms ...object) object { return object{"anyOf": forms} }

func oneOf(texts ...string) object { return object{"type": "string", "enum": texts} }

func whole(low, high int) object {
	return anyOf(object{"type": "integer", "minimum": low, "maximum": high}, object{"type": "string", "pattern": `^\s*[-+]?[0-9]+\s*$`})
}

func retentions() object {
	days := slices.Sorted(maps.Keys(retention.ByDays))
	return anyOf(object{"type": "integer", "enum": days}, object{"type": "string", "pattern": `^\s*\+?[0-9]+\s*$`})
}

func alarmForms() object {
	numbers := object{}
	for key := range alarmSettings {
		switch {
		case key == "skip":
			numbers[key] = aList
		case strings.HasSuffix(key, "For") || key == "timeout":
			numbers[key] = aDuration
		default:
			numbers[key] = whole(0, 1<<31-1)
		}
	}
	return anyOf(object{"type": "boolean"}, object{"type": "object", "properties": numbers, "additionalProperties": false}, aText)
}

// forms are what the keys take. A key that is not here is a text.
var forms = map[string]object{
	"subnetIds": aList, "securityGroupIds": aList, "vpcCidrs": aList, "endpointClientSecurityGroupIds": aList, "endpointClientCidrs": aList,
	"functionSubnetIds": aList, "functionSecurityGroupIds": aList, "layerArns": aList, "alarmTopicArns": aList, "deploymentAlarmArns": aList,
	"schemaValidate": aList, "functionRegistrySecretArns": aList, "idempotency": anyOf(object{"type": "boolean"}, aText),
	"metrics": aList, "adminTopics": aList, "adminGroups": aList,

	"allowPublicAccess": aSwitch, "allowMissingTopics": aSwitch, "retainSecurityGroupRules": aSwitch, "enabled": aSwitch, "bisectOnError": aSwitch, "reportBatchItemFailures": aSwitch,
	"dashboard": aSwitch, "restrictNetworkInterfaces": aSwitch,

	"lambdaEndpointStatements": objects, "stsEndpointStatements": objects, "secretsManagerEndpointStatements": objects,
	"sqsEndpointStatements": objects, "snsEndpointStatements": objects, "s3EndpointStatements": objects,
	"filters": jsonList, "schemaAccess": aPairs, "environment": aPairs, "tags": aPairs, "alarms": alarmForms(), createTopicKey: topicForms(),

	"batchSize": whole(1, 10000), "minimumPollers": whole(1, 200), "maximumPollers": whole(1, 2000), "retryAttempts": whole(-1, 10000),
	"memorySize": whole(128, 10240), "ephemeralStorageSize": whole(512, 10240), "reservedConcurrency": whole(0, 1<<31-1), "logRetentionDays": retentions(),
	"batchWindow": orZero, "maxRecordAge": aDuration, "timeout": aDuration, "startingPositionTimestamp": aTime,

	"endpointAccess":           oneOf("pollers", "vpc"),
	"securityGroupRules":       oneOf("ingress", "all", "none"),
	"startingPosition":         oneOf("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
	"authentication":           oneOf("iam", "scram", "mtls", "tls", "plaintext"),
	"admin":                    oneOf("read", "produce", "manage"),
	"adminAuthentication":      oneOf("iam", "scram", "mtls", "tls", "plaintext"),
	"pollers":                  oneOf("on-demand", "provisioned", "off"),
	"schemaFormat":             oneOf(string(msklambda.RegistryFormatJSON), string(msklambda.RegistryFormatSource)),
	"pollerLogLevel":           oneOf("DEBUG", "INFO", "WARN"),
	"architecture":             oneOf("arm64", "x86_64"),
	"tracing":                  oneOf("ACTIVE", "PASS_THROUGH", "DISABLED"),
	"idempotencyRemovalPolicy": oneOf("RETAIN_ON_UPDATE_OR_DELETE", "RETAIN", "DESTROY"),
	"logRemovalPolicy":         oneOf("RETAIN_ON_UPDATE_OR_DELETE", "RETAIN", "DESTROY"),
	"logLevel":                 oneOf("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
	"systemLogLevel":           oneOf("DEBUG", "INFO", "WARN"),
	"endpointIpAddressType":    oneOf("IPV4", "DUALSTACK"),
}

func form(key string) object {
	if f, ok := forms[key]; ok {
		return f
	}
	return aText
}

// described is the form of a key with what docs/settings.md says of it.
func (s setting) described() object {
	out := maps.Clone(form(s.key))
	text := s.usage
	if s.standard != "" {
		text += ". Default: " + s.standard
	}
	out["description"] = strings.ReplaceAll(text, "`", "")
	return out
}

// Schema is the JSON schema of cdk.json, as far as it is about this app and those
// extensions. Its definition "consumers" is that of a file of consumers.
func Schema(extensions ...*Extension) []byte {
	ref := func(name string) object { return object{"$ref": "#/definitions/" + name} }
	all := object{
		exampleKey: object{"$ref": "#/definitions/context", "description": "configuration that stands in where no clusterArn is given"},
		ignoreKey:  object{"anyOf": aList["anyOf"], "description": "context keys of others, which this app leaves alone"},
		consumersKey: object{"description": "consumers, or patterns of files that hold them", "anyOf": []object{
			{"type": "string"}, {"type": "array", "minItems": 1, "items": anyOf(ref("consumer"), aText)}}},
	}
	for _, s := range append(settings(), settingsOf(extensions)...) {
		all[s.key] = s.described()
	}
	one := object{
		"name":    object{"type": "string", "pattern": consumerName.String(), "description": "construct id of the consumer, which is in the ids of its resources"},
		"$schema": aText,
	}
	for _, s := range consumerSettings {
		// "" takes a default away that is given outside of the list.
		one[s.key] = anyOf(ref("context/properties/"+s.key), object{"type": "string", "enum": []any{""}})
	}
	text, err := json.MarshalIndent(object{
		"$schema":    "http://json-schema.org/draft-07/schema#",
		"type":       "object",
		"properties": object{"context": ref("context")},
		"definitions": object{
			"context": object{"type": "object", "properties": all, "additionalProperties": false,
				"patternProperties": object{"[@:/]|^(" + strings.Join(toolKeys, "|") + ")$": object{}}},
			"consumer":  object{"type": "object", "properties": one, "required": []string{"name"}, "additionalProperties": false},
			"consumers": anyOf(ref("consumer"), object{"type": "array", "minItems": 1, "items": ref("consumer")}),
		},
	}, "", "  ")
	if err != nil {
		panic(err) // texts, numbers and lists
	}
	return append(text, '\n')
}
