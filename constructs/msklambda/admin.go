package msklambda

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/network"
	"msklambda/constructs/problem"
	"msklambda/lambda/admin/ask"
)

// AdminRight is what an admin function may do. Each has those before it.
type AdminRight string

const (
	// AdminRead is to see topics, groups and offsets, and to read records.
	AdminRead = AdminRight(ask.Read)

	// AdminProduce is to write records too.
	AdminProduce = AdminRight(ask.Produce)

	// AdminManage is to set the offsets of groups too.
	AdminManage = AdminRight(ask.Manage)
)

// AdminProps say what an admin function may do, and on what. The zero value of every
// field is its default.
type AdminProps struct {
	// Allow is what the function may do: by its role, and by its own word.
	// Default: AdminRead.
	Allow AdminRight

	// Topics are the names of those that it sees, reads and, with AdminProduce, writes.
	// A '*' in a name is any text. They may hold CDK tokens.
	// Default: those of the cluster's consumers, also of such as are added later, with
	// the topics that get what consumers gave up.
	Topics []string

	// Groups are the names of the consumer groups that it sees and, with AdminManage,
	// sets the offsets of. As of Topics, a '*' is any text. How far a redrive from a
	// topic has got is kept as the group with ".redrive" behind its name.
	// Default: those of the cluster's consumers, with those for redrives where there is
	// a topic that gets what a consumer gave up.
	Groups []string

	// Authentication of the function to the brokers, such as the cluster has on. With a
	// Secret, the function reads it from the subnets of the brokers, so the cluster's
	// SecretsManagerEndpoint must say how, unless a consumer has brought one in. That of a
	// user of its own is best: the function's Allow is then in Kafka's ACLs as well.
	// Default: IAM, for which it calls nobody but the brokers.
	Authentication Authentication

	// Entry is the directory of the function's Go main package, whose main is
	// function.Start of lambda/admin/function.
	// Default: lambda/admin of this module, wherever Go has it. In a module that vendors
	// there is none, and it must be given.
	Entry string

	// Architecture of the function.
	// Default: arm64.
	Architecture awslambda.Architecture

	// BuildEnvironment is added to the environment of go build, as in [ConsumerProps].
	BuildEnvironment map[string]string

	// EditFunction changes the props of the function last, such as its memory or its
	// timeout. It must leave Role and LogGroup as they are.
	EditFunction func(*awscdklambdagoalpha.GoFunctionProps)

	// LogRetention is how long the function's log group keeps its events: what was
	// asked for and by which request, without keys and values of records.
	// Default: ONE_MONTH.
	LogRetention awslogs.RetentionDays

	// LogRemovalPolicy says what becomes of the log group with the stack, as in
	// [ConsumerProps].
	// Default: RETAIN_ON_UPDATE_OR_DELETE.
	LogRemovalPolicy awscdk.RemovalPolicy

	// LogGroupKey encrypts the log group, as in [ConsumerProps].
	// Default: a key of CloudWatch Logs.
	LogGroupKey awskms.IKey

	// Tracing with X-Ray.
	// Default: ACTIVE.
	Tracing awslambda.Tracing

	// Tags of every resource of the admin function.
	Tags map[string]string
}

// Admin is a function in the subnets of the brokers, which the command
// lambda/admin/mskadmin asks about topics and groups: what a host with Kafka's tools is
// elsewhere. Who may invoke it, may do what it may: see docs/admin.md. Its fields are
// the CDK constructs that it is made of; do not assign to them.
type Admin struct {
	constructs.Construct

	// Role is what the function runs as.
	Role awsiam.IRole

	// Policy is what the role may, and the function's logs, traces and interfaces need.
	Policy awsiam.Policy

	// LogGroup is where it says what it was asked.
	LogGroup awslogs.LogGroup

	// Function is the admin function. GrantInvoke lets somebody ask it.
	Function awslambda.Function

	// Output is the stack's output by which the command finds the function.
	Output awscdk.CfnOutput

	cluster *Cluster
	props   *AdminProps
	has     covers
}

// ToString makes Admin a jsii object in its own right; see [Cluster.ToString].
func (a *Admin) ToString() *string { return jsii.String("msklambda.Admin") }

