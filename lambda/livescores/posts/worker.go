// Package posts tells a shard of the followers of a match what happened.
//
// The followers are a ring. A run goes on where the one before it ended, with what
// is newest by then, and is done when it is back where it began to send that. So
// nobody waits for the same others again and again: when there is more to send than
// can be posted, everybody gets less often what is then the newest.
//
// What has no answer or a bad one is tried again in turn with the others, less often
// the more there is of it, and is taken along to the next run. So those who fail, or
// hang, take half of the posts at most and keep nobody else waiting. When many fail
// one after the other and nobody gets anything, it is an outage: others are begun
// now and then only, until somebody does. So it delays everybody and loses nobody.
// Who is gone is removed beside all that.
package posts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/metrics"
	"msklambda/lambda/livescores/table"
)

// Store is what there is of matches and followers: a [table.Table] and its
// [table.Audience].
type Store interface {
	Match(ctx context.Context, id string, consistent bool) (match.State, error)
	Split(ctx context.Context, id string, shards int) error
	Followers(ctx context.Context, id string, from int, after string, to, most int) ([]table.Follower, bool, error)
	Remove(ctx context.Context, id, connection string) error
	Progress(ctx context.Context, id string, shard, of int) (table.Progress, error)
	SaveProgress(ctx context.Context, id string, shard, of int, p table.Progress, now time.Time) (ok bool, err error)
}

// Queue takes jobs that are to be done next: a [job.Queue].
type Queue interface {
	Send(ctx context.Context, jobs ...job.Job) error
}

// Quota is what may be posted, by all shards of a match together.
type Quota struct {
	PerSecond float64
	Burst     float64 // at once
}

// Worker does jobs.
type Worker struct {
	store   Store
	queue   Queue
	client  *apigatewaymanagementapi.Client
	metrics *metrics.Log
	quota   Quota
	shards  int // the most of a match
	times   times
}

type times struct {
	attempt time.Duration // of one attempt to post
	save    time.Duration // that is left at the end, beside an attempt, to note how far it came
	again   time.Duration // that a connection is tried which takes nothing while others do
	alone   time.Duration // and which takes nothing when all others have it
	first   time.Duration // longest wait after the first attempt; it doubles with each
	longest time.Duration // wait between two attempts, while no more than inARow fail
	probe   time.Duration // between two others that are begun in an outage, likewise
	look    time.Duration // between two looks at whether there is something newer

	// removals is how much longer those who are gone may take to be removed than
	// those who are there to be told. What comes next of the match waits for it.
	removals time.Duration
}

var usual = times{attempt: 3 * time.Second, save: time.Second, again: 30 * time.Second, alone: 5 * time.Minute,
	first: 50 * time.Millisecond, longest: time.Second, probe: 100 * time.Millisecond, look: 500 * time.Millisecond, removals: 500 * time.Millisecond}

const (
	// atOnce is how many posts are under way. Each waits for API Gateway for most
	// of its time, so there are more of them than processors.
	atOnce = 128

	// inARow is how many followers fail one after the other, at their first
	// attempt, before it is taken for an outage. Up to as many are tried again
	// at the usual pace.
	inARow = 256

	// mostAgain is how many are tried again before no others are begun but now
	// and then, outage or not: what is taken along has to fit into an item of the
	// table.
	mostAgain = 2 * perShard

	// perShard is how many followers a shard is to have. With twice as many it is
	// split into splitBy, as long as the match may have so many.
	perShard = 1000
	splitBy  = layout.SplitBy

	// mostParts ends a job that cannot be done, after an hour or so.
	mostParts = 600
)

// New makes a Worker. shards is the most that it splits a match into: each may take
// an invocation.
func New(s Store, q Queue, client *apigatewaymanagementapi.Client, quota Quota, shards int, m *metrics.Log) *Worker {
	return &Worker{store: s, queue: q, client: client, metrics: m, quota: quota, shards: min(shards, layout.Slots), times: usual}
}

// progress is how far a shard has come, from one run to the next.
type progress struct {
	Epoch int64 `json:"epoch,omitempty"`
	Sent  int64 `json:"sent"`  // the sequence that all followers had when the ring was closed last
	Reach int64 `json:"reach"` // the sequence that is being sent, -1 for none yet
	At    place `json:"at"`    // up to here
	Mark  place `json:"mark"`  // after here it began to be sent
	Round bool  `json:"round,omitempty"`
	Done  bool  `json:"done,omitempty"` // all have Reach, but for those in Again

	Again   []again `json:"again,omitempty"`
	Failing int     `json:"failing,omitempty"` // one after the other, at their first attempt

	// Rate is that of the posts at the end, for the next part of the job.
	Rate float64 `json:"rate,omitempty"`
}

