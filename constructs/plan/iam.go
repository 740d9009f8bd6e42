package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// statement is one of a policy.
type statement struct {
	sid                            string
	effect                         string
	actions, resources, principals []string
	condition                      any
}

// statementsOf are those of a policy, be it of a role or of an endpoint.
func statementsOf(r *Resource) (out []statement) {
	for _, s := range list(at(r.Properties["PolicyDocument"], "Statement")) {
		one := statement{sid: text(at(s, "Sid")), effect: text(at(s, "Effect")), actions: all(at(s, "Action")), resources: all(at(s, "Resource")), condition: at(s, "Condition")}
		switch p := at(s, "Principal").(type) {
		case string:
			one.principals = []string{p}
		case map[string]any:
			for _, kind := range []string{"AWS", "Service", "Federated"} {
				one.principals = append(one.principals, all(p[kind])...)
			}
		}
		out = append(out, one)
	}
	return out
}

func all(v any) (out []string) {
	for _, each := range list(v) {
		out = append(out, text(each))
	}
	return out
}

// name is how a statement is called: its Sid, or what it allows.
func (s statement) name() string {
	if s.sid != "" {
		return s.sid
	}
	return s.words()
}

func (s statement) words() string {
	out := strings.ToLower(s.effect) + "s " + strings.Join(s.actions, ", ") + " on " + strings.Join(s.resources, ", ")
	if len(s.principals) > 0 {
		out += " to " + strings.Join(s.principals, ", ")
	}
	if s.condition != nil {
		out += " where " + text(s.condition)
	}
	return out
}

// everybody reports whether the statement lets all callers do all.
func (s statement) everybody() bool {
	return s.effect == "Allow" && slices.Contains(s.principals, "*") && slices.Contains(s.actions, "*") && slices.Contains(s.resources, "*") && s.condition == nil
}

// compareStatements says what a policy gains and loses.
func compareStatements(before, after []statement) (out []string) {
	find := func(in []statement, s statement) (statement, bool) {
		i := slices.IndexFunc(in, func(other statement) bool { return other.name() == s.name() })
		if i < 0 {
			return statement{}, false
		}
		return in[i], true
	}
	for _, s := range after {
		old, ok := find(before, s)
		switch {
		case !ok && s.sid != "":
			out = append(out, "adds "+s.sid+": "+s.words())
		case !ok:
			out = append(out, "adds: "+s.words())
		case reflect.DeepEqual(old, s):
		case reflect.DeepEqual(old.actions, s.actions) && old.effect == s.effect && reflect.DeepEqual(old.condition, s.condition):
			was, is := apart(strings.Join(old.resources, ", "), strings.Join(s.resources, ", "))
			out = append(out, fmt.Sprintf("changes %s: on %s, was on %s", s.name(), is, was))
		default:
			out = append(out, fmt.Sprintf("changes %s: %s, was: %s", s.name(), s.words(), old.words()))
		}
	}
	for _, s := range before {
		switch _, ok := find(after, s); {
		case ok:
		case s.sid != "":
			out = append(out, "takes away "+s.sid)
		default:
			out = append(out, "takes away: "+s.words())
		}
	}
	return out
}

// apart leaves of two ARNs the ends in which they differ.
func apart(a, b string) (string, string) {
	slash := 0
	for i := 0; i < min(len(a), len(b)) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			slash = i
		}
	}
	if slash == 0 || strings.Contains(a+b, ", ") {
		return a, b
	}
	return "..." + a[slash:], "..." + b[slash:]
}

// isGrant reports whether a resource is about rights.
func isGrant(r *Resource) bool {
	return r.Type == typePolicy || r.Type == typeRole || r.Type == "AWS::IAM::ManagedPolicy" || r.Type == "AWS::Lambda::Permission"
}

func describeGrant(r *Resource) string {
	switch r.Type {
	case typePolicy, "AWS::IAM::ManagedPolicy":
		var sids []string
		for _, s := range statementsOf(r) {
			sids = append(sids, s.name())
		}
		return "allows " + strings.Join(sids, ", ")
	case typeRole:
		var who []string
		for _, s := range list(at(r.Properties["AssumeRolePolicyDocument"], "Statement")) {
			who = append(who, all(at(s, "Principal", "Service"))...)
		}
		out := "a role that " + strings.Join(who, ", ") + " may assume"
		if managed := all(r.Properties["ManagedPolicyArns"]); len(managed) > 0 {
			out += ", with " + strings.Join(managed, ", ")
		}
		return out
	}
	return "lets " + text(r.Properties["Principal"]) + " do " + text(r.Properties["Action"]) + " on " + text(r.Properties["FunctionName"])
}

func compareGrants(before, after *Resource) []string {
	if after.Type == typePolicy || after.Type == "AWS::IAM::ManagedPolicy" {
		out := compareStatements(statementsOf(before), statementsOf(after))
		for _, name := range before.changed(after) {
			if name != "PolicyDocument" {
				out = append(out, property(name, before, after))
			}
		}
		return out
	}
	return properties(before, after)
}

// properties says which properties change, and from what to what.
func properties(before, after *Resource) (out []string) {
	for _, name := range before.changed(after) {
		out = append(out, property(name, before, after))
	}
	return out
}

func property(name string, before, after *Resource) string {
	was, is := text(before.Properties[name]), text(after.Properties[name])
	switch {
	case before.Properties[name] == nil:
		return name + " is set to " + is
	case after.Properties[name] == nil:
		return name + " is removed, was " + was
	}
	return name + " " + was + " -> " + is
}
