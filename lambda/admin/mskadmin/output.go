package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"msklambda/lambda/admin/ask"
)

// json writes v for programs, on one line or several.
func (t *tool) json(v any) error {
	enc := json.NewEncoder(t.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// jsonLine writes v on one line, for what has no end.
func (t *tool) jsonLine(v any) error {
	enc := json.NewEncoder(t.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (t *tool) isJSON() bool { return t.format == "json" }

// table writes rows in columns, the first of them the heads.
func (t *tool) table(rows [][]string) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return w.Flush()
}

// note writes a line for people, beside the output.
func (t *tool) note(format string, args ...any) { fmt.Fprintf(t.log, format+"\n", args...) }

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct {
	out   io.Writer // nil where there is no terminal
	what  string
	total int64
	done  int64
	shown time.Time
}

// newProgress shows how much of a total is done; a total of 0 is not known.
func (t *tool) newProgress(what string, total int64) *progress {
	p := &progress{what: what, total: total}
	if f, ok := t.log.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.out = f
		}
	}
	return p
}

const barWidth = 30

func (p *progress) add(n int64) {
	p.done += n
	if p.out == nil || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	fmt.Fprint(p.out, "\r\x1b[K", p.line())
}

func (p *progress) line() string {
	if p.total <= 0 {
		return fmt.Sprintf("%s %d", p.what, p.done)
	}
	full := int(min(p.done, p.total) * barWidth / p.total)
	return fmt.Sprintf("%s [%s%s] %d/%d", p.what, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), p.done, p.total)
}

// end takes the bar away.
func (p *progress) end() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// ago is a duration as one reads it best.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// clock is a time of Kafka's, in milliseconds.
func clock(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}

// isKind reports whether an error is a refusal of a kind.
func isKind(err error, kind ask.Kind) bool {
	var refused *ask.Refusal
	return errors.As(err, &refused) && refused.Kind == kind
}

// count is a number of things: 1 record, 2 records.
func count[N int | int64](n N, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
