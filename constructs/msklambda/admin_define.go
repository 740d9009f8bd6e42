package msklambda

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
	"msklambda/constructs/policy"
	"msklambda/constructs/problem"
	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/contract"
)

// topicPattern is the name of a topic with '*' for any text.
var topicPattern = regexp.MustCompile(`^[A-Za-z0-9._*-]{1,249}$`)

const (
	// mostVariables is how many bytes Lambda takes of all variables of a function.
	mostVariables = 4096

	// mostFunctionGroups is how many security groups Lambda takes for a function.
	mostFunctionGroups = 5
)

func (p *AdminProps) right() ask.Right { return ask.Right(cmp.Or(p.Allow, AdminRead)) }

// entry is the directory of the main package.
func (p *AdminProps) entry() (string, error) {
	if p.Entry != "" {
		return p.Entry, nil
	}
	return adminEntry()
}

// function are the props of a consumer's function that is built alike.
func (p *AdminProps) function() *ConsumerProps {
	return &ConsumerProps{
		Entry: p.Entry, Architecture: p.Architecture, BuildEnvironment: p.BuildEnvironment, EditFunction: p.EditFunction,
		Authentication: p.Authentication, LogRetention: p.LogRetention, LogRemovalPolicy: p.LogRemovalPolicy, LogGroupKey: p.LogGroupKey, Tracing: p.Tracing,
		Description: "Answers mskadmin about the topics and groups of an MSK cluster",
	}
}

// define defines all but what hangs on the consumers.
func (a *Admin) define() {
	p := a.props.function()
	p.Entry, _ = a.props.entry() // which was checked
	p.FunctionVPC = a.cluster.besideTheBrokers()
	// The rules let in from each of the cluster's groups, so that some are enough.
	p.FunctionVPC.SecurityGroups = p.FunctionVPC.SecurityGroups[:min(len(p.FunctionVPC.SecurityGroups), mostFunctionGroups)]
	b := bundle(a, "admin function", a.cluster.Pending(), p, a.environment(),
		hook{kept: problem.New("EditFunction", "must leave Role and LogGroup as they are: the role is of this function alone, and {LogRetention} and {LogGroupKey} say what the log group is")})
	a.Role, a.LogGroup, a.Function = b.role, b.logs, b.function
	a.Output = awscdk.NewCfnOutput(a, jsii.String("FunctionName"), &awscdk.CfnOutputProps{
		Value: a.Function.FunctionName(), Description: jsii.String(contract.Output + a.name()),
	})
	statements := slices.Concat(a.ownStatements(), functionStatements(a.LogGroup, p.tracing()), p.moreStatements(b.inVPC))
	a.Policy = awsiam.NewPolicy(a, jsii.String("Policy"), &awsiam.PolicyProps{
		// Of a role of its own, so that it need not be unique. CDK's own name would hold the
		// path of the construct, which "cdk refactor" may change.
		PolicyName: jsii.String("msklambda-admin"),
		Document:   document(statements),
	})
	a.Role.AttachInlinePolicy(a.Policy)
	a.Function.Node().AddDependency(a.Policy)
	explainWildcards(a.Policy, statements)
}

// name is what the function is called in its stack: by its path there.
func (a *Admin) name() string {
	path := *a.Node().Path()
	return strings.TrimPrefix(path, a.cluster.place.stack+"/")
}

func (a *Admin) environment() map[string]string {
	env := map[string]string{
		contract.Right: string(a.props.right()), contract.Cluster: a.cluster.ClusterARN, contract.Authentication: string(a.props.Authentication.method()),
		contract.Topics: strings.Join(a.has.topics, ","), contract.Groups: strings.Join(a.has.groups, ","),
	}
	if secret := a.props.Authentication.Secret; secret != nil {
		env[contract.Secret] = *secret.SecretFullArn()
	}
	return env
}

// ownStatements are what the function needs whichever its topics and groups are. With
// any method but IAM it is Kafka's ACLs that let it.
func (a *Admin) ownStatements() (out []statement) {
	if secret := a.props.Authentication.Secret; secret != nil {
		out = append(out, secretStatements("Secret", secret)...)
	}
	if a.byIAM() {
		out = append(out, allow("KafkaCluster", []string{a.cluster.ClusterARN}, policy.AdminActionsOf(a.props.right()).Cluster...))
	}
	return out
}

