package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"time"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/find"
)

// offsetRow is what becomes of a partition's offset.
type offsetRow struct {
	Partition int32  `json:"partition"`
	Now       *int64 `json:"now"` // null = none
	To        int64  `json:"to"`
	Again     int64  `json:"again"` // records that are handled again; below 0, that are left out
}

// offsets plans, and with -apply does, that a group goes on from somewhere else.
func offsets(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	t.groupFlag(f)
	t.topicFlag(f)
	to := f.String("to", "", "`where` to go on from: "+placeForms+". +N and -N count from where the group is")
	some := f.String("partition", "", "`numbers` of partitions, such as 0,2 (default: all)")
	apply := f.Bool("apply", false, "do it; without, it is only shown")
	if err := parse(f, args); err != nil {
		return false, err
	}
	if *to == "" {
		return false, usage("-to is needed: %s", placeForms)
	}
	where, err := parsePlace(*to, time.Now())
	if err != nil {
		return false, err
	}
	named, err := parsePartitions(*some)
	if err != nil {
		return false, err
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	if *apply {
		if err := t.needs(ask.DoCommit); err != nil {
			return false, err
		}
	}
	mapping, err := t.choose(ctx, true)
	if err != nil {
		return false, err
	}
	rows, commits, err := t.planOffsets(ctx, where, named)
	if err != nil {
		return false, err
	}
	if *apply && len(commits) > 0 {
		if mapping != nil && !mapping.IsOff() {
			return false, t.notWhileEnabled(mapping)
		}
		if _, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoCommit, Group: t.group, Topic: t.topic, Commit: commits}); err != nil {
			return false, err
		}
	}
	return true, t.showOffsets(rows, mapping, *apply, len(commits))
}

// planOffsets is what is to change. A group that is not there is a slip, not a new one.
func (t *tool) planOffsets(ctx context.Context, where *place, named map[int32]bool) (rows []offsetRow, commits []ask.Commit, err error) {
	lag, err := t.lag(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := map[int32]int64{}
	for _, l := range lag {
		now[l.Partition] = l.Committed
	}
	to, err := where.find(ctx, t, now)
	if err != nil {
		return nil, nil, err
	}
	if to, err = only(to, named); err != nil {
		return nil, nil, err
	}
	for _, p := range slices.Sorted(maps.Keys(to)) {
		r := offsetRow{Partition: p, To: to[p]}
		was, ok := now[p]
		if ok && was >= 0 {
			r.Now, r.Again = &was, was-to[p]
		} else {
			was = -1
		}
		rows = append(rows, r)
		if was != to[p] {
			commits = append(commits, ask.Commit{Partition: p, Was: was, Offset: to[p]})
		}
	}
	return rows, commits, nil
}

// notWhileEnabled says how to send the pollers away: what is set while they read,
// they write over.
func (t *tool) notWhileEnabled(m *find.Mapping) error {
	region := ""
	if t.cfg.Region != "" {
		region = " --region " + t.cfg.Region
	}
	return ask.Refuse(ask.HasMembers, "the mapping %s, which reads %s as %s, is %s", m.UUID, m.Topic, m.Group, m.State).With(
		"disable it first, which takes a minute or two, and enable it afterwards\n  aws lambda update-event-source-mapping --uuid %s --no-enabled%s\n  aws lambda update-event-source-mapping --uuid %s --enabled%s",
		m.UUID, region, m.UUID, region)
}

func (t *tool) showOffsets(rows []offsetRow, m *find.Mapping, applied bool, changes int) error {
	if t.isJSON() {
		return t.json(map[string]any{"topic": t.topic, "group": t.group, "applied": applied && changes > 0, "partitions": orEmpty(rows)})
	}
	out := [][]string{{"PARTITION", "NOW", "TO", "WHICH"}}
	var again, left int64
	for _, r := range rows {
		now, which := "none", "is new"
		if r.Now != nil {
			now = number(*r.Now)
			switch {
			case r.Again > 0:
				which = fmt.Sprintf("handles %d again", r.Again)
				again += r.Again
			case r.Again < 0:
				which = fmt.Sprintf("leaves out %d", -r.Again)
				left -= r.Again
			default:
				which = "stays"
			}
		}
		out = append(out, []string{number(r.Partition), now, number(r.To), which})
	}
	if err := t.table(out); err != nil {
		return err
	}
	switch {
	case changes == 0:
		t.note("nothing is to change")
	case !applied:
		t.note("nothing was changed; with -apply %s handles %d again and leaves out %d", t.group, again, left)
	case m != nil:
		t.note("set. Enable the mapping: aws lambda update-event-source-mapping --uuid %s --enabled", m.UUID)
	default:
		t.note("set")
	}
	return nil
}
