package posts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/score"
)

var errSplit = errors.New("the shard has too many followers")

// run is one run of a job. It is one loop, which begins posts and takes in what
// became of them; only the posts themselves are goroutines.
type run struct {
	w *Worker
	j job.Job
	p progress

	message []byte
	walk    *walk
	ahead   []*found // that were read to count them
	waiting map[string]*again
	gone    *removals
	limit   *limiter
	results chan outcome
	busy    int
	fatal   error

	others  bool      // have the next turn, before what is tried again
	otherAt time.Time // when the last of them was begun

	// finished tells that the ring was closed in this run, and not before.
	finished bool

	began, last time.Time // last is of the last post that was taken
	n           struct{ sent, gone, throttled, retried, failed int }
}

type outcome struct {
	connection string
	result     result
	err        error
	again      *again // it was, before this attempt
	reach      int64  // that was sent
	began      time.Time
}

func newRun(w *Worker, j job.Job, p progress) *run {
	now := time.Now()
	of := float64(j.Of)
	r := &run{w: w, j: j, p: p, waiting: map[string]*again{}, results: make(chan outcome, atOnce), began: now, last: now,
		limit: newLimiter(w.quota.PerSecond/of, w.quota.Burst/of, now)}
	if j.Part > 0 && p.Rate > 0 && p.Rate < r.limit.rate {
		r.limit.resume(p.Rate)
	}
	for _, a := range p.Again {
		r.waiting[a.Connection] = &again{Connection: a.Connection, Since: a.Since, Tries: a.Tries, due: now}
	}
	return r
}

func (r *run) close() {
	if r.walk != nil {
		r.walk.end()
	}
}

// do posts until all is done or the time is up. Afterwards no post is under way,
// and the progress is what is to be saved.
func (r *run) do(ctx context.Context, s *match.State) error {
	stop := r.began.Add(time.Hour)
	if deadline, ok := ctx.Deadline(); ok {
		stop = deadline.Add(-r.w.times.attempt - r.w.times.save)
	}
	reading, cancel := context.WithDeadline(ctx, stop)
	defer cancel()
	r.gone = newRemovals(reading, func(ctx context.Context, connection string) error {
		return r.w.store.Remove(ctx, r.j.Match, connection)
	})
	begins := r.p.Reach < s.Sequence
	r.aim(reading, s)
	if begins && r.p.At == r.p.Mark && r.j.Of*splitBy <= r.w.shards {
		if err := r.count(); err != nil {
			return err
		}
	}
	err := r.loop(ctx, reading, s, stop)
	for r.busy > 0 {
		r.take(ctx, <-r.results)
	}
	r.gone.end(r.w.times.removals)
	r.p.Again, r.p.Rate = nil, r.limit.rate
	for _, a := range r.waiting {
		r.p.Again = append(r.p.Again, *a)
	}
	if r.p.Done && len(r.p.Again) == 0 {
		r.p.Sent = r.p.Reach
	}
	if err != nil && !time.Now().Before(stop) {
		err = nil // what was read when the time was up is read again
	}
	return err
}

// aim makes the newest of a match what is sent, from here on around the ring.
func (r *run) aim(ctx context.Context, s *match.State) {
	if s.Sequence > r.p.Reach {
		r.p.Reach, r.p.Mark, r.p.Round, r.p.Done = s.Sequence, r.p.At, false, false
	}
	r.message = score.Events(s.ID, s.Epoch, s.After(r.p.Sent))
	r.close()
	r.walk = nil
	if !r.p.Done {
		low := r.j.Shard * layout.Slots / r.j.Of
		r.walk = newWalk(ctx, r.w.store, s.ID, low, low+layout.Slots/r.j.Of, r.p.At, r.p.Mark, r.p.Round)
	}
	// Who was read ahead is read again, with those who came meanwhile.
	r.ahead = nil
}

// count reads followers ahead, until there are too many for a shard.
func (r *run) count() error {
	for len(r.ahead) <= 2*perShard {
		f, err := r.walk.next()
		if err != nil {
			return err
		}
		if f == nil {
			return nil
		}
		r.ahead = append(r.ahead, f)
	}
	return errSplit
}

