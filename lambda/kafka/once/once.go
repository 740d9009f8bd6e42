// Package once keeps an effect from being made again for a record that comes again.
//
//	guard := once.New(table.New(dynamodb.NewFromConfig(cfg), os.Getenv("ONCE_TABLE")), once.Options{})
//	kafka.Start(process, kafka.Use(guard.Middleware(func(r *kafka.Record) (string, error) { return r.String(), nil })))
//
// # What it promises
//
// A key is claimed before the effect and marked as done after it, each by one
// conditional write. So no two that are told to make the effect of a key make it at the
// same time, and none makes it again once it is marked, for as long as that is kept.
//
// It does not promise exactly once, which nothing can that is not a part of the effect.
// A process that ends between the effect and the mark, or a mark that cannot be
// written, leaves a lease that ends, and then the effect is made again: there is no
// telling whether it was made. The effect has to stand that, by a key of its own that its
// service knows (an Idempotency-Key), or by being the same when it is repeated.
package once

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"msklambda/lambda/kafka"
)

// State is what a key is.
type State int

const (
	Claimed State = iota // the caller's, until the lease ends
	Taken                // another's, whose lease has not ended
	Done
)

// Claim is the answer to a claim.
type Claim struct {
	State  State
	Until  time.Time // when the lease of a Taken one ends
	Result []byte    // of a Done one
}

// ErrLost is that a lease has ended and that another has claimed the key since.
var ErrLost = errors.New("the lease has ended, and another has claimed the key since")

// Store keeps claims. Its methods may be called by several goroutines. A method that is
// called again with the same owner, because it is not known whether it was
// done, does the same again.
type Store interface {
	// Claim makes a key the owner's for as long as the lease, unless it is done
	// or the lease of another owner has not ended. It is forgotten when keep has
	// passed after the lease.
	Claim(ctx context.Context, key, owner string, lease, keep time.Duration) (Claim, error)

	// Finish marks a key as done, for as long as keep, if it is the owner's;
	// also if its lease has ended. Otherwise it returns ErrLost.
	Finish(ctx context.Context, key, owner string, result []byte, keep time.Duration) error

	// Release gives up a claim, if the key is the owner's and not done.
	Release(ctx context.Context, key, owner string) error
}

// Options of a [Guard]. The zero value of each field is its default.
type Options struct {
	// Lease is how long an effect may take: its context ends then, and after
	// that another may make it. It is best a little longer than what the
	// effect takes at most, because it is also how long a key waits after a
	// process has ended in the middle. Default: 30s.
	Lease time.Duration

	// Keep is how long it is known that a key is done: longer than a record may
	// come again, which without a limit of age is how long the topic keeps it.
	// Default: 7 days.
	Keep time.Duration

	// Prefix goes in front of each key, for a table that several functions
	// share.
	Prefix string
}

// Guard makes effects once for each key.
type Guard struct {
	store Store
	Options
}

const (
	// maxKey is the most bytes of a key with its prefix, which DynamoDB takes.
	maxKey = 2048

	// maxResult is the most bytes of a result: with the rest of its row it has
	// to be below DynamoDB's 400 KB.
	maxResult = 256 << 10

	defaultLease = 30 * time.Second
	defaultKeep  = 7 * 24 * time.Hour

	// minWait is how long another's key is left alone at least.
	minWait = 50 * time.Millisecond

	// lateTime is how long a mark may take when the record's time is over.
	lateTime = time.Second
)

// New makes a guard. It panics if store is nil or an option is negative.
func New(store Store, options Options) *Guard {
	if store == nil {
		panic("once: New needs a store, got nil")
	}
	if options.Lease < 0 || options.Keep < 0 {
		panic(fmt.Sprintf("once: Options must not be negative, got a Lease of %v and a Keep of %v", options.Lease, options.Keep))
	}
	if options.Lease == 0 {
		options.Lease = defaultLease
	}
	if options.Keep == 0 {
		options.Keep = defaultKeep
	}
	return &Guard{store, options}
}

