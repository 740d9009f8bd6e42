// Package policy finds out whether the policy of an interface endpoint lets a
// call through, as far as its statements tell. It is plain Go, on policies as JSON
// has them.
package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Call is what somebody does at an endpoint: a service of AWS, or a role of an
// account.
type Call struct {
	// Action is what is called, such as "sts:AssumeRole".
	Action string

	// Service is the principal, such as "lambda.amazonaws.com". It is empty where
	// a role calls.
	Service string

	// Account is that of the role that calls.
	Account string

	// Role is the ARN of that role. It is empty where it is not known, as before a
	// deploy.
	Role string

	// Resource is the ARN of what the call is about, or "*".
	Resource string

	// Unknown is a resource whose ARN is known at the deploy only. Resource is then
	// not looked at.
	Unknown bool
}

// Outcome is what a policy does to a call.
type Outcome int

// What a policy may do to a call. Only Allowed surely lets it through.
const (
	// Allowed: a statement allows it, and none denies it.
	Allowed Outcome = iota

	// NotAllowed: no statement allows it.
	NotAllowed

	// Unsure: it hangs on a condition, or on what a Not... leaves over.
	Unsure

	// Denied: a statement denies it, or may do so. No further statement helps.
	Denied

	// Malformed: it is no policy.
	Malformed
)

// Verdict is what a policy does to a call, and why.
type Verdict struct {
	Outcome Outcome

	// Why is empty where the call is allowed.
	Why string
}

// statement is a statement of a policy, whose fields take one or many.
type statement struct {
	Effect                             string
	Principal                          any
	Action, Resource                   any
	NotPrincipal, NotAction, Condition any
}

// Judge says what a policy does to the call. A policy that is nil is EC2's
// default, which lets everybody through: whoever does not know the policy must not
// ask. It may be a text that holds JSON.
func (c Call) Judge(policy any) Verdict {
	if text, ok := policy.(string); ok {
		policy = nil
		if json.Unmarshal([]byte(text), &policy) != nil {
			return Verdict{Malformed, "it is not JSON"}
		}
	}
	if policy == nil {
		return Verdict{}
	}
	var document struct{ Statement any }
	if !into(policy, &document) {
		return Verdict{Malformed, "it is no policy"}
	}
	if one, ok := document.Statement.(map[string]any); ok {
		document.Statement = []any{one}
	}
	var statements []statement
	if document.Statement == nil || !into(document.Statement, &statements) {
		return Verdict{Malformed, "it has no statements"}
	}
	allowed := false
	verdict := Verdict{NotAllowed, fmt.Sprintf("no statement allows %s on %q for %s", c.Action, c.shown(), c.Who())}
	for _, s := range statements {
		unsure := s.NotAction != nil || s.NotPrincipal != nil || s.Condition != nil || !c.isAmong(s.Principal)
		switch {
		case !c.concerns(s):
		case s.Effect == "Deny":
			return Verdict{Denied, fmt.Sprintf("a statement denies %s for %s, or may do so: conditions are not worked out", c.Action, c.Who())}
		case !slices.ContainsFunc(texts(s.Resource), func(p string) bool { return c.Unknown || matches(p, c.Resource) }):
		case c.Unknown && !slices.Contains(texts(s.Resource), "*"):
			verdict = Verdict{Unsure, fmt.Sprintf("a statement may allow %s for %s, but whether it names the resource is known at the deploy only", c.Action, c.Who())}
		case unsure:
			verdict = Verdict{Unsure, fmt.Sprintf("a statement may allow %s for %s, but neither conditions nor which role calls are worked out", c.Action, c.Who())}
		default:
			allowed = true
		}
	}
	if allowed {
		return Verdict{}
	}
	return verdict
}

// concerns reports whether a statement is about the call's action and principal.
func (c Call) concerns(s statement) bool {
	action := s.NotAction != nil || slices.ContainsFunc(texts(s.Action), func(p string) bool {
		return matches(strings.ToLower(p), strings.ToLower(c.Action))
	})
	return action && (s.NotPrincipal != nil || c.isAmong(s.Principal) || c.mayBeAmong(s.Principal))
}

// mayBeAmong reports whether a principal is a role or user of the account that calls,
// which may be the one that does.
func (c Call) mayBeAmong(principal any) bool {
	kinds, _ := principal.(map[string]any)
	return c.Account != "" && slices.ContainsFunc(texts(kinds["AWS"]), func(p string) bool {
		return strings.Contains(p, "::"+c.Account+":") && (c.Role == "" || strings.Contains(p, ":assumed-role/"))
	})
}

// Who names the principal.
func (c Call) Who() string {
	switch {
	case c.Service != "":
		return c.Service
	case c.Role != "":
		return c.Role
	case c.Account == "":
		return "the role"
	}
	return "a role of account " + c.Account
}

// isAmong knows the forms of a principal that name everybody, a service, or a
// whole account.
func (c Call) isAmong(principal any) bool {
	if text, ok := principal.(string); ok {
		return text == "*"
	}
	kinds, _ := principal.(map[string]any)
	if slices.Contains(texts(kinds["AWS"]), "*") || c.Service != "" && slices.Contains(texts(kinds["Service"]), c.Service) {
		return true
	}
	return c.Account != "" && slices.ContainsFunc(texts(kinds["AWS"]), func(p string) bool {
		return p == c.Account || c.Role != "" && p == c.Role || strings.HasSuffix(p, ":"+c.Account+":root")
	})
}

// shown is the resource for people.
func (c Call) shown() string {
	if c.Unknown {
		return "an ARN that is known at the deploy"
	}
	return c.Resource
}

// Statement is what would let the call through, as JSON.
func (c Call) Statement() string {
	principal := map[string]any{"Service": []string{c.Service}}
	if c.Service == "" {
		principal = map[string]any{"AWS": c.Account}
		if c.Role != "" {
			principal["AWS"] = c.Role
		}
	}
	text, err := json.Marshal(map[string]any{"Effect": "Allow", "Principal": principal, "Action": c.Action, "Resource": c.shown()})
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// into reads what came from JSON into a Go value, and reports whether it has that
// shape.
func into(from, to any) bool {
	text, err := json.Marshal(from)
	return err == nil && json.Unmarshal(text, to) == nil
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, element := range v {
			if text, ok := element.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}

// matches knows the two wildcards of IAM.
func matches(pattern, text string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^(?s:" + quoted + ")$").MatchString(text)
}
