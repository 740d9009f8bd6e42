package msklambda

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const defaultBatchSize = 100

func (p *ConsumerProps) startingPosition() awslambda.StartingPosition {
	return or(p.StartingPosition, awslambda.StartingPosition_TRIM_HORIZON)
}

func (c *Consumer) defineMapping(cluster *Cluster, props *ConsumerProps, network []constructs.IDependable) {
	var timestamp *float64
	if at := props.StartingPositionTimestamp; !at.IsZero() {
		timestamp = jsii.Number(at.Unix())
	}
	// CloudFormation reports success for a changed topic and applies nothing,
	// so a change of what a mapping only takes at its creation must be a new
	// mapping. What is not in this list must never move the id.
	createOnly := shortHash(c, cluster.ClusterARN, props.Topic, props.GroupID, props.startingPosition(), timestamp)

	var window awscdk.Duration
	if props.BatchWindow != nil {
		window = seconds(*props.BatchWindow)
	}
	c.Mapping = awslambda.NewEventSourceMapping(c, jsii.String("Mapping"+createOnly), &awslambda.EventSourceMappingProps{
		Target:                    c.Function,
		EventSourceArn:            &cluster.ClusterARN,
		KafkaTopic:                &props.Topic,
		KafkaConsumerGroupId:      &props.GroupID,
		StartingPosition:          props.startingPosition(),
		StartingPositionTimestamp: timestamp,
		// Written out even at their defaults: a property that goes missing
		// from a template keeps its last value in the service.
		BatchSize:         jsii.Number(or(props.BatchSize, defaultBatchSize)),
		Enabled:           jsii.Bool(!props.Disabled),
		MaxBatchingWindow: window,
		MetricsConfig:     c.watched.metricsConfig(),
	})
	// The service tries the connection when the mapping is made, and on the
	// way down the role must outlive the pollers' network interfaces.
	wait := append([]constructs.IDependable{c.Policy}, network...)
	if c.LogGroup != nil {
		wait = append(wait, c.LogGroup)
	}
	c.Mapping.Node().AddDependency(wait...)
}

// shortHash is stable for tokens too: it hashes what they resolve to, such as
// {"Ref":"Topic"}, and not their spelling, which changes from run to run.
func shortHash(scope constructs.Construct, values ...any) string {
	for i, v := range values {
		if s, ok := v.(string); ok && isToken(s) {
			values[i] = awscdk.Stack_Of(scope).Resolve(&s)
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings, numbers, and what CDK resolved from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}
