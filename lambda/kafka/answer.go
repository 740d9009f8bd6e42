package kafka

import (
	"context"
	"strconv"
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
			out = strconv.AppendInt(out, w.offsets[k], 10)
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
			errs = append(errs, &recordError{r.Topic, r.Partition, w.offsets[f.index], f.err})
		}
		if w.skipped {
			r := &w.records[w.rest]
			first := position(r.Topic, r.Partition, w.offsets[w.rest])
			errs = append(errs, &skippedError{first, len(w.records) - w.rest, context.Cause(b.ctx)})
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return newBatchError(errs)
}
