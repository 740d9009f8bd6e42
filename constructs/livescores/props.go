package livescores

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
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

	// StartingPosition is where a group without committed offsets begins.
	// Default: LATEST, because scores of yesterday are no news. Events that are
	// written in the minutes that a new mapping takes to start are not shown.
	StartingPosition awslambda.StartingPosition

	// RetryAttempts is how often events are tried again before they go to the
	// Failed bucket, 0 to 10000, and each attempt lasts up to Timeout. Only an
	// outage of the table, the buckets or the queue takes them: what is wrong with
	// an event does not. It is a pointer because 0 is a number of its own.
	// Default: 100.
	RetryAttempts *int

	// Matches are those that the page shows when its address names none, by their
	// ids. Default: the page asks for one.
	Matches []string

	// MatchLimit is how many matches a browser can follow, 1 to 250.
	// Default: 200.
	MatchLimit int

	// Entry is the directory of the function that takes events, relative to where
	// the CDK app runs. Default: "lambda/livescores".
	Entry string

	// PosterEntry is that of the function that posts them.
	// Default: "lambda/livescores/poster".
	PosterEntry string

	// ConnectionsEntry is that of the function behind the routes of the API.
	// Default: "lambda/connections".
	ConnectionsEntry string

	// MemorySize of the function that takes events in MB, 128 to 10240.
	// Default: 512.
	MemorySize int

	// Timeout of one invocation of that function, 1s to 14m in whole seconds.
	// Default: 1m.
	Timeout time.Duration

	// PosterMemorySize of the function that posts in MB, 128 to 10240. Posts are
	// signed and encrypted, which takes processor time, and that grows with it.
	// Default: 1769, which is one processor.
	PosterMemorySize int

	// Posters is how many invocations may post at once, 2 to 1000. One match takes
	// half of them at most, by the number of its shards: 64 with 128 or more, 16
	// with 32 or more, 4 with 8 or more, and 1 with fewer. It must not be more than
	// ReservedConcurrency.Poster.
	// Default: 128, or ReservedConcurrency.Poster if that is less.
	Posters int

	// PostQuota and PostBurst are what may be posted a second, and at once: what
	// API Gateway gives to all APIs of the account, or what others leave of it.
	// The shards of a match share it, each with the same part.
	// Default: 10000 and 5000, the quota of an account that has not asked for more.
	PostQuota, PostBurst int

	// FollowerWrites is the most write units a second that the table of the followers
	// takes, 1 to 1000000: one for each match that a browser begins to follow or
	// leaves, and one or more for itself. It bounds what browsers can make you pay, at
	// the default to $22.50 an hour (us-east-1, November 2026), and holds up no event.
	// Default: 10000.
	FollowerWrites int

	// ReservedConcurrency of the functions.
	// Default: none of their own.
	ReservedConcurrency ReservedConcurrency

	// ThrottleRate and ThrottleBurst limit what browsers may ask for: messages a
	// second, and at once, for each of connecting, subscribing and
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

	// APIDomain is a name of one's own for the API, with TLS 1.2 at least; the
	// certificate must be one of this region. Its record in DNS is yours.
	// Default: the name that AWS makes, where AWS chooses the TLS versions.
	APIDomain *Domain

	// PageDomain is a name of one's own for the page; its certificate must be one of
	// us-east-1. Its record in DNS is yours.
	// Default: the name that AWS makes, where AWS chooses the TLS versions.
	PageDomain *Domain

	// Alarms are on; see its fields for what they can be told.
	Alarms Alarms

	// NoDashboard leaves out the dashboard, which costs $3 a month.
	NoDashboard bool
}

// Domain is a name of one's own.
type Domain struct {
	// Name is that of DNS, such as "live.example.com".
	Name string

	// Certificate is for that name.
	Certificate awscertificatemanager.ICertificate
}

// ReservedConcurrency caps functions, and takes their share from the account: nil
// is none.
type ReservedConcurrency struct {
	// FanOut is the cap of the consumer's function.
	FanOut *int

	// Poster is the cap of the function that posts.
	Poster *int

	// Connections is the cap of the function behind the routes of the API.
	Connections *int
}

