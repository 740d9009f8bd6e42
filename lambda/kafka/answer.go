package kafka

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// noFailures is the answer when every record was handled.
const noFailures = `{"batchItemFailures":[]}`

// maxReported is how many failures of one batch are logged, and told in the
// text of its error. A batch may have 10,000 that are all alike.
const maxReported = 100

// unhandled calls yield with the index of every record of w that Lambda is to
// send again, in order and once each.
func (w *work) unhandled(yield func(int) bool) {
	last := -1
	for _, f := range w.failed {
		if f.index >= w.rest {
			break
		}
		if f.index != last && !yield(f.index) {
			return
		}
		last = f.index
	}
	for i := w.rest; i < len(w.records); i++ {
		if !yield(i) {
			return
		}
	}
}

// answer names the records that were not handled, in the form of Lambda's
// partial batch responses for Kafka. The partition is the map key of the event,
// copied as it stands there, escapes and all.
func (b *batch) answer() []byte {
	const item = `{"itemIdentifier":{"partition":"","offset":}},`
	size := len(noFailures)
	for i := range b.parts {
		w := &b.parts[i]
		for range w.unhandled {
			size += len(item) + len(w.id) + len("9223372036854775807")
		}
	}
	out := make([]byte, 0, size)
	out = append(out, `{"batchItemFailures":[`...)
	for i := range b.parts {
		w := &b.parts[i]
		for k := range w.unhandled {
			if out[len(out)-1] != '[' {
				out = append(out, ',')
			}
			out = append(out, `{"itemIdentifier":{"partition":"`...)
			out = append(out, w.id...)
			out = append(out, `","offset":`...)
			out = strconv.AppendInt(out, w.records[k].Offset, 10)
			out = append(out, "}}"...)
		}
	}
	return append(out, "]}"...)
}

// err returns what to fail the invocation with: nil when every record was
// handled.
func (b *batch) err() error {
	var errs []error
	for i := range b.parts {
		w := &b.parts[i]
		for _, f := range w.failed {
			r := &w.records[f.index]
			errs = append(errs, &recordError{r.Topic, r.Partition, r.Offset, f.err})
		}
		if w.skipped {
			errs = append(errs, &skippedError{w.records[w.rest].String(), len(w.records) - w.rest, context.Cause(b.ctx)})
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &batchError{errs}
}

// batchError joins all that went wrong in a batch. The text is cut, the errors
// are all there.
type batchError struct {
	errs []error
}

func (e *batchError) Unwrap() []error { return e.errs }

func (e *batchError) Error() string {
	var s strings.Builder
	for i, err := range e.errs {
		if i == maxReported {
			fmt.Fprintf(&s, "\nkafka: and %d more", len(e.errs)-i)
			break
		}
		if i > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(err.Error())
	}
	return s.String()
}

// recordError is one record's failure. It does not hold on to the record.
type recordError struct {
	topic     string
	partition int32
	offset    int64
	err       error
}

func (e *recordError) Unwrap() error { return e.err }

// Error formats the user's error with fmt, which survives its panics.
func (e *recordError) Error() string {
	return fmt.Sprintf("kafka: handle %s: %v", position(e.topic, e.partition, e.offset), e.err)
}

// skippedError is about the records of a partition that were not started.
type skippedError struct {
	first string
	count int
	cause error
}

func (e *skippedError) Unwrap() error { return e.cause }

func (e *skippedError) Error() string {
	if e.count == 1 {
		return fmt.Sprintf("kafka: handle %s: not started: %v", e.first, e.cause)
	}
	return fmt.Sprintf("kafka: handle %s: not started, nor the %d after it: %v", e.first, e.count-1, e.cause)
}

// marginError is why the user's context ended: the margin before the end of the
// invocation was reached.
type marginError time.Duration

func (e marginError) Unwrap() error { return context.DeadlineExceeded }

func (e marginError) Error() string {
	return fmt.Sprintf("%v before the end of the invocation (kafka.DeadlineMargin)", time.Duration(e))
}
