package redrive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"msklambda/constructs/filter"
	"msklambda/lambda/admin/ask"
)

// Message is one message at a destination.
type Message struct {
	ID   string // for people
	Body []byte

	// Key and Headers are those of a record of a topic.
	Key     []byte
	Headers []ask.Header

	Sent time.Time

	// NotYet is why it cannot be redriven now, nil where it can.
	NotYet error

	at any // what the source needs to find it again
}

// Source is a destination of failed batches. It gives what there was when it was
// opened, and nothing that comes meanwhile: a batch that fails again must not be
// redriven for ever.
type Source interface {
	// Next returns the next message, nil after the last.
	Next(context.Context) (*Message, error)

	// Remove removes a message that was handled.
	Remove(context.Context, *Message) error

	// Leave leaves a message where it is. Of one that failed, ours is true; behind
	// it nothing may be removed that an order would be broken by.
	Leave(ctx context.Context, m *Message, ours bool)

	// Close gives up what was taken and not removed.
	Close(context.Context) error
}

// Config is a redrive. Source is required, and Invoke and Read where they are used.
type Config struct {
	Source Source

	// Function and Cluster are ARNs, and Topic a topic, of whose batches alone are
	// redriven; "" = any.
	Function, Cluster, Topic string

	// Brokers are those that an event names where the message does not.
	Brokers string

	// Invoke invokes the function and waits for its answer.
	Invoke func(ctx context.Context, event []byte) (answer []byte, err error)

	// Read reads records again, of which only offsets are there.
	Read func(context.Context, Range) ([]ask.Record, error)

	// Filters are those of the mapping: what is read again is not all its function
	// was given.
	Filters []*filter.Pattern

	Apply   bool // handle and remove; without, only look
	Inexact bool // take records that are read again although they are not as many as failed
	Max     int  // messages; 0 = all
	Tries   int  // of records that failed again, at least 1

	Report func(Outcome)
}

// Status is what became of a message.
type Status string

// The statuses.
const (
	Would  Status = "would be handled"
	Done   Status = "handled and removed"
	Left   Status = "left"
	NotOne Status = "not one of these"
)

// Outcome is what became of one message.
type Outcome struct {
	Message string `json:"message"`
	Status  Status `json:"status"`
	Why     string `json:"why,omitempty"` // it is left
	From    string `json:"from,omitempty"`
	Cause   string `json:"condition,omitempty"`
	Records int    `json:"records"`
	Handled int    `json:"handled"` // of them, now
	Failed  []At   `json:"failed,omitempty"`
}

// At is where a record is.
type At struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// Summary is what a redrive came to.
type Summary struct {
	Messages int `json:"messages"`
	Done     int `json:"done"`
	Left     int `json:"left"`
	NotOnes  int `json:"notOnes"`
	Records  int `json:"records"`
	Handled  int `json:"handled"`

	// More is whether there are messages beyond Max.
	More bool `json:"more"`
}

// Run redrives message by message. An error ends it; what was not removed until then
// is where it was.
func Run(ctx context.Context, c Config) (s Summary, err error) {
	defer func() {
		// Also after an interruption: what was taken is to be seen again.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = cmp.Or(err, c.Source.Close(closing))
	}()
	for {
		m, err := c.Source.Next(ctx)
		if err != nil || m == nil {
			return s, err
		}
		if c.Max > 0 && s.Messages == c.Max {
			s.More = true
			c.Source.Leave(ctx, m, true)
			return s, nil
		}
		o, err := c.one(ctx, m)
		s.add(o)
		c.Report(o)
		if err != nil {
			return s, err
		}
	}
}

func (s *Summary) add(o Outcome) {
	s.Messages++
	s.Records, s.Handled = s.Records+o.Records, s.Handled+o.Handled
	switch o.Status {
	case Done:
		s.Done++
	case Left:
		s.Left++
	case NotOne:
		s.NotOnes++
	}
}

// one redrives a message. The error is one that ends all of it.
func (c *Config) one(ctx context.Context, m *Message) (Outcome, error) {
	o := Outcome{Message: m.ID}
	b, err := Parse(m)
	if err == nil {
		err = c.isOurs(b)
	}
	if err != nil {
		o.Status, o.Why = NotOne, err.Error()
		c.Source.Leave(ctx, m, false)
		return o, nil
	}
	o.From, o.Cause = b.String(), b.Condition
	left := func(why error) (Outcome, error) {
		o.Status, o.Why = Left, why.Error()
		c.Source.Leave(ctx, m, true)
		if ctx.Err() != nil {
			return o, ctx.Err()
		}
		return o, nil
	}
	if m.NotYet != nil {
		return left(m.NotYet)
	}
	records, err := c.records(ctx, b)
	if err != nil {
		return left(err)
	}
	o.Records = len(records)
	b.Cluster, b.Brokers = cmp.Or(b.Cluster, c.Cluster), cmp.Or(b.Brokers, c.Brokers)
	all, err := events(b, records)
	if err != nil {
		return left(err)
	}
	if !c.Apply {
		o.Status = Would
		c.Source.Leave(ctx, m, false) // what is behind it would be handled too
		return o, nil
	}
	for i, e := range all {
		failed, err := c.handle(ctx, b, e)
		o.Handled += len(e.records) - len(failed)
		if err != nil {
			for _, rest := range all[i+1:] {
				failed = append(failed, rest.records...)
			}
			for _, r := range failed {
				o.Failed = append(o.Failed, At{r.Topic, r.Partition, r.Offset})
			}
			return left(err)
		}
	}
	if err := c.Source.Remove(ctx, m); err != nil {
		return left(fmt.Errorf("it was handled, and was not removed: %w", err))
	}
	o.Status = Done
	return o, nil
}

// handle invokes the function with an event, and again with the records of it that it
// named as failed, and returns those that are not handled.
func (c *Config) handle(ctx context.Context, b *Batch, e event) (left []Record, err error) {
	left = e.records
	for range max(c.Tries, 1) {
		again, splitting := events(b, left)
		if splitting != nil || len(again) != 1 {
			return left, errors.Join(splitting, errors.New("what is left of an event is no event"))
		}
		answer, invoking := c.Invoke(ctx, again[0].text)
		if invoking != nil {
			if err = invoking; ctx.Err() != nil {
				return left, err
			}
			continue
		}
		var named []Record
		if named, err = failed(answer, left); len(named) == 0 {
			return nil, nil
		}
		if err == nil {
			err = fmt.Errorf("the function names %d of %d records as not handled", len(named), len(left))
		}
		left = named
	}
	return left, err
}

// FunctionError is what a function made of an event, in words.
func FunctionError(payload []byte) error {
	var said struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal(payload, &said) != nil || said.ErrorMessage == "" {
		return fmt.Errorf("the function failed: %s", payload)
	}
	return fmt.Errorf("the function failed: %s: %s", said.ErrorType, said.ErrorMessage)
}