// Middleware calls the function once for each key, which is made of a record: its place,
// as [kafka.Record.String] has it, or what its effect is known by, such as the id of an
// order. A record whose key is done is skipped ([kafka.Skip]); one whose key is
// another's is tried again ([kafka.RetryAfter]), and when the function returns an error
// the claim is given up, for the next attempt. An error of key is permanent.
//
// Panics if key is nil.
func (g *Guard) Middleware(key func(*kafka.Record) (string, error)) kafka.Middleware {
	if key == nil {
		panic("once: Middleware needs a function that makes a key, got nil")
	}
	return func(next kafka.HandlerFunc) kafka.HandlerFunc {
		return func(ctx context.Context, r *kafka.Record) error {
			k, err := key(r)
			if err != nil {
				return kafka.Permanent(fmt.Errorf("once: make the key: %w", err))
			}
			_, done, err := run(ctx, g, k, func(ctx context.Context) (struct{}, error) { return struct{}{}, next(ctx, r) })
			if err == nil && done {
				return kafka.Skip(fmt.Errorf("once: %q is done", g.Prefix+k))
			}
			return err
		}
	}
}

// Do calls effect once for a key, and returns what it returned, also when it is called
// again: the result is kept as JSON. It is for a function that goes on after the
// effect, and for an effect that is a part of one. Its errors are for the function to
// return: those of effect, and [kafka.RetryAfter] while the key is another's.
func Do[R any](ctx context.Context, g *Guard, key string, effect func(context.Context) (R, error)) (R, error) {
	result, _, err := run(ctx, g, key, effect)
	return result, err
}

// run is Do, and says whether it was done before.
func run[R any](ctx context.Context, g *Guard, key string, effect func(context.Context) (R, error)) (result R, before bool, err error) {
	full := g.Prefix + key
	if key == "" || len(full) > maxKey {
		return result, false, kafka.Permanent(fmt.Errorf("once: a key must be 1 to %d bytes with its prefix, got %d", maxKey, len(full)))
	}
	// An owner is one claim, not one process: that a claim was written by a call
	// whose answer was lost is known by it.
	owner := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	start := time.Now()
	claim, err := g.store.Claim(ctx, full, owner, g.Lease, g.Keep)
	switch {
	case err != nil:
		// It may have been written all the same, by a call whose answer was lost.
		unclaim, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateTime)
		defer cancel()
		_ = g.store.Release(unclaim, full, owner)
		return result, false, fmt.Errorf("once: claim %q: %w", full, err)
	case claim.State == Taken:
		wait := max(time.Until(claim.Until)/4, minWait)
		return result, false, kafka.RetryAfter(wait, fmt.Errorf("once: %q is another's until %v", full, claim.Until.UTC().Format(time.RFC3339Nano)))
	case claim.State == Done:
		if err := json.Unmarshal(claim.Result, &result); err != nil {
			return result, true, kafka.Permanent(fmt.Errorf("once: %q is done, and its result cannot be read: %w", full, err))
		}
		return result, true, nil
	}
	ended := false
	defer func() {
		if !ended { // by a panic, or with the goroutine
			_ = late(ctx, func(ctx context.Context) error { return g.store.Release(ctx, full, owner) })
		}
	}()
	limited, cancel := context.WithDeadlineCause(ctx, start.Add(g.Lease), fmt.Errorf("the lease of %v has ended (once.Options): %w", g.Lease, context.DeadlineExceeded))
	result, err = effect(limited)
	cancel()
	ended = true
	if err != nil {
		if lost := late(ctx, func(ctx context.Context) error { return g.store.Release(ctx, full, owner) }); lost != nil {
			err = fmt.Errorf("%w (and %q is claimed until its lease ends: %v)", err, full, lost)
		}
		return result, false, err
	}
	kept, err := json.Marshal(result)
	if err != nil || len(kept) > maxResult {
		// The effect is made, and is not to be made again for want of a result:
		// whoever needs that again is told.
		kept = nil
	}
	if err := late(ctx, func(ctx context.Context) error { return g.store.Finish(ctx, full, owner, kept, g.Keep) }); err != nil {
		return result, false, fmt.Errorf("once: %q was made, and could not be marked as done, so that it may be made again: %w", full, kafka.Transient(err))
	}
	return result, false, nil
}

// late calls fn with a context that has not ended, also if ctx has: what is not
// written now holds up the key until the lease ends.
func late(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Err() == nil {
		return fn(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateTime)
	defer cancel()
	return fn(ctx)
}