// AddAdmin defines an admin function of this cluster, inside this construct: in the
// cluster's subnets, with its security groups and the rules by which pollers get to the
// brokers, which it brings in where there is no consumer yet. It defines no endpoint.
// Nil props are the defaults.
//
// It panics when Validate fails, with VPCConnectionARN, and where the function has a
// secret and no way to it.
func (c *Cluster) AddAdmin(id string, props *AdminProps) *Admin {
	if props == nil {
		props = &AdminProps{}
	}
	settled := *props
	awaited := withoutDummies(&settled)
	props = &settled
	if err := props.validate(); err != nil {
		fail("admin function", id, err)
	}
	checkID(c, "admin function", id)
	if slices.Contains(reserved, id) {
		fail("admin function", id, problem.New("id", "must not be one of the cluster's own, %q, got %q", reserved, id))
	}
	if err := c.props.ValidateAdmin(props); err != nil {
		fail("admin function", id, err)
	}
	c.await(id, awaited)
	needs := c.needsOfAdmin(id, props)
	if err := c.prepare(props.Authentication, needs); err != nil {
		fail("admin function", id, err)
	}

	step := c.network.Add(needs)
	c.grow(step) // nothing waits for it: the function connects when it is asked
	a := &Admin{cluster: c, props: props}
	constructs.NewConstruct_Override(a, c, &id)
	a.define()
	c.admit(a, a.Role, step.Admissions)
	c.annotate(a, step)
	props.Authentication.warnOfKey(a)
	warnOfOtherAccounts(a, a.Role, c, props.function())
	a.coverAll()
	for _, key := range slices.Sorted(maps.Keys(props.Tags)) {
		awscdk.Tags_Of(a).Add(&key, jsii.String(props.Tags[key]), nil)
	}
	a.Node().AddValidation(&adminChecks{a})
	c.admins = append(c.admins, a)
	return a
}

// needsOfAdmin are those of an admin function, in words of the planner.
func (c *Cluster) needsOfAdmin(id string, p *AdminProps) network.Needs {
	n := network.Needs{Consumer: id, Admin: true, Port: p.Authentication.port(), Caller: network.Caller{Role: true, Here: true}}
	if secret := p.Authentication.Secret; secret != nil {
		arn := *secret.SecretFullArn()
		n.Secret = network.Resource{ARN: arn, Opaque: isToken(arn), Elsewhere: isToken(arn) && len(foreignStacks(c, arn)) > 0}
	}
	return n
}

// Validate reports every problem of the props at once, each as a [*Problem].
func (p *AdminProps) Validate() error {
	if p == nil {
		p = &AdminProps{}
	}
	settled := *p
	withoutDummies(&settled)
	return settled.validate()
}

func (p *AdminProps) validate() error {
	var ps problems
	if !p.right().IsOne() {
		ps.Add("Allow", "must be %q, %q or %q, got %q", AdminRead, AdminProduce, AdminManage, p.Allow)
	}
	for _, topic := range p.Topics {
		ps.pattern("Topics", "topics", topic, topicPattern.MatchString(topic), "letters, digits, '.', '_', '-' or '*'")
	}
	for _, group := range p.Groups {
		ps.pattern("Groups", "groups", group, groupID.MatchString(group), "letters, digits or any of - / : _ + = . @ *")
	}
	p.Authentication.validate(&ps)
	if entry, err := p.entry(); err != nil {
		ps.Add("Entry", "is required where the package of the admin function is not found: %v", err)
	} else {
		f := p.function()
		f.Entry = entry
		f.validateFunction(&ps)
	}
	ps.tags(p.Tags)
	return ps.Err()
}

// pattern refuses what is no name of a topic or a group, with '*' for any text.
func (ps *problems) pattern(field, what, name string, matches bool, of string) {
	switch {
	case isToken(name):
	case strings.HasPrefix(name, "arn:"):
		ps.Add(field, "must be the names of %s alone, %q, got %q", what, name[strings.LastIndex(name, "/")+1:], name)
	case !matches:
		ps.Add(field, "must be names of %s, of %s, got %q", what, of, name)
	}
}

// ValidateAdmin reports what an admin function asks for and this cluster does not
// allow, each as a [*Problem].
func (p *ClusterProps) ValidateAdmin(props *AdminProps) error {
	var ps problems
	if props == nil {
		props = &AdminProps{}
	}
	if p.VPCConnectionARN != "" {
		ps.Add("VPCConnectionARN", "must not be given with an admin function: it runs in the subnets of the brokers, which are not known here")
	}
	p.checkServerless(&ps, props.Authentication)
	p.checkRegions(&ps, props.function())
	return ps.Err()
}

// adminChecks finds, at synth, what can only be seen when the last consumer is there.
type adminChecks struct{ admin *Admin }

func (v *adminChecks) Validate() *[]*string {
	out := []*string{}
	if v.admin.cluster.Pending() {
		return &out
	}
	for _, text := range v.admin.problems() {
		out = append(out, &text)
	}
	return &out
}
