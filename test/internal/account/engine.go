package account

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// changes compares what is deployed with what is wanted.
func (s *Stack) changes(t *template, imports map[string]string) []change {
	var out []change
	for _, logical := range slices.Sorted(maps.Keys(t.Resources)) {
		r, old := t.Resources[logical], s.Resources[logical]
		switch {
		case old == nil && imports[logical] != "":
			out = append(out, change{"Import", logical, r.Type, imports[logical], "", nil})
		case old == nil:
			out = append(out, change{"Add", logical, r.Type, "", "", nil})
		case old.text != text(r):
			replacement := "False"
			if replaces(old, r) {
				replacement = "True"
			}
			out = append(out, change{"Modify", logical, r.Type, old.Physical, replacement, changed(old, r)})
		}
	}
	for _, logical := range slices.Sorted(maps.Keys(s.Resources)) {
		if t.Resources[logical] == nil {
			out = append(out, change{"Remove", logical, s.Resources[logical].Type, s.Resources[logical].Physical, "", nil})
		}
	}
	return out
}

// changed are the properties that differ, by whether they can change in place.
func changed(old *Resource, r *definition) map[string]bool {
	var before definition
	mustRead(old.text, &before)
	out := map[string]bool{}
	for _, properties := range []Properties{before.Properties, r.Properties} {
		for name := range properties {
			if text(before.Properties[name]) != text(r.Properties[name]) {
				out[name] = !slices.Contains(createOnly[r.Type], name)
			}
		}
	}
	return out
}

// identifiers are the properties that identify a resource, by type; those whose
// value AWS chooses are made up.
var identifiers = map[string]string{
	"AWS::EC2::VPCEndpoint": "Id", "AWS::EC2::SecurityGroup": "Id", "AWS::EC2::SecurityGroupIngress": "Id", "AWS::EC2::SecurityGroupEgress": "Id",
	"AWS::Lambda::EventSourceMapping": "Id", "AWS::Lambda::Function": "FunctionName", "AWS::IAM::Role": "RoleName", "AWS::IAM::Policy": "Id",
	"AWS::Logs::LogGroup": "LogGroupName", "AWS::SSM::Parameter": "Name", "AWS::SQS::Queue": "QueueUrl", "AWS::CloudFormation::WaitConditionHandle": "Id", "AWS::CDK::Metadata": "Id",
}

