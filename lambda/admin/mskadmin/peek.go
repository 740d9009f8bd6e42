package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/admin/ask"
)

// peeking is what peek shows.
type peeking struct {
	t      *tool
	most   int
	shown  int
	follow bool
	format *kgo.RecordFormatter
}

// peek shows records of a topic. It reads as no group, so it moves nobody's offsets.
func peek(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	t.topicFlag(f)
	from := f.String("from", "latest", "`where` to begin: "+placeForms)
	some := f.String("partition", "", "`numbers` of partitions, such as 0,2 (default: all)")
	p := &peeking{t: t}
	f.IntVar(&p.most, "n", 10, "most records; 0 is all that there are. From latest they are the last ones")
	f.BoolVar(&p.follow, "follow", false, "go on with those that come, until ctrl-C")
	format := f.String("f", "", `format of kcat and rpk, such as '%t-%p@%o %k %v\n'; see docs/admin.md`)
	if err := parse(f, args); err != nil {
		return false, err
	}
	where, err := parsePlace(*from, time.Now())
	if err != nil {
		return false, err
	}
	named, err := parsePartitions(*some)
	switch {
	case err != nil:
		return false, err
	case p.most < 0:
		return false, usage("-n must be 0 or more, got %d", p.most)
	case *format != "" && t.isJSON():
		return false, usage("-f and -o json exclude each other")
	}
	if *format != "" {
		if p.format, err = kgo.NewRecordFormatter(*format); err != nil {
			return false, usage("-f: %v", err)
		}
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	if _, err := t.choose(ctx, false); err != nil {
		return false, err
	}
	return true, p.run(ctx, where, named)
}

func (p *peeking) run(ctx context.Context, where *place, named map[int32]bool) error {
	_, end, err := p.t.ends(ctx)
	if err != nil {
		return err
	}
	last := where.at == ask.Latest
	if last {
		// Of each partition as many as might be among the last of all.
		back := -int64(p.most)
		where = &place{shift: &back}
	}
	from, err := where.find(ctx, p.t, nil)
	if err != nil {
		return err
	}
	if from, err = only(from, named); err != nil {
		return err
	}
	end = maps.Clone(end)
	for n := range end {
		if _, wanted := from[n]; !wanted {
			delete(end, n)
		}
	}
	if last {
		err = p.last(ctx, from, end)
	} else {
		err = p.each(ctx, from, end)
	}
	if err != nil || !p.follow || p.isEnough() && !last {
		return err
	}
	if last {
		p.most = 0 // those were of what there was
	}
	return p.each(ctx, from, nil)
}

func (p *peeking) isEnough() bool { return p.most > 0 && p.shown >= p.most }

// last shows the last records of all partitions together.
func (p *peeking) last(ctx context.Context, from, end map[int32]int64) error {
	if p.most == 0 {
		return p.each(ctx, from, end)
	}
	var all []ask.Record
	if err := p.t.read(ctx, from, end, 0, func(page []ask.Record) bool { all = append(all, page...); return true }); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b ask.Record) int {
		return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return p.show(all[max(len(all)-p.most, 0):])
}

// each shows records as they come, up to end; nil is none.
func (p *peeking) each(ctx context.Context, from, end map[int32]int64) error {
	var failed error
	err := p.t.read(ctx, from, end, p.most, func(page []ask.Record) bool {
		failed = p.show(page)
		return failed == nil && !p.isEnough()
	})
	return cmp.Or(failed, err)
}

// read reads records from offsets on, in pages, and moves from along. With an end it
// stops there, and without when it is told to.
func (t *tool) read(ctx context.Context, from, end map[int32]int64, most int, take func([]ask.Record) bool) error {
	for {
		q := &ask.Question{Do: ask.DoFetch, Topic: t.topic, From: maps.Clone(from), To: end, Max: most, Wait: followWait}
		if end != nil {
			q.Wait = ask.MaxWait
			for p := range q.From {
				if q.From[p] >= end[p] {
					delete(q.From, p)
				}
			}
			if len(q.From) == 0 {
				return nil
			}
		}
		a, err := t.asker.Ask(ctx, q)
		if err != nil {
			return err
		}
		for p, first := range a.Start {
			t.note("the records of %s-%d before %d are gone", t.topic, p, first)
		}
		stuck := true
		for p, next := range a.Next {
			stuck = stuck && next == q.From[p]
			from[p] = next
		}
		if !take(a.Records) {
			return nil
		}
		if stuck && end != nil {
			t.note("what is behind %v did not come within %d s", from, ask.MaxWait/1000)
			return nil
		}
	}
}

// followWait is how long a question waits for a record that may come, in milliseconds.
const followWait = 2000

func (p *peeking) show(records []ask.Record) error {
	for i := range records {
		if p.isEnough() {
			return nil
		}
		p.shown++
		if err := p.showOne(&records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *peeking) showOne(r *ask.Record) error {
	switch {
	case p.format != nil:
		one := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: time.UnixMilli(r.Timestamp), Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			one.Headers = append(one.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		_, err := p.t.out.Write(p.format.AppendRecord(nil, one))
		return err
	case p.t.isJSON():
		return p.t.jsonLine(lineOf(r))
	}
	text := fmt.Sprintf("%s  %s-%d@%d  %s  %s", clock(r.Timestamp), r.Topic, r.Partition, r.Offset, show(r.Key), show(r.Value))
	for _, h := range r.Headers {
		text += fmt.Sprintf("  %s=%s", h.Key, show(h.Value))
	}
	if r.Cut > 0 {
		text += fmt.Sprintf("  (cut, of %d bytes)", r.Cut)
	}
	_, err := fmt.Fprintln(p.t.out, text)
	return err
}
