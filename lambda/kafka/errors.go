package kafka

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// decodeError says what is wrong with a payload, and where.
type decodeError struct {
	at     int    // byte offset
	record string // orders[0]@7, or records["orders-0"][3]; may be empty
	field  string
	want   string
	got    string
}

func (e *decodeError) Error() string {
	s := "kafka: decode "
	if e.record != "" {
		s += e.record + ": "
	}
	if e.field != "" {
		s += e.field + ": "
	}
	return s + fmt.Sprintf("byte %d: want %s, got %s", e.at, e.want, e.got)
}

func quoteByte(c byte) string {
	if c < ' ' || c > '~' {
		return fmt.Sprintf("byte 0x%02x", c)
	}
	return "'" + string(rune(c)) + "'"
}

// batchError joins all that went wrong in a batch. The text is cut, the errors
// are all there. It is made while the records are still there, because a user's
// error may tell of them.
type batchError struct {
	errs []error
	text string
}

func newBatchError(errs []error) *batchError {
	var s strings.Builder
	for i, err := range errs {
		if i == maxReported {
			fmt.Fprintf(&s, "\nkafka: and %d more", len(errs)-i)
			break
		}
		if i > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(err.Error())
	}
	return &batchError{errs, s.String()}
}

func (e *batchError) Error() string   { return e.text }
func (e *batchError) Unwrap() []error { return e.errs }

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

// unstartedError is about the records of a partition that were not started.
type unstartedError struct {
	first string
	count int
	cause error
}

func (e *unstartedError) Unwrap() error { return e.cause }

func (e *unstartedError) Error() string {
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