func (r *run) loop(ctx, reading context.Context, s *match.State, stop time.Time) error {
	newest, end := r.w.watch(reading, s.ID)
	defer end()
	for {
		// What is there is taken in first: it makes room.
		for taken := true; taken; {
			select {
			case o := <-r.results:
				r.take(ctx, o)
			case seen := <-newest:
				r.saw(reading, s, seen)
			default:
				taken = false
			}
		}
		now := time.Now()
		switch {
		case r.fatal != nil, !now.Before(stop):
			return nil
		case r.p.Done && len(r.waiting) == 0 && r.busy == 0:
			return nil
		}
		wake := stop.Sub(now)
		if r.busy < atOnce {
			begun, wait, err := r.begin(ctx, now)
			if err != nil {
				return err
			}
			if begun {
				continue
			}
			wake = min(wake, wait)
		}
		timer := time.NewTimer(wake)
		select {
		case o := <-r.results:
			r.take(ctx, o)
		case seen := <-newest:
			r.saw(reading, s, seen)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// begin begins a post, if there is one to begin now, and returns otherwise when to
// ask again.
func (r *run) begin(ctx context.Context, now time.Time) (begun bool, wait time.Duration, err error) {
	if wait := r.limit.wait(now); wait > 0 {
		return false, wait, nil
	}
	others := r.untilOthers(now)
	if others == 0 && r.others {
		return true, 0, r.beginOther(ctx, now)
	}
	wait = others
	for _, a := range r.waiting {
		if a.due.IsZero() {
			continue // it is under way
		}
		if d := a.due.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		a.due = time.Time{}
		r.others = true
		r.n.retried++
		r.post(ctx, a.Connection, a)
		return true, 0, nil
	}
	if others > 0 {
		return false, wait, nil
	}
	return true, 0, r.beginOther(ctx, now)
}

// untilOthers is how long it is until one that is not tried again may be begun. In
// an outage that takes longer the more have failed. It comes to an end all the
// same: if it is none but those who fail are many, that finds the others.
func (r *run) untilOthers(now time.Time) time.Duration {
	switch {
	case r.p.Done:
		return time.Hour // until there is an answer, or something newer
	case r.p.Failing < inARow && len(r.waiting) < mostAgain:
		return 0
	}
	return max(0, r.otherAt.Add(r.slower(r.w.times.probe)).Sub(now))
}

// slower makes of a wait what keeps the rate of the posts as it is, however many
// are tried again.
func (r *run) slower(wait time.Duration) time.Duration {
	return wait * time.Duration(max(inARow, len(r.waiting))) / inARow
}

// beginOther begins the post to the next follower that is not tried again already.
func (r *run) beginOther(ctx context.Context, now time.Time) error {
	r.others, r.otherAt = false, now
	for {
		f, err := r.next()
		if err != nil {
			return err
		}
		if f == nil {
			r.p.Done, r.p.At, r.p.Round, r.finished = true, r.p.Mark, false, true
			return nil
		}
		r.p.At, r.p.Round = f.place, f.round
		if r.waiting[f.Connection] != nil || f.Epoch == r.p.Epoch && f.Sequence >= r.p.Reach {
			continue // it has its own turn, or had all of it when it began to follow
		}
		r.post(ctx, f.Connection, nil)
		return nil
	}
}

func (r *run) next() (*found, error) {
	if len(r.ahead) > 0 {
		f := r.ahead[0]
		r.ahead = r.ahead[1:]
		return f, nil
	}
	return r.walk.next()
}

func (r *run) post(ctx context.Context, connection string, a *again) {
	r.limit.take()
	r.busy++
	message, reach, began := r.message, r.p.Reach, time.Now()
	go func() {
		result, err := r.w.attempt(ctx, connection, message)
		r.results <- outcome{connection, result, err, a, reach, began}
	}()
}

// take takes in what became of a post.
func (r *run) take(ctx context.Context, o outcome) {
	r.busy--
	now := time.Now()
	a := o.again
	switch {
	case o.result != failed && o.result != throttled:
		r.p.Failing = 0 // it is answered
	case a == nil:
		r.p.Failing++
	}
	switch o.result {
	case sent:
		r.n.sent++
		r.last = now
		if a != nil && o.reach < r.p.Reach {
			a.due = now // it had its turn with what was the newest when that began
			return
		}
		delete(r.waiting, o.connection)
		return
	case gone:
		r.n.gone++
		delete(r.waiting, o.connection)
		r.gone.add(o.connection)
		return
	case forbidden:
		r.fatal = fmt.Errorf("posting to the connections is not allowed: %w", o.err)
		return
	case hopeless:
		r.giveUp(ctx, o)
		return
	case throttled:
		r.n.throttled++
		r.limit.throttled(now)
	}
	if a == nil {
		a = &again{Connection: o.connection, Since: o.began.UnixMilli()}
		r.waiting[o.connection] = a
	}
	if o.result == failed && r.tooLong(a, now) {
		r.giveUp(ctx, o)
		return
	}
	// Anything up to the longest wait, so that those who failed together do not
	// come again together.
	longest := min(r.slower(r.w.times.longest), r.w.times.first<<min(a.Tries, 10))
	a.Tries++
	a.due = now.Add(time.Duration(rand.Int64N(int64(longest))) + 1)
}

// tooLong tells whether a connection has failed for so long that it is given up.
// While nobody gets anything, it is not the connection.
func (r *run) tooLong(a *again, now time.Time) bool {
	failing := now.Sub(time.UnixMilli(a.Since))
	if r.p.Done {
		return failing > r.w.times.alone
	}
	return failing > r.w.times.again && r.n.sent > 0 && now.Sub(r.last) < r.w.times.again/3
}

func (r *run) giveUp(ctx context.Context, o outcome) {
	r.n.failed++
	delete(r.waiting, o.connection)
	slog.WarnContext(ctx, "livescores: post failed", "match", r.j.Match, "connection", o.connection, "error", o.err)
}