// createOnly are the properties that cannot change in a resource that is there, of
// the types that these tests make.
var createOnly = map[string][]string{
	"AWS::EC2::VPCEndpoint":           {"VpcId", "ServiceName", "VpcEndpointType"},
	"AWS::EC2::SecurityGroup":         {"GroupDescription", "GroupName", "VpcId"},
	"AWS::EC2::SecurityGroupIngress":  {"GroupId", "SourceSecurityGroupId", "CidrIp", "IpProtocol", "FromPort", "ToPort"},
	"AWS::EC2::SecurityGroupEgress":   {"GroupId", "DestinationSecurityGroupId", "CidrIp", "IpProtocol", "FromPort", "ToPort"},
	"AWS::Lambda::EventSourceMapping": {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"},
	"AWS::Lambda::Function":           {"FunctionName", "PackageType"},
	"AWS::IAM::Role":                  {"RoleName", "Path"},
	"AWS::IAM::Policy":                {"PolicyName"},
	"AWS::Logs::LogGroup":             {"LogGroupName"},
}

func replaces(old *Resource, r *definition) bool {
	if old.Type != r.Type {
		return true
	}
	var before definition
	mustRead(old.text, &before)
	return slices.ContainsFunc(createOnly[r.Type], func(p string) bool { return text(before.Properties[p]) != text(r.Properties[p]) })
}

// execute does what a change set says, or takes it all back.
func (a *Account) execute(s *Stack, set *changeSet) {
	fresh := s.Template == ""
	s.Status = map[string]string{"IMPORT": "IMPORT_COMPLETE"}[set.kind]
	if s.Status == "" {
		s.Status = map[bool]string{true: "CREATE_COMPLETE", false: "UPDATE_COMPLETE"}[fresh]
	}
	for logical, physical := range set.imports {
		r := set.parsed.Resources[logical]
		s.Resources[logical] = &Resource{Type: r.Type, Physical: physical, text: text(r)}
		a.log(s, "import", logical, r.Type)
	}
	before, resources := s.Template, maps.Clone(s.Resources)
	kept, next := text(a.Resources), a.next
	s.Template = set.template
	if failed := a.update(s, set.parsed); failed != "" {
		s.Template, s.Resources, a.next = before, resources, next
		a.Resources = map[string]map[string]Properties{}
		mustRead(kept, &a.Resources)
		s.Status = map[bool]string{true: "ROLLBACK_COMPLETE", false: "UPDATE_ROLLBACK_COMPLETE"}[fresh]
		s.events = append(s.events, event{s.Name, "AWS::CloudFormation::Stack", s.ID, s.Status, failed})
		a.Log = append(a.Log, "roll back stack "+s.Name+": "+failed)
		return
	}
	s.events = append(s.events, event{s.Name, "AWS::CloudFormation::Stack", s.ID, s.Status, ""})
	delete(s.changeSets, set.name)
}

func (a *Account) log(s *Stack, verb, logical, typ string) {
	if typ != "AWS::CDK::Metadata" {
		a.Log = append(a.Log, verb+" "+s.Name+"/"+logical+" "+typ)
	}
}

// update makes and changes what a template has in the order of its references, and
// then deletes what it has no longer. It returns why it failed.
func (a *Account) update(s *Stack, t *template) (failed string) {
	done := map[string]bool{}
	var visit func(logical string)
	visit = func(logical string) {
		r := t.Resources[logical]
		if r == nil || done[logical] || failed != "" {
			return
		}
		done[logical] = true
		needs := append(dependencies(r.DependsOn), references(r.Properties)...)
		slices.Sort(needs)
		for _, need := range needs {
			visit(need)
		}
		if failed == "" {
			failed = a.put(s, logical, r)
		}
	}
	for _, logical := range slices.Sorted(maps.Keys(t.Resources)) {
		visit(logical)
	}
	if failed != "" {
		return failed
	}
	for _, logical := range s.deletions() {
		if old := s.Resources[logical]; t.Resources[logical] == nil {
			a.remove(s, logical, old)
			delete(s.Resources, logical)
		}
	}
	s.Outputs, s.described = map[string]string{}, map[string]string{}
	for key, output := range t.Outputs {
		s.Outputs[key], s.described[key] = fmt.Sprint(a.resolve(s, output.Value)), output.Description
	}
	return ""
}

// deletions are all resources, each before those that it needs.
func (s *Stack) deletions() (order []string) {
	done := map[string]bool{}
	var visit func(logical string)
	visit = func(logical string) {
		old := s.Resources[logical]
		if old == nil || done[logical] {
			return
		}
		done[logical] = true
		var r definition
		mustRead(old.text, &r)
		for _, need := range append(dependencies(r.DependsOn), references(r.Properties)...) {
			visit(need)
		}
		order = append(order, logical)
	}
	for _, logical := range slices.Sorted(maps.Keys(s.Resources)) {
		visit(logical)
	}
	slices.Reverse(order)
	return order
}

func (a *Account) put(s *Stack, logical string, r *definition) (failed string) {
	old := s.Resources[logical]
	if old != nil && old.text == text(r) {
		return ""
	}
	properties, _ := a.resolve(s, r.Properties).(Properties)
	if properties == nil {
		properties = Properties{}
	}
	verb := "create"
	physical := ""
	if old != nil {
		verb, physical = "update", old.Physical
		if replaces(old, r) {
			verb, physical = "replace", ""
		}
	}
	if reason := a.refuses(r.Type, physical, properties); reason != "" {
		a.log(s, "fail to "+verb, logical, r.Type)
		s.events = append(s.events, event{logical, r.Type, physical, "CREATE_FAILED", reason})
		return logical + ": " + reason
	}
	if verb == "replace" {
		defer a.remove(s, logical, old)
	}
	if r.Type == "AWS::EC2::SecurityGroup" && properties["GroupName"] == nil {
		properties["GroupName"] = s.Name + "-" + logical + "-1ABCDEFGHIJKL"
	}
	if physical == "" {
		physical = a.identify(s.Name, r.Type, logical, properties)
	}
	a.store(r.Type, physical, properties)
	s.Resources[logical] = &Resource{Type: r.Type, Physical: physical, text: text(r)}
	a.log(s, verb, logical, r.Type)
	return ""
}

// identify makes an identifier as the type's are.
func (a *Account) identify(stack, typ, logical string, p Properties) string {
	a.next++
	hex := fmt.Sprintf("%017x", 0xabc0000+a.next)
	switch typ {
	case "AWS::SSM::Parameter":
		return fmt.Sprint(p["Name"])
	case "AWS::EC2::VPCEndpoint":
		return "vpce-" + hex
	case "AWS::EC2::SecurityGroup":
		return "sg-" + hex
	case "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress":
		return "sgr-" + hex
	case "AWS::Lambda::EventSourceMapping":
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", a.next)
	case "AWS::Lambda::Function":
		return fmt.Sprintf("%.24s-%.24s-%012X", stack, logical, a.next) // of 64 letters at most
	}
	return fmt.Sprintf("%s-%d", logical, a.next)
}

func (a *Account) remove(s *Stack, logical string, old *Resource) {
	var r definition
	mustRead(old.text, &r)
	if strings.HasPrefix(r.DeletionPolicy, "Retain") {
		a.log(s, "retain", logical, old.Type)
		return
	}
	a.unstore(old.Type, old.Physical)
	a.log(s, "delete", logical, old.Type)
}
