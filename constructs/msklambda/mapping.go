package msklambda

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
)

const defaultBatchSize = 100

func (p *ConsumerProps) startingPosition() awslambda.StartingPosition {
	return cmp.Or(p.StartingPosition, awslambda.StartingPosition_TRIM_HORIZON)
}

func (p *ConsumerProps) validateMapping(ps *problems) {
	if p.BatchSize < 0 || p.BatchSize > 10000 {
		ps.Add("BatchSize", "must be 1 to 10000, got %d", p.BatchSize)
	}
	if p.BatchWindow != nil {
		ps.seconds("BatchWindow", *p.BatchWindow, 0, 5*time.Minute)
	}
	switch p.StartingPosition {
	case "", awslambda.StartingPosition_TRIM_HORIZON, awslambda.StartingPosition_LATEST:
		if !p.StartingPositionTimestamp.IsZero() {
			ps.Add("StartingPositionTimestamp", "needs {StartingPosition} %s, got %s", awslambda.StartingPosition_AT_TIMESTAMP, p.startingPosition())
		}
	case awslambda.StartingPosition_AT_TIMESTAMP:
		switch at := p.StartingPositionTimestamp; {
		case at.IsZero():
			ps.Add("StartingPositionTimestamp", "is required with {StartingPosition} %s", awslambda.StartingPosition_AT_TIMESTAMP)
		case at.Nanosecond() != 0:
			ps.Add("StartingPositionTimestamp", "must be whole seconds, got %s", at.Format(time.RFC3339Nano))
		case at.Unix() < 0:
			ps.Add("StartingPositionTimestamp", "must be 1970-01-01T00:00:00Z or later, got %s", at.Format(time.RFC3339))
		case at.After(time.Now()):
			ps.Add("StartingPositionTimestamp", "must not be in the future, got %s", at.Format(time.RFC3339))
		}
	default:
		ps.Add("StartingPosition", "must be %s, %s or %s, got %q", awslambda.StartingPosition_TRIM_HORIZON,
			awslambda.StartingPosition_LATEST, awslambda.StartingPosition_AT_TIMESTAMP, p.StartingPosition)
	}
}

func (c *Consumer) defineMapping(cluster *Cluster, props *ConsumerProps, after []constructs.IDependable) {
	var timestamp *float64
	if at := props.StartingPositionTimestamp; !at.IsZero() {
		timestamp = jsii.Number(at.Unix())
	}
	// CloudFormation reports success for a changed topic and applies nothing,
	// so a change of what a mapping only takes at its creation must be a new
	// mapping. What is not in this list must never move the id.
	source := cluster.props.source()
	createOnly := shortHash(c, source, props.Topic, props.GroupID, props.startingPosition(), timestamp)

	var window awscdk.Duration
	if props.BatchWindow != nil {
		window = seconds(*props.BatchWindow)
	}
	c.Mapping = awslambda.NewEventSourceMapping(c, jsii.String("Mapping"+createOnly), &awslambda.EventSourceMappingProps{
		Target:                    c.target(),
		EventSourceArn:            &source,
		KafkaTopic:                &props.Topic,
		KafkaConsumerGroupId:      &props.GroupID,
		StartingPosition:          props.startingPosition(),
		StartingPositionTimestamp: timestamp,
		// Written out even at their defaults: a property that goes missing
		// from a template keeps its last value in the service.
		BatchSize:                  jsii.Number(cmp.Or(props.BatchSize, defaultBatchSize)),
		Enabled:                    jsii.Bool(!props.Disabled),
		MaxBatchingWindow:          window,
		SourceAccessConfigurations: props.Authentication.sourceAccess(),
		Filters:                    filterProperties(props.Filters),
		FilterEncryption:           props.FilterKey,
		LogLevel:                   props.PollerLogLevel,
		MetricsConfig:              c.watched.metricsConfig(),
	})
	c.setModeProperties(props)

	// The service tries the connection when the mapping is made, and on the
	// way down the role must outlive the pollers' network interfaces.
	//
	// A bundled function waits for the policy, and uses the log group. The mapping
	// itself waits for nothing that is named as the consumer: "cdk refactor" takes
	// another order of what a resource waits for, which is by name, for a change.
	if props.Function == nil {
		c.Function.Node().AddDependency(c.Policy)
	} else {
		after = append(after, c.Policy)
	}
	c.Mapping.Node().AddDependency(after...)
}

