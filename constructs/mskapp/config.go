package mskapp

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/arn"
	"msklambda/constructs/lookup/cdkcontext"
	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// Config is the context of the app, read and checked.
type Config struct {
	StackName string
	Cluster   msklambda.ClusterProps // what is not given of it is looked up
	Consumers []*ConsumerConfig

	AllowPublicAccess, AllowMissingTopics bool

	Admin *AdminConfig // nil = none

	app        awscdk.App
	stack      awscdk.Stack
	stacks     map[string]awscdk.Stack // of consumers, by the end of their names
	extensions []*Extension
}

// ConsumerConfig is one consumer. Its fields beside Props are what becomes a
// construct once there is a stack to import it into.
type ConsumerConfig struct {
	Name  string
	Props msklambda.ConsumerProps

	// Stack is the end of the name of the stack that has the consumer, "" for that of
	// the cluster.
	Stack string

	RoleARN, FunctionARN, SecretARN, SecretKeyARN string
	OnFailure, OnFailureKeyARN, FilterKeyARN      string
	RegistryAccess                                map[string]string // secret ARN by type
	AlarmTopicARNs                                []string

	FunctionVPCID                               string
	FunctionSubnetIDs, FunctionSecurityGroupIDs []string
	LayerARNs, DeploymentAlarmARNs              []string
	EnvironmentKeyARN, LogGroupKeyARN           string
	TableARN, TableKeyARN                       string
	FunctionSecretARNs                          []string
	CodeSigningARN                              string

	// CreateTopic is the topic to make, nil for one that is there.
	CreateTopic *msklambda.TopicProps

	listed bool // it has a name of the user's, which its outputs bear
}

func (c *ConsumerConfig) pollers() *msklambda.Pollers {
	if c.Props.Pollers == nil {
		c.Props.Pollers = &msklambda.Pollers{}
	}
	return c.Props.Pollers
}

func (c *ConsumerConfig) alias() *msklambda.Alias {
	if c.Props.Alias == nil {
		c.Props.Alias = &msklambda.Alias{}
	}
	return c.Props.Alias
}

func (c *ConsumerConfig) once() *msklambda.Idempotency {
	if c.Props.Idempotency == nil {
		c.Props.Idempotency = &msklambda.Idempotency{}
	}
	return c.Props.Idempotency
}

func (c *ConsumerConfig) functionRegistry() *msklambda.FunctionRegistry {
	if c.Props.FunctionRegistry == nil {
		c.Props.FunctionRegistry = &msklambda.FunctionRegistry{}
	}
	return c.Props.FunctionRegistry
}

func (c *ConsumerConfig) registry() *msklambda.SchemaRegistry {
	if c.Props.SchemaRegistry == nil {
		c.Props.SchemaRegistry = &msklambda.SchemaRegistry{}
	}
	return c.Props.SchemaRegistry
}

var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)

// ReadConfig reads the context of the app and reports everything that is
// wrong with it at once, by the name of its key. It defines no resource. The keys
// of the extensions are read with those of the app.
func ReadConfig(app awscdk.App, extensions ...*Extension) (*Config, error) {
	context, _ := cdkcontext.Plain(app.Node().GetAllContext(nil)).(map[string]any)
	c, err := read(context, extensions)
	if err != nil {
		return nil, err
	}
	c.app = app
	var ps problem.List
	if c.importAll(&ps); len(ps) > 0 {
		return nil, wrong(ps)
	}
	return c, nil
}

// Validate reports everything that [ReadConfig] would about a context, in plain
// Go: without Node, an account or a look-up. What only CDK can say of the
// statements for endpoints stays with ReadConfig.
func Validate(context map[string]any, extensions ...*Extension) error {
	_, err := read(context, extensions)
	return err
}

func wrong(ps problem.List) error {
	if err := ps.Err(); err != nil {
		return fmt.Errorf("the context (cdk.json or -c key=value) has problems:\n%w", err)
	}
	return nil
}

