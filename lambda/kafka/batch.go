package kafka

import (
	"context"
	"errors"
	"slices"
)

// Batch is user code that takes the records of one partition at once, in order,
// for bulk writes:
//
//	kafka.Start(kafka.Batch(write))
//
// It is called once for each partition of the event, or once for all with
// [WholeEvent], and again for what is left when records that failed are out of the
// way ([Skip], [DeadLetter]) or to be tried again ([Retry], [RetryAfter]). The
// slice is its own; the records are as those of a function of one record.
//
// nil means that every record was handled. [FailedAt] says how far it got,
// [FailedOnly] which records failed in a bulk write without order, and [Unstarted]
// which were not tried; errors.Join joins them. Any other error, a panic, or one of
// these about a record that is not of the slice, is about all records: none was
// handled. If they are to be given up for it, because it is [Permanent] or the attempts
// of [Retry] are spent, the Batch is called again with each half of them, and with
// halves of these, until it is known for which record that is: so a bulk write need not
// find out itself which row is refused.
//
// A Batch that hands its records to goroutines of its own has to see to their
// panics and ends itself: one that is forgotten counts as handled. [ForEach] does
// that.
type Batch func(ctx context.Context, records []*Record) error

// FailedAt returns an error for a [Batch] that handled the records before r, in
// the order it got them, and failed at r with err: r and all after it are
// retried, also with [ContinueOnError]. It is never nil, not even if err is.
func FailedAt(r *Record, err error) error {
	return &batchFailure{err: orUnknown(err), records: []*Record{r}, rest: true}
}

// FailedOnly returns an error for a [Batch] that handled all but these records,
// which failed with err. With [ContinueOnError] just these are retried; without,
// all from the first of them on, as order demands. Several causes can be joined
// with errors.Join. It is never nil, not even if err is.
func FailedOnly(err error, records ...*Record) error {
	return &batchFailure{err: orUnknown(err), records: slices.Clone(records)}
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("no cause given")
	}
	return err
}

// batchFailure tells records, not indexes: a Batch may sort, filter or split its
// slice, and would then count differently.
type batchFailure struct {
	err     error
	records []*Record
	rest    bool // those after records[0] too

	unstarted bool // they did not fail
	exact     bool // those behind them are told too, as far as order demands

	// behind were not started because records[0], which failed, is before them.
	behind []*Record
}

func (f *batchFailure) Error() string { return f.err.Error() }
func (f *batchFailure) Unwrap() error { return f.err }

// located is a batchFailure with the part of the user's error that it is in.
type located struct {
	*batchFailure
	text error
}

// locate finds the batchFailures that err consists of. ok is false if a part of
// it is about no record in particular, or if its methods panic.
func locate(err error) (found []located, ok bool) {
	defer func() {
		if recover() != nil {
			found, ok = nil, false
		}
	}()
	return locateIn(err, err)
}

func locateIn(err, text error) (found []located, ok bool) {
	switch e := err.(type) {
	case *batchFailure:
		return []located{{e, text}}, len(e.records) > 0
	case interface{ Unwrap() error }:
		return locateIn(e.Unwrap(), text)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			f, ok := locateIn(err, err)
			if !ok {
				return nil, false
			}
			found = append(found, f...)
		}
	}
	return found, len(found) > 0
}
