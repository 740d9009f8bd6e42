// Package mapping describes an event source mapping with its function, wherever the
// description comes from: flags, or the template of an app.
package mapping

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"msklambda/constructs/filter"
	"msklambda/constructs/mode"
	"msklambda/constructs/problem"
	"msklambda/test/local/internal/poller"
)

// Mapping is a mapping. Topic, Group and one of Entry and Bundle are required.
type Mapping struct {
	Name string // of the consumer, as the output has it. Default: that of the directory.

	// Entry is the directory of the function's Go main package, Bundle that of a
	// bootstrap which is built already and runs on this machine.
	Entry, Bundle string

	Topic, Group string
	Partitions   int // to make the topic with, where it is to be made. Default: 4.

	From  poller.Position // where a new group begins. Default: TRIM_HORIZON.
	Since time.Time       // of AT_TIMESTAMP

	// Pollers is how many there are, each with a process of the function: 0 is
	// on-demand mode, which has one here, and more is provisioned mode.
	Pollers int

	BatchSize               int           // 1 to 10000. Default: 100.
	Window                  time.Duration // 0 to 5m; negative is Lambda's 500ms
	ReportBatchItemFailures bool
	BisectOnError           bool
	RetryAttempts           int           // -1 is for ever
	MaxRecordAge            time.Duration // 60s to 168h. Default: any age.
	OnFailure               string        // a file, or kafka://topic. Default: what is given up on is lost.
	Filters                 []string      // a record that matches none is skipped

	Timeout time.Duration // of the function, 1s to 14m. Default: 1m.
	Memory  int           // MB, 128 to 10240. Default: 256.
	Env     []string      // NAME=value

	// Notes are what could not be taken over from a template, and why.
	Notes []string
}

// New makes a mapping with the construct's defaults.
func New(topic, group string) *Mapping {
	return &Mapping{Topic: topic, Group: group, Partitions: 4, Window: -1, BatchSize: 100, RetryAttempts: -1, Timeout: time.Minute, Memory: 256}
}

// KafkaTopic is the topic that failures go to, "" = none does.
func (m *Mapping) KafkaTopic() string {
	topic, ok := strings.CutPrefix(m.OnFailure, kafkaScheme)
	if !ok {
		return ""
	}
	return topic
}

const kafkaScheme = "kafka://"

var (
	topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)
	groupID   = regexp.MustCompile(`^[A-Za-z0-9\-/*:_+=.@]{1,200}$`)
	variable  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*=`)
)

// Check adds what Lambda would refuse. The fields are those of the construct's
// ConsumerProps.
func (m *Mapping) Check(ps *problem.List) {
	if !topicName.MatchString(m.Topic) {
		ps.Add("Topic", "must be 1 to 249 letters, digits, '.', '_' or '-', got %q", m.Topic)
	}
	if !groupID.MatchString(m.Group) {
		ps.Add("GroupID", "must be 1 to 200 letters, digits or any of - / : _ + = . @, got %q", m.Group)
	}
	if m.BatchSize < 1 || m.BatchSize > 10000 {
		ps.Add("BatchSize", "must be 1 to 10000, got %d", m.BatchSize)
	}
	if m.Window > 5*time.Minute {
		ps.Add("BatchWindow", "must be 0s to 5m, got %v", m.Window)
	}
	if m.RetryAttempts < -1 || m.RetryAttempts > 10000 {
		ps.Add("RetryAttempts", "must be -1 (for ever) to 10000, got %d", m.RetryAttempts)
	}
	if m.MaxRecordAge < 0 || m.MaxRecordAge > 7*24*time.Hour {
		ps.Add("MaxRecordAge", "must be at most 168h, got %v", m.MaxRecordAge)
	}
	if m.Pollers < 0 || m.Pollers > 200 {
		ps.Add("Pollers", "must be 0 to 200, got %d", m.Pollers)
	}
	if m.Timeout < time.Second || m.Timeout > 14*time.Minute {
		ps.Add("Timeout", "must be 1s to 14m, got %v", m.Timeout)
	}
	if m.Memory < 128 || m.Memory > 10240 {
		ps.Add("MemorySize", "must be 128 to 10240 MB, got %d", m.Memory)
	}
	for _, e := range m.Env {
		if !variable.MatchString(e) {
			ps.Add("Environment", "must be NAME=value, got %q", e)
		}
	}
	m.checkFailure(ps)
	for _, pattern := range m.Filters {
		if _, err := filter.Parse(pattern); err != nil {
			ps.Add("Filters", "must be a pattern such as {\"value\":{\"state\":[\"paid\"]}}, got %s: %v", pattern, err)
		}
	}
	if m.Pollers == 0 {
		mode.CheckOnDemand(ps, mode.Settings{
			RetryAttempts: &m.RetryAttempts, MaxRecordAge: m.MaxRecordAge, BisectOnError: m.BisectOnError,
			ReportBatchItemFailures: m.ReportBatchItemFailures, KafkaTopic: m.KafkaTopic(),
		})
	}
}

func (m *Mapping) checkFailure(ps *problem.List) {
	if !strings.HasPrefix(m.OnFailure, kafkaScheme) {
		return
	}
	switch topic := m.KafkaTopic(); {
	case !topicName.MatchString(topic):
		ps.Add("OnFailure", "must name a topic as kafka://topic, got %q", m.OnFailure)
	case topic == m.Topic:
		ps.Add("OnFailure", "must not be {Topic}, from which what fails would be read again for ever, got %q", m.OnFailure)
	}
}

// Position reads a starting position: one of Lambda's names, or a time.
func Position(s string) (poller.Position, time.Time, error) {
	switch p := poller.Position(strings.ToUpper(s)); p {
	case "", poller.TrimHorizon, poller.Latest:
		return p, time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("must be TRIM_HORIZON, LATEST or a time such as 2026-11-26T08:00:00Z, got %q", s)
	}
	return poller.AtTimestamp, at, nil
}
