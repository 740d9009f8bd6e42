// Package snapshot writes what there is of a match, and the list of the day's
// matches, as files that CloudFront serves: for those who come late, who missed
// something, and who have no JavaScript.
package snapshot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"sync"
	"time"

	"msklambda/lambda/livescores/bucket"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/table"
)

// Match is what the snapshot of a match holds.
type Match struct {
	Match    string        `json:"match"`
	Epoch    int64         `json:"epoch"`
	Sequence int64         `json:"sequence"`
	Written  time.Time     `json:"written"`
	Events   []score.Event `json:"events"`
}

// Line is a match in the list.
type Line struct {
	Match    string      `json:"match"`
	Epoch    int64       `json:"epoch"`
	Sequence int64       `json:"sequence"`
	Home     string      `json:"home"`
	Away     string      `json:"away"`
	Score    score.Score `json:"score"`
	Clock    string      `json:"clock"`
	Phase    string      `json:"phase"`
}

// Index is the list.
type Index struct {
	Written time.Time         `json:"written"`
	Matches []json.RawMessage `json:"matches"`
}

// Writer writes snapshots. Its methods may be called by several goroutines.
type Writer struct {
	table  *table.Table
	bucket *bucket.Bucket
	list   together

	mu      sync.Mutex
	written map[string]*written
}

// written is what this Writer wrote last of a match. Whoever writes has it locked.
type written struct {
	sync.Mutex
	epoch, sequence int64
}

// New makes a Writer.
func New(t *table.Table, b *bucket.Bucket) *Writer {
	return &Writer{table: t, bucket: b, written: map[string]*written{}}
}

// Write writes what was written of a match to the table, and the list with it in.
func (w *Writer) Write(ctx context.Context, s *match.State) error {
	line := Line{Match: s.ID, Epoch: s.Epoch, Sequence: s.Sequence, Phase: s.Phase}
	if n := len(s.Events); n > 0 {
		e := s.Events[n-1]
		line.Home, line.Away, line.Score, line.Clock = e.Home, e.Away, e.Score, e.Clock
	}
	if err := w.table.PutLine(ctx, s, asJSON(line), time.Now()); err != nil {
		return err
	}
	listed := make(chan error, 1)
	go func() { listed <- w.list.do(func() error { return w.writeIndex(ctx) }) }()
	err := w.writeMatch(ctx, s)
	if e := <-listed; err == nil {
		err = e
	}
	return err
}

func (w *Writer) last(match string) *written {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.written[match]
	if last == nil {
		last = &written{}
		w.written[match] = last
	}
	return last
}

// writeMatch writes what there is, or what is read if somebody wrote something
// newer meanwhile: another function, which the bucket tells, or another goroutine
// of this one, of which the bucket knows no difference.
func (w *Writer) writeMatch(ctx context.Context, s *match.State) error {
	last := w.last(s.ID)
	last.Lock()
	defer last.Unlock()
	first := s
	if s.Epoch < last.epoch || s.Epoch == last.epoch && s.Sequence < last.sequence {
		first = nil
	}
	var epoch, sequence int64
	err := w.bucket.Replace(ctx, layout.Snapshot(s.ID), func(ctx context.Context) (bucket.Object, error) {
		if first == nil {
			again, err := w.table.Match(ctx, s.ID, true)
			if err != nil {
				return bucket.Object{}, err
			}
			first = &again
		}
		epoch, sequence = first.Epoch, first.Sequence
		m := Match{Match: s.ID, Epoch: first.Epoch, Sequence: first.Sequence, Written: time.Now().UTC(), Events: first.Events}
		if m.Events == nil {
			m.Events = []score.Event{}
		}
		first = nil
		return object(asJSON(m), "application/json"), nil
	})
	if err != nil {
		return fmt.Errorf("write the snapshot of %s: %w", s.ID, err)
	}
	last.epoch, last.sequence = epoch, sequence
	return nil
}

// writeIndex writes the list, and its page after it.
func (w *Writer) writeIndex(ctx context.Context) error {
	var lines []json.RawMessage
	read := func(ctx context.Context) (err error) {
		if lines, err = w.table.Lines(ctx, time.Now()); lines == nil {
			lines = []json.RawMessage{}
		}
		return err
	}
	err := w.bucket.Replace(ctx, layout.Index, func(ctx context.Context) (o bucket.Object, err error) {
		if err := read(ctx); err != nil {
			return o, err
		}
		return object(asJSON(Index{time.Now().UTC(), lines}), "application/json"), nil
	})
	if err == nil {
		again := false // another function wrote the page meanwhile
		err = w.bucket.Replace(ctx, layout.IndexPage, func(ctx context.Context) (o bucket.Object, err error) {
			if again {
				if err := read(ctx); err != nil {
					return o, err
				}
			}
			again = true
			return object(page(lines), "text/html; charset=utf-8"), nil
		})
	}
	if err != nil {
		return fmt.Errorf("write the list of matches: %w", err)
	}
	return nil
}

func object(content []byte, kind string) bucket.Object {
	return bucket.Object{Content: content, Type: kind, MaxAge: time.Second}
}

func asJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and what was JSON before
	}
	return text
}

// page is the list for those without JavaScript.
func page(lines []json.RawMessage) []byte {
	var b bytes.Buffer
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<title>Live scores</title><link rel="icon" href="data:,"><link rel="stylesheet" href="../../style.css"></head>` +
		`<body><header><h1>Live scores</h1></header><main><p>As of ` + time.Now().UTC().Format("15:04:05") + ` UTC. <a href="index.html">Load it again</a> for what is newer.</p><ul class="list">`)
	for _, text := range lines {
		var l Line
		if json.Unmarshal(text, &l) != nil {
			continue
		}
		fmt.Fprintf(&b, `<li><bdi>%s</bdi> <b>%d : %d</b> <bdi>%s</bdi> <span>%s</span> <a href="../%s.json">all events</a></li>`,
			html.EscapeString(l.Home), l.Score.Home, l.Score.Away, html.EscapeString(l.Away), html.EscapeString(l.Clock), html.EscapeString(l.Match))
	}
	b.WriteString(`</ul></main></body></html>`)
	return b.Bytes()
}

// together does for many what they want done at about the same time: who comes
// while it is being done waits for the next time, which is done for all of them.
type together struct {
	running sync.Mutex // f
	mu      sync.Mutex
	next    *turn
}

type turn struct {
	once sync.Once
	err  error
}

// do returns when f was called, by whomever, after do was.
func (t *together) do(f func() error) error {
	t.mu.Lock()
	mine := t.next
	if mine == nil {
		mine = &turn{}
		t.next = mine
	}
	t.mu.Unlock()
	t.running.Lock()
	defer t.running.Unlock()
	mine.once.Do(func() {
		t.mu.Lock()
		t.next = nil // who comes from now on may bring something that f does not see
		t.mu.Unlock()
		mine.err = f()
	})
	return mine.err
}
