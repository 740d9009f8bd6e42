package kafka

import (
	"context"
	"fmt"
	"slices"
)

// Failure is a record that is given up, for a [Sink]. The Record is valid until
// Send returns.
type Failure struct {
	// Record is what was delivered. Its Key and Value are those that the
	// function has seen: if it writes into them, what it wrote is here.
	Record *Record

	// Err is the last error of the function.
	Err error

	// Attempts is how often the function was called for the record in this
	// invocation.
	Attempts int
}

// Sink takes records that are given up. Packages beside this one write them to a
// Kafka topic (deadletter/topic), an SQS queue (deadletter/queue) or an S3 bucket
// (deadletter/bucket); [SinkFunc] is a function.
type Sink interface {
	// Send writes the failures, of which there is at least one, and returns
	// nil only when all are acknowledged. After an error none counts as handled.
	// After an error made by [FailedOnly], only the Records that it names do not.
	// Send may be called by several goroutines, and again with a record that it
	// has written, for example when the record's neighbours are delivered again.
	Send(ctx context.Context, failures []Failure) error
}

// SinkFunc is a function as a [Sink].
type SinkFunc func(ctx context.Context, failures []Failure) error

// Send calls f.
func (f SinkFunc) Send(ctx context.Context, failures []Failure) error { return f(ctx, failures) }

// DeadLetter gives records that failed with [Permanent], or whose attempts are
// spent ([Retry]), to a sink. They count as handled once that has acknowledged
// them, and the records behind them go on; if it returns an error they fail, as
// without a sink. So a poison record does not hold up its partition, also where
// Lambda knows neither partial answers nor retry limits (on-demand pollers).
//
// Other errors stay as they are: the records are sent again by Lambda. Panics if s
// is nil.
func DeadLetter(s Sink) Option {
	if f, ok := s.(SinkFunc); s == nil || ok && f == nil {
		panic("kafka: DeadLetter needs a sink, got nil")
	}
	return func(h *handler) { h.sink = s }
}

// send gives failures to the sink, and returns why it did not take each of them,
// with the stack of a panic; nil if it took all.
func (b *batch) send(failures []Failure) (causes []error, stack []byte) {
	stack, err := guarded(func() error { return b.sink.Send(b.ctx, failures) })
	if err == nil {
		return nil, nil
	}
	causes = make([]error, len(failures))
	if found, ok := locate(err); ok && stack == nil {
		known := true
		for _, f := range found {
			for _, r := range f.records {
				i := slices.IndexFunc(failures, func(f Failure) bool { return f.Record == r })
				if known = known && i >= 0; known {
					causes[i] = f.text
				}
			}
		}
		if known {
			return causes, nil
		}
	}
	for i := range causes {
		causes[i] = err
	}
	return causes, stack
}

// unsent is the error of a record that failed and could not be given to the sink.
// It is not marked any more.
func unsent(err, cause error) error {
	return &unsentError{err, cause}
}

type unsentError struct{ err, cause error }

func (e *unsentError) Error() string   { return fmt.Sprintf("%v; dead letter: %v", e.err, e.cause) }
func (e *unsentError) Unwrap() []error { return []error{e.err, e.cause} }
