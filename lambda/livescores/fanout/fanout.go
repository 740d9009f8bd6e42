// Package fanout takes the score events of a topic to where they are posted from.
//
// Kafka in Lambda is at least once, and a viewer must not notice:
//
//  1. The events are taken into the state of their match, by a conditional write.
//     What is known already is not sent.
//  2. The snapshot of the match is written, and the list of matches.
//  3. The events are handed on: a job for each shard of the followers.
//  4. It is noted that they were.
//
// Whoever ends between 1 and 4 leaves events that are known and not handed on: when
// they are delivered again, they are handed on again, and viewers drop by their
// sequence what they have. So nothing is lost, and what comes twice is not shown
// twice. Several events of a match that come together go through this together.
//
// A connection that begins to follow during all this misses nothing either. Jobs
// are sent after the snapshot was written, and followers are read after that: who
// was not among them yet finds the events in a snapshot that is as young as that.
package fanout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/bucket"
	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/metrics"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/snapshot"
	"msklambda/lambda/livescores/table"
)

// FanOut handles score events. Its methods may be called by several goroutines.
type FanOut struct {
	table     *table.Table
	snapshots *snapshot.Writer
	failed    *bucket.Bucket
	queue     *job.Queue
	metrics   *metrics.Log
}

// New makes a FanOut.
func New(t *table.Table, s *snapshot.Writer, failed *bucket.Bucket, q *job.Queue, m *metrics.Log) *FanOut {
	return &FanOut{t, s, failed, q, m}
}

// Handle handles the records of a partition, as a [kafka.Batch].
//
// Records that are no score events, those whose sequence cannot be right, and resets
// that cannot be done, are written to the bucket of what failed, with the reason, and are done with: to try
// them again would hold up those after them. An error is what may pass, and names
// the records of the matches that it stopped.
func (f *FanOut) Handle(ctx context.Context, records []*kafka.Record) error {
	var errs []error
	var order []*group
	byMatch := map[string]*group{}
	for _, r := range records {
		w, err := read(r)
		if err != nil {
			f.metrics.Write(map[string]float64{metrics.Rejected: 1}, map[string]any{"record": r.String(), "error": err.Error()})
			if err := f.reject(ctx, r, err); err != nil {
				errs = append(errs, kafka.FailedOnly(err, r))
			}
			continue
		}
		g := byMatch[w.match]
		if g == nil {
			g = &group{match: w.match}
			byMatch[w.match] = g
			order = append(order, g)
		}
		g.records = append(g.records, r)
		g.written = append(g.written, w)
	}
	for _, g := range order {
		if err := f.handle(ctx, g); err != nil {
			// One failure, and what waits for it.
			errs = append(errs, kafka.FailedOnly(err, g.records[0]), kafka.Unstarted(g.records[1:]...))
		}
	}
	return errors.Join(errs...)
}

// written is what a record says of a match: an event, or with none that the match
// is reset.
type written struct {
	match  string
	event  *score.Event
	place  match.Place
	record *kafka.Record
}

// group is what a partition has of one match.
type group struct {
	match   string
	records []*kafka.Record
	written []written
}

// read reads a record. A tombstone resets the match that is its key: to a compacted
// topic too it says that what there was of the key is gone.
func read(r *kafka.Record) (written, error) {
	place := match.Place{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
	if !r.Timestamp.IsZero() {
		place.At = r.Timestamp.UnixMilli()
	}
	if r.Value == nil {
		if !score.ValidMatch(string(r.Key)) {
			return written{}, fmt.Errorf("the key of a record without a value must be the match that it resets, got %.80q", r.Key)
		}
		return written{string(r.Key), nil, place, r}, nil
	}
	e, err := score.Parse(r.Value)
	return written{e.Match, &e, place, r}, err
}

// handle takes what there is of a match through all of it.
func (f *FanOut) handle(ctx context.Context, g *group) error {
	inOrder(g.written)
	for {
		s, err := f.table.Match(ctx, g.match, true)
		if err != nil {
			return err
		}
		seen := judge(&s, g.written)
		if seen.changed {
			ok, err := f.table.Write(ctx, &s, time.Now())
			if err != nil {
				return err
			}
			if !ok {
				continue // somebody else has events of this match: see what they are
			}
		}
		return f.finish(ctx, g, &s, seen)
	}
}

// inOrder sorts what lies between two resets by sequence: late ones are then not
// late at all, if they came together.
func inOrder(all []written) {
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].event != nil {
			to++
		}
		slices.SortStableFunc(all[from:to], func(x, y written) int { return cmp.Compare(x.event.Sequence, y.event.Sequence) })
		from = to + 1
	}
}