// again is a connection that is to be tried again.
type again struct {
	Connection string `json:"c"`
	Since      int64  `json:"since"` // of the first attempt, in milliseconds since 1970
	Tries      int    `json:"n,omitempty"`
	due        time.Time
}

// Do does a job, or as much of it as there is time for before the context's
// deadline, and puts the rest into the queue.
func (w *Worker) Do(ctx context.Context, j job.Job) error {
	s, err := w.store.Match(ctx, j.Match, true)
	if err != nil {
		return err
	}
	if j.Epoch != s.Epoch || j.Of < 1 || layout.Slots%j.Of != 0 || j.Shard < 0 || j.Shard >= j.Of {
		return nil // the match was reset meanwhile
	}
	low := j.Shard * layout.Slots / j.Of
	p := progress{Epoch: s.Epoch, Sent: j.From, Reach: -1, At: place{Slot: low}, Mark: place{Slot: low}}
	there, err := w.store.Progress(ctx, j.Match, j.Shard, j.Of)
	if err != nil {
		return err
	}
	var saved progress
	if len(there.State) > 0 && json.Unmarshal(there.State, &saved) == nil && saved.Epoch == s.Epoch {
		p = saved
	}
	if p.Done && p.Reach >= s.Sequence && len(p.Again) == 0 {
		return nil // another job had it with it
	}
	r := newRun(w, j, p)
	defer r.close()
	err = r.do(ctx, &s)
	if errors.Is(err, errSplit) {
		return w.split(ctx, j)
	}
	r.report(&s)
	if r.fatal != nil {
		return fmt.Errorf("post %d of %s: %w", r.p.Reach, j.Match, r.fatal)
	}
	ok, e := w.save(ctx, j, &r.p, there.Version)
	if e != nil || err != nil {
		return errors.Join(err, e)
	}
	if !ok {
		// Another function was given the job too, and does the rest.
		slog.WarnContext(ctx, "livescores: a job was done twice", "match", j.Match, "shard", j.Shard, "of", j.Of)
		return nil
	}
	if r.p.Done && len(r.p.Again) == 0 {
		return nil
	}
	if j.Part++; j.Part > mostParts {
		slog.ErrorContext(ctx, "livescores: a job is given up", "match", j.Match, "shard", j.Shard, "of", j.Of, "parts", j.Part)
		return nil
	}
	return w.queue.Send(ctx, j)
}

func (w *Worker) save(ctx context.Context, j job.Job, p *progress, version int64) (ok bool, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return false, err
	}
	return w.store.SaveProgress(ctx, j.Match, j.Shard, j.Of, table.Progress{State: text, Version: version}, time.Now())
}

// split hands a job on to more shards, which share what this one was to do.
func (w *Worker) split(ctx context.Context, j job.Job) error {
	if err := w.store.Split(ctx, j.Match, j.Of*splitBy); err != nil {
		return err
	}
	slog.InfoContext(ctx, "livescores: a shard is split", "match", j.Match, "shard", j.Shard, "of", j.Of, "into", splitBy)
	var all []job.Job
	for i := range splitBy {
		part := j
		part.Shard, part.Of = j.Shard*splitBy+i, j.Of*splitBy
		all = append(all, part)
	}
	return w.queue.Send(ctx, all...)
}

// report writes the metrics of a run.
func (r *run) report(s *match.State) {
	values := map[string]float64{metrics.Sent: float64(r.n.sent), metrics.Gone: float64(r.n.gone), metrics.Throttled: float64(r.n.throttled),
		metrics.Retried: float64(r.n.retried), metrics.Failed: float64(r.n.failed)}
	if r.finished && s.At > 0 {
		// A producer whose clock is ahead makes nothing younger than new.
		values[metrics.Age] = float64(max(0, r.last.UnixMilli()-s.At))
	}
	r.w.metrics.Write(values, map[string]any{"match": r.j.Match, "sequence": r.p.Reach, "shard": r.j.Shard, "of": r.j.Of,
		"part": r.j.Part, "waiting": len(r.p.Again), "done": r.p.Done, "ms": time.Since(r.began).Milliseconds()})
}
