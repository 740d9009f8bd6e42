package once

import (
	"context"
	"time"
)

// Mark is how far a partition is.
type Mark struct {
	State State     // Claimed or Taken
	Until time.Time // when the lease of a Taken one ends
	Next  int64     // every record before this offset is done
	Moved time.Time // when Next was written; zero if it never was, or is forgotten
}

// MarkStore keeps one mark for a partition. Its methods may be called by several
// goroutines. A method that is called again with the same owner, because it is
// not known whether it was done, does the same again.
type MarkStore interface {
	// Hold makes a partition the owner's for as long as the lease, unless the lease
	// of another owner has not ended, and returns how far it is. A mark that was
	// moved longer ago than keep is forgotten.
	Hold(ctx context.Context, key, owner string, lease, keep time.Duration) (Mark, error)

	// Move marks what is before next as done, if the partition is the owner's, also if
	// its lease has ended. The lease is as long from now on; with 0 the partition is given
	// up. Otherwise it returns ErrLost. A mark never moves back.
	Move(ctx context.Context, key, owner string, next int64, lease, keep time.Duration) error

	// Leave gives the partition up, if it is the owner's.
	Leave(ctx context.Context, key, owner string) error
}