// verdicts are what came of a group.
type verdicts struct {
	changed              bool
	fresh, known, resets int
	missing              int
	wrong                []written
	errs                 []error // of each that is wrong
}

func judge(s *match.State, all []written) (v verdicts) {
	for _, w := range all {
		if w.event == nil {
			switch done, err := s.Reset(w.place); {
			case err != nil:
				v.wrong, v.errs = append(v.wrong, w), append(v.errs, err)
			case done:
				v.changed = true
				v.resets++
			}
			continue
		}
		before := s.Sequence
		verdict, err := s.Accept(*w.event, w.place)
		switch verdict {
		case match.New:
			v.changed = true
			v.fresh++
			if before > 0 {
				v.missing += int(s.Sequence - before - 1)
			}
		case match.Known:
			v.known++
		case match.Wrong:
			v.wrong, v.errs = append(v.wrong, w), append(v.errs, err)
		}
	}
	return v
}

// finish rejects what is wrong, and hands on what was not yet.
func (f *FanOut) finish(ctx context.Context, g *group, s *match.State, v verdicts) error {
	f.metrics.Write(map[string]float64{
		metrics.Events: float64(v.fresh), metrics.Late: float64(v.known), metrics.Wrong: float64(len(v.wrong)),
		metrics.Missing: float64(v.missing), metrics.Resets: float64(v.resets),
	}, map[string]any{"match": g.match, "sequence": s.Sequence, "shards": s.Shards})
	for i, w := range v.wrong {
		slog.WarnContext(ctx, "livescores: a sequence that cannot be right, or a reset", "match", g.match, "record", w.record.String(), "error", v.errs[i])
		if err := f.reject(ctx, w.record, v.errs[i]); err != nil {
			return err
		}
	}
	if s.Handed >= s.Sequence {
		return nil
	}
	if err := f.snapshots.Write(ctx, s); err != nil {
		return err
	}
	if err := f.queue.Send(ctx, job.Shards(job.Job{Match: s.ID, Epoch: s.Epoch, From: max(0, s.Handed), To: s.Sequence}, s.Shards)...); err != nil {
		return err
	}
	if err := f.table.MarkHanded(ctx, s); err != nil {
		// They were. Without the note a duplicate is handed on too, and dropped by
		// those who see it.
		slog.WarnContext(ctx, "livescores: events not noted as handed on", "match", g.match, "error", err)
	}
	return nil
}

// Rejection is what the bucket of what failed holds of a record.
type Rejection struct {
	Error     string
	Topic     string
	Partition int32
	Offset    int64
	Timestamp time.Time
	Key       []byte // in base64, as encoding/json writes it
	Value     []byte
}

// reject writes a record to the bucket of what failed, below its position: once,
// however often it is delivered.
func (f *FanOut) reject(ctx context.Context, r *kafka.Record, reason error) error {
	text, err := json.Marshal(Rejection{reason.Error(), r.Topic, r.Partition, r.Offset, r.Timestamp, r.Key, r.Value})
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s%s/%d/%020d.json", layout.Rejected, r.Topic, r.Partition, r.Offset)
	if err := f.failed.Put(ctx, key, bucket.Object{Content: text, Type: "application/json"}); err != nil {
		return fmt.Errorf("write a record that is wrong (%w) to the bucket of what failed: %w", reason, err)
	}
	return nil
}
