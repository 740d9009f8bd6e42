package msklambda

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// call is what somebody does at an endpoint: a service of AWS, or a role of an
// account.
type call struct {
	action   string
	service  string
	account  string
	resource string
}

// policyStatement is a statement of an endpoint policy, whose fields take one
// or many.
type policyStatement struct {
	Effect                             string
	Principal                          any
	Action, Resource                   any
	NotPrincipal, NotAction, Condition any
}

// refused says why an endpoint policy does not surely let a call through, ""
// where it does. Conditions, and what a Not... leaves over, are not worked out.
func (c call) refused(policy any) string {
	if text, ok := policy.(string); ok {
		policy = nil
		if json.Unmarshal([]byte(text), &policy) != nil {
			return "it is not JSON"
		}
	}
	if policy == nil {
		return "" // EC2's default lets everybody through
	}
	var document struct{ Statement any }
	if !into(map[string]any{"": policy}, "", &document) {
		return "it is no policy"
	}
	var statements []policyStatement
	if one, ok := document.Statement.(map[string]any); ok {
		document.Statement = []any{one}
	}
	if !into(map[string]any{"": document.Statement}, "", &statements) {
		return "it has no statements"
	}
	why := fmt.Sprintf("no statement allows %s on %q for %s", c.action, c.resource, c.who())
	allowed := false
	for _, s := range statements {
		concerns := (s.NotAction != nil || slices.ContainsFunc(texts(s.Action), func(p string) bool { return matches(strings.ToLower(p), strings.ToLower(c.action)) })) &&
			(s.NotPrincipal != nil || c.isAmong(s.Principal))
		unsure := s.NotAction != nil || s.NotPrincipal != nil || s.Condition != nil
		covered := slices.ContainsFunc(texts(s.Resource), func(p string) bool { return matches(p, c.resource) })
		switch {
		case !concerns:
		case s.Effect == "Deny":
			return fmt.Sprintf("a statement denies %s for %s, or may do so: conditions are not worked out", c.action, c.who())
		case unsure && covered:
			why = fmt.Sprintf("a statement may allow %s for %s, but conditions are not worked out", c.action, c.who())
		case covered:
			allowed = true
		}
	}
	if allowed {
		return ""
	}
	return why
}

func (c call) who() string {
	if c.service != "" {
		return c.service
	}
	return "a role of account " + c.account
}

// isAmong knows the forms of a principal that name everybody, a service, or a
// whole account.
func (c call) isAmong(principal any) bool {
	if text, ok := principal.(string); ok {
		return text == "*"
	}
	kinds, _ := principal.(map[string]any)
	if slices.Contains(texts(kinds["AWS"]), "*") || c.service != "" && slices.Contains(texts(kinds["Service"]), c.service) {
		return true
	}
	return c.account != "" && slices.ContainsFunc(texts(kinds["AWS"]), func(p string) bool {
		return p == c.account || strings.HasSuffix(p, ":"+c.account+":root")
	})
}

// statement is what would let the call through.
func (c call) statement() string {
	principal := map[string]any{"Service": []string{c.service}}
	if c.service == "" {
		principal = map[string]any{"AWS": c.account}
	}
	text, err := json.Marshal(map[string]any{"Effect": "Allow", "Principal": principal, "Action": c.action, "Resource": c.resource})
	if err != nil {
		panic(err) // texts
	}
	return string(text)
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
