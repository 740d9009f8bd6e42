package kafka

import (
	"fmt"
	"strconv"
)

// noFailures is the answer when every record was handled.
const noFailures = `{"batchItemFailures":[]}`

// maxReported is how many failures of one batch are logged, and told in the
// text of its error. A batch may have 10,000 that are all alike.
const maxReported = 100

// unhandled calls yield with the index of every record of w that Lambda is to
// send again, in order: every one of which nobody has said that it is done.
func (w *work) unhandled(yield func(int) bool) {
	for k, s := range w.status {
		if !s.isDone() && !yield(k) {
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

// err returns what to fail the invocation with: nil when every record is done.
func (b *batch) err() error {
	var errs []error
	failed := b.failed
	for i := range b.parts {
		w := &b.parts[i]
		known := len(errs)
		for ; len(failed) > 0 && failed[0].w == w; failed = failed[1:] {
			k := failed[0].index
			errs = append(errs, &recordError{w.record(k).Topic, w.record(k).Partition, w.offsets[k], failed[0].err})
		}
		first, unhandled, notBegun := -1, 0, 0
		for k := range w.unhandled {
			unhandled++
			if w.status[k] == unstarted {
				if notBegun++; first < 0 {
					first = k
				}
			}
		}
		switch {
		case first >= 0:
			r := w.record(first)
			errs = append(errs, &unstartedError{position(r.Topic, r.Partition, w.offsets[first]), notBegun, w.notBegun})
		case unhandled > 0 && len(errs) == known:
			// Whatever left them so: an invocation that succeeds would lose them.
			errs = append(errs, fmt.Errorf("kafka: %d records of %s were not handled", unhandled, w.name))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return newBatchError(errs)
}