// setModeProperties sets what CDK's construct cannot express, or would grant
// more for than is needed.
func (c *Consumer) setModeProperties(props *ConsumerProps) {
	mapping := c.Mapping.Node().DefaultChild().(awslambda.CfnEventSourceMapping)
	if function := *c.Function.FunctionArn(); arn.Qualifier(function) != "" {
		// CDK knows an imported alias by the name of its function alone.
		mapping.SetFunctionName(&function)
	}
	if uri := props.OnFailure.uri(); uri != nil {
		mapping.SetDestinationConfig(&awslambda.CfnEventSourceMapping_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventSourceMapping_OnFailureProperty{Destination: uri},
		})
	}
	if props.Pollers != nil && props.Pollers.Off {
		// Not by an override: CDK drops those that are empty, and this must be.
		mapping.SetProvisionedPollerConfig(&awslambda.CfnEventSourceMapping_ProvisionedPollerConfigProperty{})
	}
	if !props.provisioned() {
		return
	}
	pollers := &awslambda.CfnEventSourceMapping_ProvisionedPollerConfigProperty{
		// Written out, because an empty object would mean no pollers.
		MinimumPollers: jsii.Number(cmp.Or(props.Pollers.Minimum, defaultMinimumPollers)),
		MaximumPollers: jsii.Number(cmp.Or(props.Pollers.Maximum, defaultMaximumPollers)),
	}
	if props.Pollers.Group != "" {
		pollers.PollerGroupName = &props.Pollers.Group
	}
	mapping.SetProvisionedPollerConfig(pollers)

	// As above: each of these would otherwise outlive its removal.
	attempts, age := -1, -1
	if props.RetryAttempts != nil {
		attempts = *props.RetryAttempts
	}
	if props.MaxRecordAge != 0 {
		age = int(props.MaxRecordAge.Seconds())
	}
	mapping.SetMaximumRetryAttempts(jsii.Number(attempts))
	mapping.SetMaximumRecordAgeInSeconds(jsii.Number(age))
	mapping.SetBisectBatchOnFunctionError(props.BisectOnError)
	if props.ReportBatchItemFailures {
		mapping.SetFunctionResponseTypes(jsii.Strings("ReportBatchItemFailures"))
	}
	if props.SchemaRegistry != nil {
		mapping.SetAmazonManagedKafkaEventSourceConfig(&awslambda.CfnEventSourceMapping_AmazonManagedKafkaEventSourceConfigProperty{
			ConsumerGroupId:      &props.GroupID,
			SchemaRegistryConfig: props.SchemaRegistry.property(),
		})
	}
}

func filterProperties(patterns []string) *[]*map[string]any {
	if len(patterns) == 0 {
		return nil
	}
	var out []*map[string]any
	for _, pattern := range patterns {
		out = append(out, &map[string]any{"pattern": pattern})
	}
	return &out
}

// shortHash is stable for tokens too: it hashes what they resolve to, such as
// {"Ref":"Topic"}, and not their spelling, which changes from run to run. Of a
// reference to another stack, where names mean something else, that stack too.
func shortHash(scope constructs.Construct, values ...any) string {
	for i, v := range values {
		if s, ok := v.(string); ok && isToken(s) {
			values[i] = []any{awscdk.Stack_Of(scope).Resolve(&s), foreignStacks(scope, s)}
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings, numbers, and what CDK resolved from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

func foreignStacks(scope constructs.Construct, token string) (paths []string) {
	here := *awscdk.Stack_Of(scope).Node().Path()
	for _, t := range *awscdk.Tokenization_ReverseString(&token).Tokens() {
		if !*awscdk.Reference_IsReference(t) {
			continue
		}
		if path := *awscdk.Stack_Of(t.(awscdk.Reference).Target()).Node().Path(); path != here {
			paths = append(paths, path)
		}
	}
	return paths
}