// read reads and checks a context without CDK. What is named by ARN has a
// stand-in in the props.
func read(context map[string]any, extensions []*Extension) (*Config, error) {
	c := &Config{StackName: "MskLambda", extensions: extensions}
	var ps problem.List
	given := readSource(context, append(settings(), settingsOf(extensions)...), &ps)

	reported := fields{}
	for _, s := range clusterSettings {
		reported.read(&ps, s.field, func() {
			if raw, ok := given[s.key]; ok {
				s.read(c, value{s.key, raw, &ps})
			}
		})
	}
	if !stackName.MatchString(c.StackName) {
		reported["StackName"] = true
		ps.Add("stackName", "must begin with a letter and go on with at most 127 letters, digits or '-', got %q", c.StackName)
	}
	reported.check(&ps, c.validateCluster(), "")

	for _, s := range consumerSources(given, &ps) {
		consumer := &ConsumerConfig{Name: s.name, listed: s.listed}
		c.readConsumer(consumer, s, &ps, reported["StackName"])
		c.Consumers = append(c.Consumers, consumer)
	}
	c.checkAdmin(reported, &ps)
	for _, e := range extensions {
		c.readExtension(e, given, &ps)
	}
	if err := wrong(ps); err != nil {
		return nil, err
	}
	return c, nil
}

// fields are those that need no further complaint: their key was not readable.
type fields map[string]bool

func (f fields) read(ps *problem.List, field string, read func()) {
	before := len(*ps)
	read()
	if len(*ps) > before {
		f[field] = true
	}
}

// check adds the problems that the constructs found, by the names of the keys.
func (f fields) check(ps *problem.List, err error, prefix string) {
	for _, p := range problem.Of(err) {
		if !f[p.Field] {
			p = p.Rename(keyOf)
			ps.Add(prefix+p.Field, "%s", p.Message)
		}
	}
}

// newStack makes a stack in the account and region of what is read.
func (c *Config) newStack(name string) awscdk.Stack {
	parts := strings.Split(cmp.Or(c.Cluster.VPCConnectionARN, c.Cluster.ClusterARN), ":")
	if len(parts) < 6 { // a token, which only code can give
		return newStack(c.app, name, "", "")
	}
	return newStack(c.app, name, parts[4], parts[3])
}

// stackOf is the stack of a consumer.
func (c *Config) stackOf(consumer *ConsumerConfig) awscdk.Stack {
	if consumer.Stack == "" {
		return c.stack
	}
	if c.stacks[consumer.Stack] == nil {
		if c.stacks == nil {
			c.stacks = map[string]awscdk.Stack{}
		}
		c.stacks[consumer.Stack] = c.newStack(c.StackName + "-" + consumer.Stack)
	}
	return c.stacks[consumer.Stack]
}

func (c *Config) readConsumer(consumer *ConsumerConfig, given consumerSource, ps *problem.List, stackNameWrong bool) {
	reported := fields{}
	for _, s := range consumerSettings {
		reported.read(ps, s.field, func() {
			if raw, ok := given.source[s.key]; ok {
				s.read(consumer, value{given.prefix + s.key, raw, ps})
			}
		})
	}
	p := &consumer.Props
	if reported["Function"] && p.Entry == "" {
		reported["Entry"] = true // a function was meant
	} else if p.Entry == "" && consumer.FunctionARN == "" {
		p.Entry = "lambda"
	}
	derived := p.GroupID == "" && given.source["consumerGroupId"] == nil
	if derived {
		p.GroupID = c.StackName + "-" + p.Topic
	}
	if name := c.StackName + "-" + consumer.Stack; consumer.Stack != "" && !stackNameWrong && !stackName.MatchString(name) {
		ps.Add(given.prefix+"consumerStack", "must make a stack's name with stackName before it, at most 128 letters, digits and '-', got %q", name)
	}
	consumer.name(given.prefix, ps)
	consumer.nameFunctions(given.prefix, c.Cluster.VPCID, ps)
	_, region := arn.Env(c.Cluster.ClusterARN)
	for _, topic := range consumer.AlarmTopicARNs {
		if _, got := arn.Env(topic); region != "" && got != region {
			ps.Add(given.prefix+"alarmTopicArns", "must be of the region %s, where the alarms are, got %q", region, topic)
		}
	}

	found := append(problem.Of(p.Validate()), problem.Of(c.Cluster.ValidateConsumer(p))...)
	var others []msklambda.Beside
	for _, other := range c.Consumers {
		others = append(others, msklambda.Beside{Name: other.Name, Props: &other.Props})
	}
	reported.check(ps, p.ValidateBeside(others...), given.prefix)
	wrongTopic := reported["Topic"] || slices.ContainsFunc(found, func(p *msklambda.Problem) bool { return p.Field == "Topic" })
	if !reported["CreateTopic"] {
		c.checkTopic(consumer, given.prefix, !wrongTopic, ps)
	}
	for _, p := range found {
		if p.Field != "GroupID" || !derived {
			reported.check(ps, p, given.prefix)
		} else if !wrongTopic && !stackNameWrong {
			ps.Add(given.prefix+"consumerGroupId", "is not given, and the one made of stackName and topic %s", p.Message)
		}
	}
}
