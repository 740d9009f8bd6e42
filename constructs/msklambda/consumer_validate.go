package msklambda

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"msklambda/lambda/kafka/contract"
)

var (
	topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)
	// The service's own pattern for a topic is narrower than Kafka's.
	mappingTopic = regexp.MustCompile(`^[^.][A-Za-z0-9._-]+$`)
	groupID      = regexp.MustCompile(`^[A-Za-z0-9\-/*:_+=.@]{1,200}$`)
	tagText      = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	variable     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]+$`)
)

// Validate reports every problem of the props at once, each as a [*Problem].
func (p *ConsumerProps) Validate() error {
	if p == nil {
		p = &ConsumerProps{}
	}
	var ps problems
	ps.topic("Topic", p.Topic)
	ps.group("GroupID", p.GroupID)
	p.validateMapping(&ps)
	p.Authentication.validate(&ps)
	p.Pollers.validate(&ps)
	p.validateFailure(&ps)
	p.validateFilters(&ps)
	p.SchemaRegistry.validate(&ps)
	p.validateObserving(&ps)
	p.validateMode(&ps)
	p.validateWatching(&ps)
	if p.Function != nil {
		p.refuseFunctionFields(&ps)
	} else {
		p.validateFunction(&ps)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			ps.add("Tags", "must not have keys that begin with \"aws:\", which AWS reserves, got %q", key)
		} else if !isToken(key) && !tagText.MatchString(key) || !isToken(p.Tags[key]) && !tagText.MatchString(p.Tags[key]) {
			ps.add("Tags", "must be of letters, digits, spaces and _ . : / = + - @, got %q = %q", key, p.Tags[key])
		}
		if n := len([]rune(key)); n < 1 || n > 128 {
			ps.add("Tags", "must have keys of 1 to 128 characters, got %d in %q", n, key)
		}
		if n := len([]rune(p.Tags[key])); n > 256 && !isToken(p.Tags[key]) {
			ps.add("Tags", "must have values of at most 256 characters, got %d for %q", n, key)
		}
	}
	return ps.err()
}

func (ps *problems) topic(field, topic string) {
	switch {
	case topic == "":
		ps.add(field, "is required: the Kafka topic to read")
	case isToken(topic):
	case !topicName.MatchString(topic):
		ps.add(field, "must be 1 to 249 letters, digits, '.', '_' or '-', got %q", topic)
	case topic == "." || topic == "..":
		ps.add(field, "must not be \".\" or \"..\", which Kafka reserves, got %q", topic)
	case !mappingTopic.MatchString(topic):
		ps.add(field, "must be 2 characters or more and not begin with '.', because CloudFormation's pattern for the topic of a mapping refuses it, got %q", topic)
	}
}

func (ps *problems) group(field, group string) {
	switch {
	case group == "":
		ps.add(field, "is required: the Kafka consumer group of this function alone, such as \"orders-fn\"")
	case isToken(group):
	case !groupID.MatchString(group):
		ps.add(field, "must be 1 to 200 letters, digits or any of - / : _ + = . @, got %q", group)
	case strings.Contains(group, "*"):
		ps.add(field, "must not hold '*', because IAM would read it as a wildcard in the ARN of the group, got %q", group)
	}
}

func (p *ConsumerProps) validateMapping(ps *problems) {
	if p.BatchSize < 0 || p.BatchSize > 10000 {
		ps.add("BatchSize", "must be 1 to 10000, got %d", p.BatchSize)
	}
	if p.BatchWindow != nil {
		ps.seconds("BatchWindow", *p.BatchWindow, 0, 5*time.Minute)
	}
	switch p.StartingPosition {
	case "", awslambda.StartingPosition_TRIM_HORIZON, awslambda.StartingPosition_LATEST:
		if !p.StartingPositionTimestamp.IsZero() {
			ps.add("StartingPositionTimestamp", "needs StartingPosition %s, got %s", awslambda.StartingPosition_AT_TIMESTAMP, p.startingPosition())
		}
	case awslambda.StartingPosition_AT_TIMESTAMP:
		switch at := p.StartingPositionTimestamp; {
		case at.IsZero():
			ps.add("StartingPositionTimestamp", "is required with StartingPosition %s", awslambda.StartingPosition_AT_TIMESTAMP)
		case at.Nanosecond() != 0:
			ps.add("StartingPositionTimestamp", "must be whole seconds, got %s", at.Format(time.RFC3339Nano))
		case at.Unix() < 0:
			ps.add("StartingPositionTimestamp", "must be 1970-01-01T00:00:00Z or later, got %s", at.Format(time.RFC3339))
		case at.After(time.Now()):
			ps.add("StartingPositionTimestamp", "must not be in the future, got %s", at.Format(time.RFC3339))
		}
	default:
		ps.add("StartingPosition", "must be %s, %s or %s, got %q", awslambda.StartingPosition_TRIM_HORIZON,
			awslambda.StartingPosition_LATEST, awslambda.StartingPosition_AT_TIMESTAMP, p.StartingPosition)
	}
}

func (p *ConsumerProps) validateFunction(ps *problems) {
	if p.Entry == "" {
		ps.add("Entry", `is required: the directory of a Go main package, such as "lambda"`)
	} else if err := p.checkEntry(); err != nil {
		ps.add("Entry", "must be the directory of a Go main package, got %q: %v", p.Entry, err)
	}
	if p.MemorySize != 0 && (p.MemorySize < 128 || p.MemorySize > 10240) {
		ps.add("MemorySize", "must be 128 to 10240 MB, got %d", p.MemorySize)
	}
	if p.Timeout > 14*time.Minute {
		ps.add("Timeout", "must be at most 14m, the limit of functions behind an MSK mapping, got %s", show(p.Timeout))
	} else if p.Timeout != 0 {
		ps.seconds("Timeout", p.Timeout, time.Second, 14*time.Minute)
	}
	if p.ReservedConcurrency != nil && *p.ReservedConcurrency < 0 {
		ps.add("ReservedConcurrency", "must be 0 or more, got %d", *p.ReservedConcurrency)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Environment)) {
		if value := p.Environment[name]; name == contract.ReportBatchItemFailures && value != "false" {
			ps.add("Environment", "must not have %s but as \"false\", to hold it back: ReportBatchItemFailures sets it, got %q", name, value)
		}
		if !variable.MatchString(name) {
			ps.add("Environment", "must have names of 2 or more letters, digits or '_', beginning with a letter, got %q", name)
		}
		if slices.Contains(lambdasOwn, name) {
			ps.add("Environment", "must not have %s, which Lambda sets itself", name)
		}
	}
	switch p.Tracing {
	case "", awslambda.Tracing_ACTIVE, awslambda.Tracing_PASS_THROUGH, awslambda.Tracing_DISABLED:
	default:
		ps.add("Tracing", "must be %s, %s or %s, got %q",
			awslambda.Tracing_ACTIVE, awslambda.Tracing_PASS_THROUGH, awslambda.Tracing_DISABLED, p.Tracing)
	}
	known := slices.Sorted(maps.Values(retentions))
	if p.LogRetention != "" && p.LogRetention != awslogs.RetentionDays_INFINITE && !slices.Contains(known, p.LogRetention) {
		ps.add("LogRetention", "must be one of %v, got %q", known, p.LogRetention)
	}
	switch p.LogRemovalPolicy {
	case "", awscdk.RemovalPolicy_DESTROY, awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE:
	default:
		ps.add("LogRemovalPolicy", "must be %s, %s or %s, got %q", awscdk.RemovalPolicy_DESTROY,
			awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, p.LogRemovalPolicy)
	}
}

func (p *ConsumerProps) validateObserving(ps *problems) {
	all := []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_ERROR_COUNT, awslambda.MetricType_KAFKA_METRICS}
	for i, m := range p.Metrics {
		if !slices.Contains(all, m) {
			ps.add("Metrics", "must be of %v, got %q", all, m)
		}
		if slices.Contains(p.Metrics[:i], m) {
			ps.add("Metrics", "must not repeat a group, got %q twice", m)
		}
	}
	levels := []awslambda.EventSourceMappingLogLevel{
		awslambda.EventSourceMappingLogLevel_DEBUG, awslambda.EventSourceMappingLogLevel_INFO, awslambda.EventSourceMappingLogLevel_WARN}
	if p.PollerLogLevel != "" && !slices.Contains(levels, p.PollerLogLevel) {
		ps.add("PollerLogLevel", "must be one of %v, got %q", levels, p.PollerLogLevel)
	}
}

// refuseFunctionFields names what would otherwise be ignored.
func (p *ConsumerProps) refuseFunctionFields(ps *problems) {
	for _, f := range []struct {
		field string
		given bool
	}{
		{"Entry", p.Entry != ""},
		{"Role", p.Role != nil},
		{"Architecture", p.Architecture != nil},
		{"MemorySize", p.MemorySize != 0},
		{"Timeout", p.Timeout != 0},
		{"Environment", p.Environment != nil},
		{"ReservedConcurrency", p.ReservedConcurrency != nil},
		{"Tracing", p.Tracing != ""},
		{"LogRetention", p.LogRetention != ""},
		{"LogRemovalPolicy", p.LogRemovalPolicy != ""},
		{"BuildEnvironment", p.BuildEnvironment != nil},
	} {
		if f.given {
			ps.add(f.field, "must not be given with Function, which has its own")
		}
	}
}

// lambdasOwn are the variables that Lambda refuses in a configuration.
var lambdasOwn = []string{
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}

// retentions are those of CloudWatch Logs, by days.
var retentions = map[int]awslogs.RetentionDays{
	1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
	7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
	60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 120: awslogs.RetentionDays_FOUR_MONTHS,
	150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
	400: awslogs.RetentionDays_THIRTEEN_MONTHS, 545: awslogs.RetentionDays_EIGHTEEN_MONTHS, 731: awslogs.RetentionDays_TWO_YEARS,
	1096: awslogs.RetentionDays_THREE_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS, 2192: awslogs.RetentionDays_SIX_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS, 2922: awslogs.RetentionDays_EIGHT_YEARS, 3288: awslogs.RetentionDays_NINE_YEARS,
	3653: awslogs.RetentionDays_TEN_YEARS,
}

// LogRetention finds the retention of a number of days. It is an error, and
// lists what CloudWatch Logs has, for a number that it has not.
func LogRetention(days int) (awslogs.RetentionDays, error) {
	retention, ok := retentions[days]
	if !ok {
		return "", fmt.Errorf("must be one of %v, got %d", slices.Sorted(maps.Keys(retentions)), days)
	}
	return retention, nil
}
