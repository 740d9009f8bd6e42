package flow

import (
	"path"
	"slices"
	"strings"
)

// Statement is one of an endpoint's policy. An endpoint without any lets nobody
// through; EC2's default is [Everybody].
type Statement struct {
	Deny       bool
	Principals []string // "*", a service, an account or the ARN of a role
	Actions    []string
	Resources  []string

	// Accounts are those whose resources it is about, where it has that condition.
	Accounts []string
}

// Everybody is the policy with which EC2 makes an endpoint.
func Everybody() []Statement {
	return []Statement{{Principals: []string{"*"}, Actions: []string{"*"}, Resources: []string{"*"}}}
}

// Call is what somebody does at a service.
type Call struct {
	Service  string // such as "sqs"
	Action   string
	Resource string

	// Principal is a service of AWS or the ARN of a role, Account the role's.
	Principal, Account string

	// Owner is the account that the resource is of.
	Owner string
}

func (c Call) isAllowedBy(policy []Statement) bool {
	allowed := false
	for _, s := range policy {
		who := anyMatches(s.Principals, c.Principal) || c.Account != "" && slices.Contains(s.Principals, c.Account)
		about := s.Accounts == nil || slices.Contains(s.Accounts, c.Owner)
		if !who || !about || !anyMatches(s.Actions, c.Action) || !anyMatches(s.Resources, c.Resource) {
			continue
		}
		if s.Deny {
			return false
		}
		allowed = true
	}
	return allowed
}

// anyMatches knows the wildcard of IAM, which unlike that of a path has no
// separator.
func anyMatches(patterns []string, text string) bool {
	flat := strings.NewReplacer("/", "|", "[", "|", "]", "|", `\`, "|")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(flat.Replace(pattern), flat.Replace(text))
		return err == nil && ok
	})
}

// The ports of the brokers inside a VPC, by authentication:
// https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html
var ports = map[string]int{"iam": 9098, "scram": 9096, "mtls": 9094, "tls": 9094, "plaintext": 9092}

// Poller is what a function's pollers work with.
type Poller struct {
	Authentication string // "iam" and so on

	// Provisioned pollers reach AWS by a way of their own.
	Provisioned bool

	// Admin is a function of people, and no pollers: nobody invokes anything from there.
	Admin bool

	// Secret, Queue, Topic and Bucket are ARNs, "" where there is none.
	Secret, Queue, Topic, Bucket string

	// Role is the ARN of what they run as, Account its account.
	Role, Account string
}

// Port is where the pollers connect to the brokers.
func (p Poller) Port() int { return ports[p.Authentication] }

// Calls is what on-demand pollers call from the subnets of the brokers:
// https://docs.aws.amazon.com/lambda/latest/dg/msk-network.html and, for secrets
// and destinations, the pages of each.
func (p Poller) Calls() []Call {
	if p.Provisioned {
		return nil
	}
	const lambda = "lambda.amazonaws.com"
	calls := []Call{
		{Service: "lambda", Action: "lambda:InvokeFunction", Resource: "arn:aws:lambda:us-east-1:111122223333:function:f", Principal: lambda, Owner: p.Account},
		{Service: "sts", Action: "sts:AssumeRole", Resource: p.Role, Principal: lambda, Owner: p.Account},
	}
	if p.Admin {
		calls = nil
	}
	for _, c := range []struct{ service, action, resource string }{
		{"secretsmanager", "secretsmanager:GetSecretValue", p.Secret},
		{"sqs", "sqs:SendMessage", p.Queue},
		{"sns", "sns:Publish", p.Topic},
		{"s3", "s3:ListBucket", p.Bucket},
		{"s3", "s3:PutObject", p.Bucket},
	} {
		if c.resource == "" {
			continue
		}
		if c.action == "s3:PutObject" {
			c.resource += "/aws/lambda/2026/batch"
		}
		calls = append(calls, Call{c.service, c.action, c.resource, p.Role, p.Account, p.Account})
	}
	return calls
}

// Services are those that the pollers call, each once.
func (p Poller) Services() (out []string) {
	for _, c := range p.Calls() {
		if !slices.Contains(out, c.Service) {
			out = append(out, c.Service)
		}
	}
	return out
}
