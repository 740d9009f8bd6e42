package plan

import (
	"strings"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/contract"
)

// admin is an admin function: what it lets whoever may invoke it do.
type admin struct {
	*Resource
	right, cluster, topics, groups, authentication string
}

// adminOf reads a function as an admin function, nil where it is none.
func adminOf(r *Resource) *admin {
	variables := at(r.Properties["Environment"], "Variables")
	variable := func(name string) string { return strings.ReplaceAll(text(at(variables, name)), ",", ", ") }
	if r.Type != typeFunction || at(variables, contract.Right) == nil {
		return nil
	}
	return &admin{r, variable(contract.Right), clusterName(variable(contract.Cluster)), variable(contract.Topics), variable(contract.Groups), variable(contract.Authentication)}
}

// admins are those of the stack.
func (s *stack) admins() (out []*admin) {
	for _, r := range s.of(typeFunction) {
		if a := adminOf(r); a != nil {
			out = append(out, a)
		}
	}
	return out
}

// sentence is what the function is there for.
func (a *admin) sentence() string {
	topics, groups := "read topics ", "see groups "
	if ask.Right(a.right).Allows(ask.Produce) {
		topics = "read and write topics "
	}
	if ask.Right(a.right).Allows(ask.Manage) {
		groups = "set the offsets of groups "
	}
	return "lets whoever may invoke it " + topics + a.topics + " and " + groups + a.groups + " of cluster " + a.cluster + ", with " + authenticationWords(a.authentication)
}

// authenticationWords are those of a consumer's sentence.
func authenticationWords(method string) string {
	switch method {
	case "iam":
		return "IAM"
	case "scram":
		return "SASL/SCRAM"
	case "mtls":
		return "mutual TLS"
	case "tls":
		return "no authentication, over TLS"
	case "plaintext":
		return "no authentication, in plaintext"
	}
	return method
}

func (a *admin) line(verdict Verdict) Line {
	l := line(Admins, verdict, a.Resource, a.sentence())
	l.Path = strings.TrimSuffix(l.Path, "/Function")
	return l
}

// changes says what the function may do more or less than before, and what else
// becomes of it.
func (a *admin) changes(old *admin) (out []string) {
	for _, each := range []struct{ what, was, is string }{
		{"it may", old.right, a.right}, {"topics", old.topics, a.topics}, {"groups", old.groups, a.groups}, {"cluster", old.cluster, a.cluster}, {"authentication", old.authentication, a.authentication},
	} {
		if each.was != each.is {
			out = append(out, each.what+" "+each.was+" -> "+each.is)
		}
	}
	for _, name := range old.changed(a.Resource) {
		switch name {
		case "Environment": // of which all that counts is said
		case "Code":
			out = append(out, "new code")
		default:
			out = append(out, property(name, old.Resource, a.Resource))
		}
	}
	return out
}
