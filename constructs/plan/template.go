package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Template is a synthesized template, and what the assembly says of it.
type Template struct {
	// Stack is the name of the stack's artifact, as the CLI takes it.
	Stack string `json:"-"`

	// File is where it was read, "" = nowhere.
	File string `json:"-"`

	Resources map[string]*Resource
	Rules     map[string]any

	// Alone is whether it is of no assembly, so that its name need not be that of a
	// stack.
	Alone bool `json:"-"`

	// After are the artifacts that are deployed before it.
	After []string `json:"-"`

	// Known is how what is there is known, Reasons what the planner of the network
	// decided and why, and Warnings what synth warned of: by construct path. A
	// template by itself has none.
	Known, Reasons, Warnings map[string][]string `json:"-"`
}

// Resource is one of a template.
type Resource struct {
	LogicalID string `json:"-"`

	Type                string
	Properties          map[string]any
	Metadata            map[string]any
	DependsOn           any
	DeletionPolicy      string
	UpdateReplacePolicy string
}

// ParseTemplate reads a template in JSON.
func ParseTemplate(stack string, data []byte) (*Template, error) {
	t := &Template{Stack: stack}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("%s: a template must be JSON, as cdk.out has it: %w", stack, err)
	}
	if t.Resources == nil {
		return nil, fmt.Errorf("%s: has no Resources, so it is not a template", stack)
	}
	for id, r := range t.Resources {
		if r == nil {
			return nil, fmt.Errorf("%s: resource %s is empty", stack, id)
		}
		r.LogicalID = id
		if r.Type == "AWS::CDK::Metadata" {
			delete(t.Resources, id) // statistics for CDK, which make nothing
		}
	}
	return t, nil
}

// path is that of the construct, without the stack and without the Resource at the
// end; the logical id where the template has no such metadata.
func (r *Resource) path() string {
	path, ok := r.Metadata["aws:cdk:path"].(string)
	if !ok {
		return r.LogicalID
	}
	_, path, _ = strings.Cut(path, "/")
	return strings.TrimSuffix(path, "/Resource")
}

// same reports whether CloudFormation has nothing to do to come from one to the
// other.
func (r *Resource) same(other *Resource) bool {
	return r.Type == other.Type && reflect.DeepEqual(r.Properties, other.Properties) &&
		r.DeletionPolicy == other.DeletionPolicy && r.UpdateReplacePolicy == other.UpdateReplacePolicy
}

// changed are the names of the properties that are not the same, sorted.
func (r *Resource) changed(other *Resource) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(merged(r.Properties, other.Properties))) {
		if !reflect.DeepEqual(r.Properties[name], other.Properties[name]) {
			names = append(names, name)
		}
	}
	return names
}

func merged(a, b map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// stays reports whether the resource is kept when it leaves the template.
func (r *Resource) stays() bool { return strings.HasPrefix(r.DeletionPolicy, "Retain") }

// outlives reports whether the resource is kept when another takes its place under
// its logical id.
func (r *Resource) outlives() bool { return strings.HasPrefix(r.UpdateReplacePolicy, "Retain") }

// after are the logical ids that the resource waits for.
func (r *Resource) after() (ids []string) {
	for _, id := range list(r.DependsOn) {
		ids = append(ids, text(id))
	}
	return ids
}

// list is a value that may stand alone or in a list, as IAM and DependsOn have it.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// text is a value of a template as one reads it: a reference is what it names, and
// what is missing is empty.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		if id, ok := v["Ref"].(string); ok && len(v) == 1 {
			return id
		}
		if parts, ok := v["Fn::GetAtt"].([]any); ok && len(v) == 1 {
			return texts(parts, ".")
		}
	case []any:
		return texts(v, ", ")
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came from JSON
	}
	return string(data)
}

func texts(values []any, between string) string {
	var out []string
	for _, v := range values {
		out = append(out, text(v))
	}
	return strings.Join(out, between)
}

// at follows names into a value.
func at(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// createOnly are the properties that a resource takes when it is made and never
// after: a change of one makes a new resource, and then deletes the old. They are
// those of CloudFormation's schemas, for what this library defines.
var createOnly = map[string][]string{
	typeMapping:                  {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"},
	typeEndpoint:                 {"VpcId", "ServiceName", "VpcEndpointType"},
	typeGroup:                    {"GroupDescription", "GroupName", "VpcId"},
	typeIngress:                  {"CidrIp", "CidrIpv6", "FromPort", "GroupId", "IpProtocol", "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupOwnerId", "ToPort"},
	typeEgress:                   {"CidrIp", "CidrIpv6", "FromPort", "GroupId", "IpProtocol", "DestinationPrefixListId", "DestinationSecurityGroupId", "ToPort"},
	typePolicy:                   {},
	typeRole:                     {"Path", "RoleName"},
	typeFunction:                 {"FunctionName", "PackageType"},
	typeTopic:                    {"ClusterArn", "ReplicationFactor", "TopicName"},
	typeTable:                    {"KeySchema", "TableName"},
	"AWS::Logs::LogGroup":        {"LogGroupName"},
	"AWS::SSM::Parameter":        {"Name"},
	"AWS::SQS::Queue":            {"FifoQueue", "QueueName"},
	"AWS::CloudWatch::Alarm":     {"AlarmName"},
	"AWS::CloudWatch::Dashboard": {"DashboardName"},
}

const (
	typeMapping  = "AWS::Lambda::EventSourceMapping"
	typeFunction = "AWS::Lambda::Function"
	typeEndpoint = "AWS::EC2::VPCEndpoint"
	typeGroup    = "AWS::EC2::SecurityGroup"
	typeIngress  = "AWS::EC2::SecurityGroupIngress"
	typeEgress   = "AWS::EC2::SecurityGroupEgress"
	typePolicy   = "AWS::IAM::Policy"
	typeRole     = "AWS::IAM::Role"
)

// replacing are the changed properties that make a new resource of an old one.
func replacing(before, after *Resource) (names []string) {
	for _, name := range before.changed(after) {
		if slices.Contains(createOnly[after.Type], name) {
			names = append(names, name)
		}
	}
	return names
}
