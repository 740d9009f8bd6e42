package main

import (
	"context"
	"flag"
	"time"

	"msklambda/lambda/admin/ask"
)

// lagRow is a partition as lag shows it.
type lagRow struct {
	Partition int32    `json:"partition"`
	Committed *int64   `json:"committed"` // null = none
	First     int64    `json:"first"`
	Next      int64    `json:"next"`
	Lag       int64    `json:"lag"`
	Behind    *float64 `json:"behindSeconds"` // null where it is not known
	Moved     int64    `json:"moved"`         // records between the two looks
	Stands    bool     `json:"stands"`        // it is behind, and did not move
	Member    string   `json:"member,omitempty"`
}

// lag shows how far a group is behind.
func lag(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	t.groupFlag(f)
	t.topicFlag(f)
	interval := f.Duration("interval", 3*time.Second, "between two looks, to see whether it moves; 0 looks once")
	if err := parse(f, args); err != nil {
		return false, err
	}
	if *interval < 0 || *interval > 10*time.Minute {
		return false, usage("-interval must be 0 to 10m, got %v", *interval)
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	if _, err := t.choose(ctx, true); err != nil {
		return false, err
	}
	before, err := t.lag(ctx)
	if err != nil {
		return false, err
	}
	after := before
	if *interval > 0 {
		select {
		case <-time.After(*interval):
		case <-ctx.Done():
			return false, ctx.Err()
		}
		if after, err = t.lag(ctx); err != nil {
			return false, err
		}
	}
	return t.showLag(before, after, *interval > 0)
}

func (t *tool) lag(ctx context.Context) ([]ask.Lag, error) {
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoLag, Group: t.group, Topic: t.topic})
	if err != nil {
		return nil, err
	}
	return a.Lag, nil
}

func (t *tool) showLag(before, after []ask.Lag, twice bool) (bool, error) {
	was := map[int32]int64{}
	for _, l := range before {
		was[l.Partition] = l.Committed
	}
	now := time.Now()
	var rows []lagRow
	var total, moved int64
	well, oldest := true, time.Duration(0)
	for _, l := range after {
		r := lagRow{Partition: l.Partition, First: l.Start, Next: l.End, Lag: l.Records(), Member: l.Member,
			Moved: max(l.Committed, 0) - max(was[l.Partition], 0)}
		if l.Committed >= 0 {
			r.Committed = &l.Committed
		}
		if behind, known := behind(&l, now); known {
			seconds := behind.Seconds()
			r.Behind = &seconds
			oldest = max(oldest, behind)
		}
		r.Stands = twice && r.Lag > 0 && r.Moved == 0
		well = well && !r.Stands
		total, moved = total+r.Lag, moved+r.Moved
		rows = append(rows, r)
	}
	if t.isJSON() {
		return well, t.json(map[string]any{"topic": t.topic, "group": t.group, "lag": total, "behindSeconds": oldest.Seconds(), "moved": moved,
			"stands": !well, "partitions": orEmpty(rows)})
	}
	out := [][]string{{"PARTITION", "COMMITTED", "NEXT", "LAG", "BEHIND", "MOVES", "MEMBER"}}
	for _, r := range rows {
		out = append(out, r.text(twice))
	}
	if err := t.table(out); err != nil {
		return false, err
	}
	if total == 0 {
		t.note("group %s is at the end of %s", t.group, t.topic)
	} else {
		t.note("group %s is %s behind on %s, the oldest for %s", t.group, count(total, "record"), t.topic, ago(oldest))
	}
	return well, nil
}

// behind is for how long the first record that is not committed waits.
func behind(l *ask.Lag, now time.Time) (d time.Duration, known bool) {
	switch {
	case l.Records() == 0:
		return 0, true
	case l.Waiting == 0:
		return 0, false
	}
	return max(now.Sub(time.UnixMilli(l.Waiting)), 0), true
}

func (r *lagRow) text(twice bool) []string {
	committed, behind, moves := "none", "unknown", ""
	if r.Committed != nil {
		committed = number(*r.Committed)
	}
	if r.Behind != nil {
		behind = ago(time.Duration(*r.Behind * float64(time.Second)))
	}
	switch {
	case !twice:
		moves = "-"
	case r.Stands:
		moves = "stands"
	case r.Moved != 0:
		moves = "by " + number(r.Moved)
	default:
		moves = "is there"
	}
	return []string{number(r.Partition), committed, number(r.Next), number(r.Lag), behind, moves, orNone(r.Member)}
}
