package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"msklambda/lambda/admin/ask"
)

// producing is how lines become records.
type producing struct {
	t         *tool
	json      bool
	key       *string
	separator string
	null      bool
	partition int
	headers   []ask.Header
}

const (
	maxLine    = 32 << 20               // of standard input
	pageIdle   = 200 * time.Millisecond // without a line, what there is goes
	pageAtMost = 1000                   // records in one question
)

// produce writes standard input as records.
func produce(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	p := &producing{t: t}
	t.topicFlag(f)
	f.BoolVar(&p.json, "json", false, `lines are JSON: {"key":…,"value":…,"headers":[{"key":…,"value":…}],"partition":…,"timestamp":…}, as peek -o json writes them`)
	f.Func("key", "`key` of all records (default: null)", func(s string) error { p.key = &s; return nil })
	f.StringVar(&p.separator, "separator", "", "`text` between a line's key and its value")
	f.BoolVar(&p.null, "null", false, "an empty key or value is null")
	f.IntVar(&p.partition, "partition", -1, "`number` of a partition (default: by the key)")
	f.Func("header", "header `name=value` of all records; several are possible", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return errors.New("must be name=value")
		}
		p.headers = append(p.headers, ask.Header{Key: name, Value: []byte(value)})
		return nil
	})
	if err := parse(f, args); err != nil {
		return false, err
	}
	switch {
	case p.json && (p.key != nil || p.separator != ""):
		return false, usage("-json says the key by itself: not with -key or -separator")
	case p.key != nil && p.separator != "":
		return false, usage("-key and -separator exclude each other")
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	if err := t.needs(ask.DoProduce); err != nil {
		return false, err
	}
	if _, err := t.choose(ctx, false); err != nil {
		return false, err
	}
	// Before anything is read: a topic that is not there takes no line.
	if _, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoOffsets, Topic: t.topic, At: ask.At{Place: ask.Latest}}); err != nil {
		return false, err
	}
	return p.run(ctx)
}

// inputLine is a line of standard input, or why there are no more.
type inputLine struct {
	number int
	text   []byte
	err    error
}

func lines(ctx context.Context, in io.Reader) <-chan inputLine {
	out := make(chan inputLine)
	go func() {
		defer close(out)
		s := bufio.NewScanner(in)
		s.Buffer(nil, maxLine)
		send := func(l inputLine) bool {
			select {
			case out <- l:
				return true
			case <-ctx.Done():
				return false
			}
		}
		n := 0
		for s.Scan() {
			n++
			if !send(inputLine{number: n, text: bytes.Clone(s.Bytes())}) {
				return
			}
		}
		if err := s.Err(); err != nil {
			send(inputLine{number: n + 1, err: err})
		}
	}()
	return out
}

// run writes page by page. Whatever ends it, it says which line was the last that is
// written, so that somebody can go on behind it.
func (p *producing) run(ctx context.Context) (bool, error) {
	in := lines(ctx, p.t.in)
	bar := p.t.newProgress("written", 0)
	defer bar.end()
	written := 0
	fail := func(err error) (bool, error) {
		bar.end()
		p.t.note("written: %s; line %d and on were not", count(written, "record"), written+1)
		return false, err
	}
	for open := true; open; {
		var page []ask.Record
		var wrong error
		page, open, wrong = p.page(ctx, in)
		for _, part := range ask.Pages(page) {
			// Under way it is not given up: what it came to would not be known.
			a, err := p.t.asker.Ask(context.WithoutCancel(ctx), &ask.Question{Do: ask.DoProduce, Topic: p.t.topic, Records: part})
			if a != nil {
				written += len(a.Records)
				if err := p.show(a.Records); err != nil {
					return fail(err)
				}
				bar.add(int64(len(a.Records)))
			}
			if err != nil {
				return fail(p.uncertain(err, a, len(part)))
			}
		}
		if wrong != nil {
			return fail(wrong)
		}
		if ctx.Err() != nil {
			return fail(ctx.Err())
		}
	}
	bar.end()
	if !p.t.isJSON() {
		p.t.note("written to %s: %s", p.t.topic, count(written, "record"))
	}
	return true, nil
}

// uncertain says so where a page may or may not be there.
func (p *producing) uncertain(err error, a *ask.Answer, records int) error {
	if a != nil {
		return err // the function says what is written
	}
	var refused *ask.Refusal
	if errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("%w; whether the next %d are written is not known: mskadmin peek %s -topic %s shows the last ones",
		err, records, p.t.where(), p.t.topic)
}

// page gathers lines until there is a page, or none comes for a moment.
func (p *producing) page(ctx context.Context, in <-chan inputLine) (page []ask.Record, open bool, err error) {
	idle := time.NewTimer(time.Hour)
	defer idle.Stop()
	size := 0
	for {
		select {
		case l, ok := <-in:
			if !ok {
				return page, false, nil
			}
			if l.err != nil {
				return page, false, fmt.Errorf("line %d: %w", l.number, l.err)
			}
			r, err := p.record(l.text)
			if err != nil {
				return page, false, fmt.Errorf("line %d: %w", l.number, err)
			}
			page = append(page, r)
			size += r.Size()
			if len(page) >= pageAtMost || size >= ask.MaxPage {
				return page, true, nil
			}
			idle.Reset(pageIdle)
		case <-idle.C:
			return page, true, nil
		case <-ctx.Done():
			return page, false, nil
		}
	}
}

// record makes a record of a line.
func (p *producing) record(text []byte) (ask.Record, error) {
	r := ask.Record{Partition: int32(p.partition)}
	if p.json {
		one, err := parseLine(text)
		if err != nil {
			return r, err
		}
		if p.partition >= 0 {
			one.Partition = r.Partition
		}
		r = one
	} else {
		r.Value = text
		if p.key != nil {
			r.Key = []byte(*p.key)
		}
		if p.separator != "" {
			key, value, ok := bytes.Cut(text, []byte(p.separator))
			if !ok {
				return r, fmt.Errorf("it has no %q between a key and a value", p.separator)
			}
			r.Key, r.Value = key, value
		}
		if p.null && len(r.Key) == 0 {
			r.Key = nil
		}
		if p.null && len(r.Value) == 0 {
			r.Value = nil
		}
	}
	r.Headers = append(r.Headers, p.headers...)
	return r, nil
}

// show writes where records are now, for programs.
func (p *producing) show(records []ask.Record) error {
	if !p.t.isJSON() {
		return nil
	}
	for _, r := range records {
		if err := p.t.jsonLine(map[string]any{"topic": r.Topic, "partition": r.Partition, "offset": r.Offset, "timestamp": clock(r.Timestamp)}); err != nil {
			return err
		}
	}
	return nil
}
