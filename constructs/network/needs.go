package network

import "msklambda/constructs/policy"

// Needs is what one consumer, or the admin function, needs of the network.
type Needs struct {
	// Consumer is its name, for the reasons.
	Consumer string

	// Admin is the admin function: one that runs in the broker subnets by itself, with
	// the cluster's groups, as pollers do. It calls the brokers, and Secrets Manager
	// where it has a secret.
	Admin bool

	// Port is where its pollers reach the brokers.
	Port int

	// Provisioned pollers need no way to AWS services, but for what AWS leaves
	// open: that of the destination.
	Provisioned bool

	// Secret, Queue, Topic and Bucket are what the pollers read or write with the
	// consumer's role; Objects is all that is in the bucket.
	Secret, Queue, Topic, Bucket, Objects Resource

	// Caller is that role.
	Caller Caller
}

// Resource is something that the pollers use. The zero value is nothing.
type Resource struct {
	ARN string

	// Opaque is an ARN that is known at the deploy only.
	Opaque bool

	// Elsewhere is a resource that another stack of the app defines. The stack of
	// the endpoints is deployed before it, so their policies cannot name it.
	Elsewhere bool
}

func (r Resource) isThere() bool { return r.ARN != "" }

// Caller is the role of a consumer.
type Caller struct {
	// Role is whether the role is known, which it need not be for a function that
	// is only imported.
	Role bool

	// Here is whether the consumer is in the stack of the endpoints.
	Here bool
}

// call is what the pollers do at the endpoint of a service.
type call struct {
	service  Service
	action   string
	resource Resource
}

// Services are those that on-demand pollers call, or the admin function.
func (n Needs) Services() []Service {
	var services []Service
	if !n.Admin {
		services = append(services, Lambda, STS)
	}
	if n.Secret.isThere() {
		services = append(services, SecretsManager)
	}
	if destination := n.destination(); destination != "" {
		services = append(services, destination)
	}
	return services
}

// Calls are what the pollers do at the endpoint of a service, as the policy of one
// that is there sees it. The account is that of the role.
func (n Needs) Calls(s Service, account string) (out []policy.Call) {
	for _, c := range n.calls(s) {
		out = append(out, c.asPolicySees(account))
	}
	return out
}

// destination is the service that the destination of failed batches is of, ""
// where there is none.
func (n Needs) destination() Service {
	switch {
	case n.Queue.isThere():
		return SQS
	case n.Topic.isThere():
		return SNS
	case n.Bucket.isThere():
		return S3
	}
	return ""
}

// calls are what the pollers do at the endpoint of a service.
func (n Needs) calls(s Service) []call {
	switch s {
	case SecretsManager:
		return []call{{s, "secretsmanager:GetSecretValue", n.Secret}}
	case SQS:
		return []call{{s, "sqs:SendMessage", n.Queue}}
	case SNS:
		return []call{{s, "sns:Publish", n.Topic}}
	case S3:
		return []call{{s, "s3:PutObject", n.Objects}, {s, "s3:ListBucket", n.Bucket}}
	}
	return []call{{s, s.action(), Resource{ARN: "*"}}}
}

// asPolicySees is the call as the policy of an endpoint that is there sees it.
func (c call) asPolicySees(account string) policy.Call {
	seen := policy.Call{Action: c.action, Account: account, Resource: c.resource.ARN, Unknown: c.resource.Opaque}
	if c.service.action() != "" {
		seen.Service, seen.Account = lambdaPrincipal, ""
	}
	return seen
}

const lambdaPrincipal = "lambda.amazonaws.com"
