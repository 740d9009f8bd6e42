package livescores

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
)

// Props says where the scores come from. Topic and GroupID are required; the zero
// value of every other field is its default.
type Props struct {
	// Topic of the score events, which are JSON objects as package
	// lambda/livescores/score describes them, with the match as the key of the
	// record: that is what keeps the events of a match in order.
	Topic string

	// GroupID is the Kafka consumer group, which no other mapping may use.
	GroupID string

	// Authentication of the pollers to the brokers.
	// Default: IAM.
	Authentication msklambda.Authentication

	// Pollers are provisioned, and billed by the hour whether there is a match or
	// not: $0.185 for 20 MB/s, which is $135 a month (us-east-1, November 2026).
	// Mappings of one VPC can share a Group, and its cost. Off is refused.
	// Default: 1 to 4, which is 20 MB/s at most.
	Pollers *msklambda.Pollers

	// RetryAttempts is how often an event is tried again before it goes to the
	// Failed bucket, 0 to 10000. The events after it in its partition wait
	// meanwhile. It is a pointer because 0 is a number of its own.
	// Default: 2.
	RetryAttempts *int

	// Matches are those that the page shows when its address names none, by their
	// ids. Default: the page asks for one.
	Matches []string

	// Entry is the directory of the function that posts scores, relative to where
	// the CDK app runs. Default: "lambda/livescores".
	Entry string

	// ConnectionsEntry is that of the function behind the routes of the API.
	// Default: "lambda/connections".
	ConnectionsEntry string

	// MemorySize of the function that posts scores in MB, 128 to 10240. Posts are
	// signed and encrypted, which takes processor time, and that grows with it.
	// Default: 1024.
	MemorySize int

	// Timeout of one invocation of that function, 1s to 14m in whole seconds: an
	// event must reach all who follow its match in this time.
	// Default: 1m.
	Timeout time.Duration

	// ThrottleRate and ThrottleBurst limit what browsers may ask for: messages a
	// second, and at once, for each of connecting, subscribing, unsubscribing and
	// all else. Disconnecting is not limited.
	// Default: 500 and 1000.
	ThrottleRate, ThrottleBurst int

	// DefineLogRole defines the role with which API Gateway writes logs, and sets
	// it for every API of the account in this region, those of others too. Without
	// such a role the deploy fails with "CloudWatch Logs role ARN must be set in
	// account settings to enable logging". Set it where nobody has a role there;
	// it stays when the stack is deleted.
	// Default: the account's setting is left alone.
	DefineLogRole bool

	// LogRetention of the functions' logs and of the access log.
	// Default: ONE_MONTH.
	LogRetention awslogs.RetentionDays

	// Alarms of the consumer. Default: none.
	Alarms *msklambda.Alarms
}

const (
	defaultEntry            = "lambda/livescores"
	defaultConnectionsEntry = "lambda/connections"
	defaultMemorySize       = 1024
	defaultRetryAttempts    = 2
	defaultMaximumPollers   = 4
	defaultThrottleRate     = 500
	defaultThrottleBurst    = 1000
	maxThrottleRate         = 10000 // what an account has for all its APIs
)

// Validate reports every problem of the props at once, each as a
// [*msklambda.Problem].
func (p *Props) Validate() error {
	if p == nil {
		p = &Props{}
	}
	// Where the fields are a consumer's, so are their limits.
	ps := problem.Of(p.consumer().Validate())
	connections := &msklambda.ConsumerProps{Topic: "scores", GroupID: "scores", Entry: cmp.Or(p.ConnectionsEntry, defaultConnectionsEntry)}
	for _, problem := range problem.Of(connections.Validate()) {
		ps.Add("ConnectionsEntry", "%s", problem.Message)
	}
	if p.Pollers != nil && p.Pollers.Off {
		ps.Add("Pollers.Off", "must not be set: partial batch responses need provisioned pollers")
	}
	if p.RetryAttempts != nil && *p.RetryAttempts == -1 {
		ps.Add("RetryAttempts", "must be 0 to 10000: a bad event would be tried for ever, got -1")
	}
	for i, match := range p.Matches {
		if !score.ValidMatch(match) {
			ps.Add("Matches", "must be ids of matches, 1 to 64 letters, digits or any of . _ : -, got %q", match)
		}
		if slices.Contains(p.Matches[:i], match) {
			ps.Add("Matches", "must not repeat a match, got %q twice", match)
		}
	}
	if p.ThrottleRate < 0 || p.ThrottleRate > maxThrottleRate {
		ps.Add("ThrottleRate", "must be 1 to %d, got %d", maxThrottleRate, p.ThrottleRate)
	}
	if rate, burst := p.throttle(); p.ThrottleBurst < 0 || p.ThrottleBurst > 0 && p.ThrottleBurst < rate {
		ps.Add("ThrottleBurst", "must not be less than {ThrottleRate} %d, got %d", rate, burst)
	}
	return ps.Err()
}

func (p *Props) throttle() (rate, burst int) {
	rate = cmp.Or(p.ThrottleRate, defaultThrottleRate)
	return rate, cmp.Or(p.ThrottleBurst, max(defaultThrottleBurst, rate))
}

// consumer is the part of the props that is a consumer's.
func (p *Props) consumer() *msklambda.ConsumerProps {
	pollers := msklambda.Pollers{}
	if p.Pollers != nil {
		pollers = *p.Pollers
	}
	pollers.Off = false
	if pollers.Maximum == 0 {
		pollers.Maximum = max(pollers.Minimum, defaultMaximumPollers)
	}
	retries := defaultRetryAttempts
	if p.RetryAttempts != nil {
		retries = *p.RetryAttempts
	}
	return &msklambda.ConsumerProps{
		Topic:          p.Topic,
		GroupID:        p.GroupID,
		Entry:          cmp.Or(p.Entry, defaultEntry),
		Authentication: p.Authentication,
		Pollers:        &pollers,
		BatchWindow:    new(time.Duration), // nobody waits for a score
		RetryAttempts:  &retries,
		MemorySize:     cmp.Or(p.MemorySize, defaultMemorySize),
		Timeout:        p.Timeout,
		LogRetention:   p.LogRetention,
		Alarms:         p.Alarms,

		// With ContinueOnError in the function: a bad event is reported alone.
		ReportBatchItemFailures: true,
	}
}

// environment is what a function needs to know.
func (l *LiveScores) environment() map[string]string {
	return map[string]string{
		layout.TableEnv:    *l.Table.TableName(),
		layout.EndpointEnv: *l.Stage.CallbackUrl(),
	}
}

func stackOf(l *LiveScores) awscdk.Stack { return awscdk.Stack_Of(l) }
