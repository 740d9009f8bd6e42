package mskapp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/lookup/cdkcontext"
	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// Config is the context of the app, read and checked.
type Config struct {
	StackName string
	Cluster   msklambda.ClusterProps // what is not given of it is looked up
	Consumers []*ConsumerConfig

	AllowPublicAccess bool

	app        awscdk.App
	stack      awscdk.Stack
	extensions []*Extension
}

// ConsumerConfig is one consumer. Its fields beside Props are what becomes a
// construct once there is a stack to import it into.
type ConsumerConfig struct {
	Name  string
	Props msklambda.ConsumerProps

	RoleARN, FunctionARN, SecretARN, SecretKeyARN string
	OnFailure, OnFailureKeyARN, FilterKeyARN      string
	RegistryAccess                                map[string]string // secret ARN by type
	AlarmTopicARNs                                []string

	listed bool // it has a name of the user's, which its outputs bear
}

func (c *ConsumerConfig) pollers() *msklambda.Pollers {
	if c.Props.Pollers == nil {
		c.Props.Pollers = &msklambda.Pollers{}
	}
	return c.Props.Pollers
}

func (c *ConsumerConfig) registry() *msklambda.SchemaRegistry {
	if c.Props.SchemaRegistry == nil {
		c.Props.SchemaRegistry = &msklambda.SchemaRegistry{}
	}
	return c.Props.SchemaRegistry
}

var (
	stackName    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)
	consumerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)
)

// ReadConfig reads the context of the app and reports everything that is
// wrong with it at once, by the name of its key. It defines no resource. The keys
// of the extensions are read with those of the app.
func ReadConfig(app awscdk.App, extensions ...*Extension) (*Config, error) {
	c := &Config{StackName: "MskLambda", app: app, extensions: extensions}
	var ps problem.List
	context, _ := cdkcontext.Plain(app.Node().GetAllContext(nil)).(map[string]any)
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
		ps.Add("stackName", "must be a letter and up to 127 letters, digits or '-', got %q", c.StackName)
	}
	reported.check(&ps, c.validateCluster(), "")

	c.stack = c.newStack(app)
	for _, s := range consumerSources(given, &ps) {
		consumer := &ConsumerConfig{Name: s.name, listed: s.listed}
		c.readConsumer(consumer, s, &ps, reported["StackName"])
		c.Consumers = append(c.Consumers, consumer)
	}
	for _, e := range extensions {
		c.readExtension(e, given, &ps)
	}
	if err := ps.Err(); err != nil {
		return nil, fmt.Errorf("the context (cdk.json or -c key=value) has problems:\n%w", err)
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

// newStack makes the stack in the account and region of what is read. Where the
// ARN is wrong, any stack will do: it is only there to import into, and is never
// synthesized.
func (c *Config) newStack(app awscdk.App) awscdk.Stack {
	arn := c.Cluster.VPCConnectionARN
	if arn == "" {
		arn = c.Cluster.ClusterARN
	}
	name, parts := c.StackName, strings.Split(arn, ":")
	if !stackName.MatchString(name) {
		name = "Wrong"
	}
	wrong := slices.ContainsFunc(problem.Of(c.validateCluster()), func(p *msklambda.Problem) bool {
		return p.Field == "ClusterARN" || p.Field == "VPCConnectionARN"
	})
	if wrong || len(parts) < 6 {
		return newStack(app, name, "", "")
	}
	return newStack(app, name, parts[4], parts[3])
}

// consumerSource is what was given for one consumer, and under which keys.
type consumerSource struct {
	source
	name   string
	prefix string // of its keys in messages
	listed bool
}

func consumerSources(given source, ps *problem.List) []consumerSource {
	raw, ok := given[consumersKey]
	if !ok {
		return []consumerSource{{source: given, name: "Consumer"}}
	}
	list, ok := value{consumersKey, raw, ps}.objects()
	if ok && len(list) == 0 {
		ps.Add(consumersKey, "must have at least one consumer")
	}
	var out []consumerSource
	names := map[string]bool{}
	for i, object := range list {
		s := consumerSource{source: maps.Clone(given), prefix: fmt.Sprintf("%s[%d].", consumersKey, i), listed: true}
		s.name, _ = object["name"].(string)
		switch {
		case !consumerName.MatchString(s.name):
			ps.Add(s.prefix+"name", "must be a letter and up to 63 letters and digits, a name of its own that its resources bear, got %q", object["name"])
		case names[s.name]:
			ps.Add(s.prefix+"name", "must be its own, got %q twice", s.name)
		}
		names[s.name] = true
		s.dropContradicted(object)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			switch {
			case isConsumerKey(key) && object[key] == "":
				delete(s.source, key) // takes a default away; null does not reach us from cdk.json
			case isConsumerKey(key):
				s.source[key] = object[key]
			case key != "name":
				refuseConsumerKey(ps, s.prefix, key)
			}
		}
		out = append(out, s)
	}
	return out
}

// dropContradicted takes away the defaults that cannot be meant for a consumer
// with these keys: those of a bundled function beside an existing one, of another
// kind of pollers, and of a secret that its authentication has not.
func (s *consumerSource) dropContradicted(object map[string]any) {
	drop := func(keys ...string) {
		for _, key := range keys {
			delete(s.source, key)
		}
	}
	if object["functionArn"] != nil {
		drop("entry", "roleArn", "architecture", "memorySize", "timeout", "environment", "reservedConcurrency", "tracing", "logRetentionDays", "logRemovalPolicy")
	}
	if object["entry"] != nil {
		drop("functionArn")
	}
	if object["pollers"] == "on-demand" || object["pollers"] == "off" {
		drop("minimumPollers", "maximumPollers", "pollerGroup", "maxRecordAge", "bisectOnError", "reportBatchItemFailures",
			"schemaRegistry", "schemaFormat", "schemaValidate", "schemaAccess", "pollerLogLevel", "retryAttempts")
	}
	if method, ok := object["authentication"]; ok && method != "scram" && method != "mtls" {
		drop("secretArn", "secretKeyArn")
	}
}

func isConsumerKey(key string) bool {
	return slices.ContainsFunc(consumerSettings, func(s consumerSetting) bool { return s.key == key })
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
	if p.Entry == "" && consumer.FunctionARN == "" && !reported["Function"] {
		p.Entry = "lambda"
	}
	derived := p.GroupID == "" && given.source["consumerGroupId"] == nil
	if derived {
		p.GroupID = c.StackName + "-" + p.Topic
	}
	reported.read(ps, "imports", func() { c.importInto(consumer, given.prefix, ps) })

	found := append(problem.Of(p.Validate()), problem.Of(c.Cluster.ValidateConsumer(p))...)
	for _, other := range c.Consumers {
		if other.Props.GroupID == p.GroupID {
			ps.Add(given.prefix+"consumerGroupId", "must be the consumer's own, got %q, which %q has already", p.GroupID, other.Name)
		}
	}
	wrongTopic := reported["Topic"] || slices.ContainsFunc(found, func(p *msklambda.Problem) bool { return p.Field == "Topic" })
	for _, p := range found {
		if p.Field != "GroupID" || !derived {
			reported.check(ps, p, given.prefix)
		} else if !wrongTopic && !stackNameWrong {
			ps.Add(given.prefix+"consumerGroupId", "is not given, and the one made of stackName and topic %s", p.Message)
		}
	}
}
