package kafka

import (
	"errors"
	"slices"
	"time"
)

// Permanent returns an error that no retry helps against: the record goes to the
// sink of [DeadLetter], or, without one, fails at once, whatever [Retry] says. It
// is never nil, not even if err is.
func Permanent(err error) error {
	return &marked{err: orUnknown(err), as: permanent}
}

// Skip returns an error that says that a record needs no handling: it counts as
// handled, and is logged with the reason and counted. It is never nil, not even
// if reason is.
func Skip(reason error) error {
	return &marked{err: orUnknown(reason), as: skip}
}

// RetryAfter returns an error after which the function is called again for the
// same record, no sooner than d from now and with or without [Retry], if that is
// before the margin of the deadline. [Backoff].Attempts counts this attempt too.
// If there is not enough time the record fails. It is never nil, not even if err
// is.
func RetryAfter(d time.Duration, err error) error {
	return &marked{err: orUnknown(err), as: transient, after: max(0, d), exact: true}
}

// Transient returns an error that a retry may help against. So is every error
// that says nothing else: Transient is for those inside of a [Decoder], whose
// errors are permanent otherwise, and for a part of an error that is joined with
// permanent ones. It is never nil, not even if err is.
func Transient(err error) error {
	return &marked{err: orUnknown(err), as: transient}
}

// Unstarted returns an error for a [Batch] that did not start these records: they
// are to be sent again, and are no failures, neither in the log nor in the counts.
// It is for records that wait for one that failed, as those after it with the same
// key do, and is joined with the failure by errors.Join:
//
//	errors.Join(kafka.FailedOnly(err, failed), kafka.Unstarted(behind...))
//
// As with [FailedOnly], with [ContinueOnError] just these are sent again;
// without, all from the first of them on in its partition. Of no records it is nil.
func Unstarted(records ...*Record) error {
	if len(records) == 0 {
		return nil
	}
	return &batchFailure{err: errUnstarted, records: slices.Clone(records), unstarted: true}
}

var errUnstarted = errors.New("the function did not start it (kafka.Unstarted)")

// outcome is what an error makes of a record.
type outcome int

const (
	transient outcome = iota // the zero value: what nobody says anything else of
	permanent
	skip
)

// marked is an error with what it makes of a record.
type marked struct {
	err   error
	as    outcome
	after time.Duration
	exact bool // after was asked for
}

func (m *marked) Error() string { return m.err.Error() }
func (m *marked) Unwrap() error { return m.err }

// verdict is what the whole of an error makes of a record.
type verdict struct {
	outcome
	after time.Duration
	exact bool // wait for after, even if Retry is not set
	said  bool // that it is transient; or nobody said anything
}

// classify finds out what err makes of a record. The outermost mark of a chain
// counts. Of joined errors one that is marked transient makes all transient, then
// one that is permanent makes all permanent; and only if all say skip is it skip:
// a part that says nothing may be a failure. An error whose methods panic says
// nothing.
func classify(err error) (v verdict) {
	defer func() {
		if recover() != nil {
			v = verdict{}
		}
	}()
	c := classification{skips: true}
	c.add(err)
	switch {
	case c.transient:
		return verdict{after: c.after, exact: c.exact, said: true}
	case c.permanent:
		return verdict{outcome: permanent}
	case c.skips && c.leaves > 0:
		return verdict{outcome: skip}
	}
	return verdict{}
}

type classification struct {
	transient, permanent, exact bool
	skips                       bool // all leaves do
	after                       time.Duration
	leaves                      int
}

func (c *classification) add(err error) {
	switch e := err.(type) {
	case *marked:
		c.leaves++
		switch e.as {
		case permanent:
			c.permanent, c.skips = true, false
		case transient:
			c.transient, c.skips = true, false
			c.after = max(c.after, e.after)
			c.exact = c.exact || e.exact
		}
		return
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			c.add(inner)
			return
		}
	case interface{ Unwrap() []error }:
		if parts := e.Unwrap(); len(parts) > 0 {
			for _, part := range parts {
				c.add(part)
			}
			return
		}
	}
	c.leaves++
	c.skips = false
}