const (
	defaultEntry            = "lambda/livescores"
	defaultPosterEntry      = "lambda/livescores/poster"
	defaultConnectionsEntry = "lambda/connections"
	defaultMemorySize       = 512
	defaultPosterMemorySize = 1769
	defaultPosters          = 2 * layout.Slots
	defaultPostQuota        = 10000
	defaultPostBurst        = 5000
	defaultFollowerWrites   = 10000
	defaultRetryAttempts    = 100
	defaultMaximumPollers   = 4
	defaultThrottleRate     = 500
	defaultThrottleBurst    = 1000
	maxThrottleRate         = 10000 // what an account has for all its APIs
	maxMatchLimit           = 250   // that a message of 32 KB has room for, at 127 bytes each
	maxPostQuota            = 1_000_000
	maxFollowerWrites       = 1_000_000
	mostMemory              = 10240
)

// Validate reports every problem of the props at once, each as a
// [*msklambda.Problem].
func (p *Props) Validate() error {
	if p == nil {
		p = &Props{}
	}
	// Where the fields are a consumer's, so are their limits.
	ps := problem.Of(p.consumer().Validate())
	for _, f := range []struct{ field, entry string }{
		{"ConnectionsEntry", cmp.Or(p.ConnectionsEntry, defaultConnectionsEntry)}, {"PosterEntry", cmp.Or(p.PosterEntry, defaultPosterEntry)},
	} {
		other := &msklambda.ConsumerProps{Topic: "scores", GroupID: "scores", Entry: f.entry}
		for _, problem := range problem.Of(other.Validate()) {
			ps.Add(f.field, "%s", problem.Message)
		}
	}
	for _, n := range []struct {
		field            string
		value, low, high int
	}{
		{"MatchLimit", p.MatchLimit, 1, maxMatchLimit}, {"PosterMemorySize", p.PosterMemorySize, 128, mostMemory}, {"Posters", p.Posters, leastPosters, 1000},
		{"PostQuota", p.PostQuota, 1, maxPostQuota}, {"PostBurst", p.PostBurst, 1, maxPostQuota},
		{"FollowerWrites", p.FollowerWrites, 1, maxFollowerWrites},
	} {
		if n.value != 0 && (n.value < n.low || n.value > n.high) {
			ps.Add(n.field, "must be %d to %d, got %d", n.low, n.high, n.value)
		}
	}
	for _, r := range []struct {
		field string
		value *int
	}{{"Poster", p.ReservedConcurrency.Poster}, {"Connections", p.ReservedConcurrency.Connections}} {
		if r.value != nil && *r.value < 0 {
			ps.Add("ReservedConcurrency."+r.field, "must not be negative, got %d", *r.value)
		}
	}
	if r := p.ReservedConcurrency.Poster; r != nil && *r > 0 && p.Posters > *r {
		// Those above it would be refused, and their jobs wait for the time of a message.
		ps.Add("Posters", "must not be more than {ReservedConcurrency.Poster} %d, got %d", *r, p.Posters)
	}
	for _, d := range []struct {
		field  string
		domain *Domain
	}{{"APIDomain", p.APIDomain}, {"PageDomain", p.PageDomain}} {
		if d.domain != nil && (d.domain.Name == "" || d.domain.Certificate == nil) {
			ps.Add(d.field, "must have a Name and a Certificate")
		}
	}
	p.Alarms.validate(&ps)
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

// leastPosters is the least that Lambda takes for a queue.
const leastPosters = 2

// posters is how many invocations may post at once.
func (p *Props) posters() int {
	n := cmp.Or(p.Posters, defaultPosters)
	if r := p.ReservedConcurrency.Poster; r != nil && *r > 0 {
		n = min(n, max(leastPosters, *r))
	}
	return n
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
		Topic:               p.Topic,
		GroupID:             p.GroupID,
		Entry:               cmp.Or(p.Entry, defaultEntry),
		StartingPosition:    cmp.Or(p.StartingPosition, awslambda.StartingPosition_LATEST),
		Authentication:      p.Authentication,
		Pollers:             &pollers,
		BatchWindow:         new(time.Duration), // nobody waits for a score
		RetryAttempts:       &retries,
		MemorySize:          cmp.Or(p.MemorySize, defaultMemorySize),
		Timeout:             p.Timeout,
		ReservedConcurrency: p.ReservedConcurrency.FanOut,
		LogRetention:        p.LogRetention,
		Alarms:              p.Alarms.consumer(),

		// With ContinueOnError in the function: what stops a match is reported alone.
		ReportBatchItemFailures: true,
	}
}

func stackOf(l *LiveScores) awscdk.Stack { return awscdk.Stack_Of(l) }