func (a *Admin) byIAM() bool { return a.props.Authentication.method() == AuthenticationIAM }

// covers are the topics and the groups of an admin function, and the statements that
// grant them.
type covers struct {
	topics, groups                 []string
	topicStatement, groupStatement awsiam.PolicyStatement
	elsewhere                      []string // consumers whose names of either are known too late
}

// coverAll takes in what is given, or else what the consumers have that are there.
func (a *Admin) coverAll() {
	a.add(a.props.Topics, a.props.Groups)
	for _, c := range a.cluster.consumers {
		a.cover(c)
	}
}

// cover takes in what a consumer reads, where it was not said what is. A name that is
// known in another stack, which is deployed after this one, cannot be.
func (a *Admin) cover(c *Consumer) {
	topics, groups := slices.Concat([]string{c.Topic}, c.failed), []string{c.GroupID}
	if len(c.failed) > 0 {
		groups = append(groups, contract.RedriveGroup(c.GroupID))
	}
	if len(a.props.Topics) > 0 {
		topics = nil
	}
	if len(a.props.Groups) > 0 {
		groups = nil
	}
	for _, name := range slices.Concat(topics, groups) {
		if isToken(name) && len(foreignStacks(a, name)) > 0 {
			a.has.elsewhere = append(a.has.elsewhere, c.path)
			return
		}
	}
	a.add(topics, groups)
}

// add grants topics and groups, and tells the function.
func (a *Admin) add(topics, groups []string) {
	actions := policy.AdminActionsOf(a.props.right())
	a.has.topics = a.grant(a.has.topics, topics, "topic", "KafkaTopics", &a.has.topicStatement, actions.Topic)
	a.has.groups = a.grant(a.has.groups, groups, "group", "KafkaGroups", &a.has.groupStatement, actions.Group)
	env := a.environment()
	for _, name := range []string{contract.Topics, contract.Groups} {
		a.Function.AddEnvironment(&name, jsii.String(env[name]), nil)
	}
}

// grant adds names to those that there are, and their ARNs to the statement.
func (a *Admin) grant(all, names []string, kind, sid string, statement *awsiam.PolicyStatement, actions []string) []string {
	var wildcards []string
	for _, name := range names {
		if slices.Contains(all, name) {
			continue
		}
		all = append(all, name)
		if !a.byIAM() {
			continue
		}
		arn := kafkaARN(a.cluster.ClusterARN, kind, name)
		if *statement == nil {
			*statement = awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Sid: &sid, Actions: jsii.Strings(actions...)})
			(*statement).AddResources(&arn)
			a.Policy.AddStatements(*statement)
		} else {
			(*statement).AddResources(&arn)
		}
		if strings.Contains(name, "*") {
			wildcards = append(wildcards, arn)
		}
	}
	if len(wildcards) > 0 {
		nag.Explain(a.Policy, "AwsSolutions-IAM5", sid+": the names that were asked for, in which '*' is any text", nag.Wildcards(a.Policy, wildcards...)...)
	}
	return all
}

// problems are what is wrong when all consumers are there.
func (a *Admin) problems() (found []string) {
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	const none = "%s is required where the cluster has no consumer: names, in which '*' is any text, such as \"orders-*\""
	switch {
	case len(a.has.elsewhere) > 0:
		say("Topics and Groups (in the app adminTopics and adminGroups) are required with %s, whose topic or group is known in its own stack only, which is deployed after that of the admin function", strings.Join(a.has.elsewhere, ", "))
	case len(a.has.topics) == 0:
		say(none, "Topics")
	case len(a.has.groups) == 0:
		say(none, "Groups")
	}
	size := 0
	for name, value := range a.environment() {
		if !isToken(value) {
			size += len(name) + len(value)
		}
	}
	if size > mostVariables {
		say("Topics and Groups (in the app adminTopics and adminGroups) must be fewer, or patterns such as \"orders-*\": the names of %d topics and %d groups make variables of %d bytes, and Lambda takes %d",
			len(a.has.topics), len(a.has.groups), size, mostVariables)
	}
	return found
}
