// Package metrics writes what becomes of records as metrics for CloudWatch, in its
// embedded metric format: lines of the log that CloudWatch makes metrics of. It needs no
// permission, no network and no other package.
//
//	kafka.Start(process, metrics.EMF("Orders"))
//	kafka.Start(process, metrics.FromEnv()) // the namespace that the construct says
package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/contract"
)

// The metrics, each with the dimensions FunctionName and Topic, but Undecoded, which has
// the function's name only.
const (
	Records      = "Records"
	Handled      = "Handled"
	Failures     = "Failures"  // records that failed
	Unhandled    = "Unhandled" // records that will be sent again: those that failed, and those that they stopped
	Retries      = "Retries"   // in the function
	Skipped      = "Skipped"
	DeadLettered = "DeadLettered"
	DoneBefore   = "DoneBefore"

	// Age is how long ago the oldest and the newest record of an invocation was
	// written, in milliseconds, by their timestamps; of one record it is once. It
	// is missing if they have none.
	Age = "Age"

	// Undecoded counts events that could not be read.
	Undecoded = "Undecoded"
)

// EMF writes metrics to standard output, once for each invocation: a line for each
// topic of it. It panics if the namespace is not what CloudWatch takes.
func EMF(namespace string) kafka.Option { return To(os.Stdout, namespace) }

// FromEnv is EMF with the namespace that the construct tells the function, by
// ConsumerProps.MetricsNamespace and MSKLAMBDA_METRICS_NAMESPACE, so that its alarms and
// dashboard are about these metrics. Where that is not set, as in a local run, nothing is
// written. It panics if the namespace is not what CloudWatch takes.
func FromEnv() kafka.Option {
	if namespace := os.Getenv(contract.MetricsNamespace); namespace != "" {
		return EMF(namespace)
	}
	return kafka.Options()
}

// To is EMF to another writer, with one call of Write for each invocation. An error of
// it is logged, and nothing else.
func To(w io.Writer, namespace string) kafka.Option {
	if w == nil {
		panic("metrics: To needs a writer, got nil")
	}
	check(namespace)
	e := emf{w: w, namespace: namespace, function: os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), now: time.Now}
	return kafka.Observe(e.write)
}

// check refuses a namespace that CloudWatch would drop the metrics of.
func check(namespace string) {
	allowed := len(namespace) >= 1 && len(namespace) <= 255 && namespace[0] != ':'
	for _, c := range namespace {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_', c == '/', c == '#', c == ':', c == ' ':
		default:
			allowed = false
		}
	}
	if !allowed || len(namespace) >= 4 && namespace[:4] == "AWS/" {
		panic(fmt.Sprintf("metrics: the namespace must be 1 to 255 letters, digits, spaces, '.', '-', '_', '/', '#' or ':', not begin with ':' or 'AWS/', got %q", namespace))
	}
}

type emf struct {
	w                   io.Writer
	namespace, function string
	now                 func() time.Time
}

// metric is a value and its unit.
type metric struct {
	name, unit string
	value      any // a number or several
}

// definition and directive are as CloudWatch specifies them.
type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type metadata struct {
	Timestamp         int64       `json:"Timestamp"`
	CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
}

// write writes the metrics of an invocation. It panics if it cannot, which is logged.
func (e emf) write(_ context.Context, s kafka.Summary) {
	now := e.now()
	var lines []byte
	if s.Undecoded != nil {
		lines = e.line(lines, now, "", metric{Undecoded, "Count", 1})
	}
	for _, t := range s.Topics {
		metrics := []metric{
			{Records, "Count", t.Records}, {Handled, "Count", t.Handled}, {Failures, "Count", t.Failures}, {Unhandled, "Count", t.Unhandled},
			{Retries, "Count", t.Retries}, {Skipped, "Count", t.Skipped}, {DeadLettered, "Count", t.DeadLettered}, {DoneBefore, "Count", t.DoneBefore},
		}
		if !t.Oldest.IsZero() {
			ages := []int64{now.Sub(t.Oldest).Milliseconds()}
			if t.Newest != t.Oldest {
				ages = append(ages, now.Sub(t.Newest).Milliseconds())
			}
			metrics = append(metrics, metric{Age, "Milliseconds", ages})
		}
		lines = e.line(lines, now, t.Topic, metrics...)
	}
	if len(lines) == 0 {
		return
	}
	if _, err := e.w.Write(lines); err != nil {
		panic(fmt.Sprintf("metrics: %v", err))
	}
}

// line appends a line of metrics.
func (e emf) line(lines []byte, now time.Time, topic string, metrics ...metric) []byte {
	dimensions := []string{}
	members := map[string]any{}
	for _, d := range []struct{ name, value string }{{"FunctionName", e.function}, {"Topic", topic}} {
		if d.value != "" {
			dimensions = append(dimensions, d.name)
			members[d.name] = d.value
		}
	}
	definitions := make([]definition, len(metrics))
	for i, m := range metrics {
		definitions[i] = definition{m.name, m.unit}
		members[m.name] = m.value
	}
	members["_aws"] = metadata{now.UnixMilli(), []directive{{e.namespace, [][]string{dimensions}, definitions}}}
	line, err := json.Marshal(members)
	if err != nil {
		panic(fmt.Sprintf("metrics: %v", err)) // numbers and strings: a bug here
	}
	return append(append(lines, line...), '\n')
}
