package capacity

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Write writes an answer as text.
func Write(w io.Writer, work Workload, a Answer) error {
	work = work.withDefaults()
	var out strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&out, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("event", "%.0f bytes a record, %s records in one at most", a.EventBytes, count(float64(a.MostBatch)))
	line("invocations", "%s a second, of %s records and %s each", between(a.Shared.Invocations, a.Apart.Invocations, rate),
		between(a.Shared.Records, a.Apart.Records, rate), between(a.Shared.Duration.Seconds(), a.Apart.Duration.Seconds(), span))
	line("functions", "%s at once on average", between(a.Shared.Concurrent, a.Apart.Concurrent, rate))
	switch {
	case !a.KeepsUp:
		line("most", "%s records a second: THE GROUP FALLS BEHIND, by %s a second", count(a.Most), count(work.Records-a.Most))
	default:
		line("most", "%s records a second; a backlog of %s is gone in %s", count(a.Most), count(work.Backlog), span(a.DrainsIn))
	}
	if work.Mode == Provisioned {
		line("pollers", "%d, in %s of 20 MB/s", a.Pollers, plural(a.Units, "event poller unit"))
	} else {
		line("pollers", "on-demand: how many there are, and what one takes, is not documented")
	}
	c := a.Cost
	line("function", "%s a month", dollars(c.Function))
	line("logs", "%s a month, %d bytes an invocation and %d a record", dollars(c.Logs), work.LogCall, work.LogRecord)
	if work.Once != OnceNone {
		line("once", "%s a month, by %s", dollars(c.Once), work.Once)
	}
	mark := map[Mode]string{work.Mode: " (this one)"}
	line("way", "%s a month by endpoints in %s%s, %s by a NAT gateway in each, %s by provisioned pollers%s",
		money(c.Endpoints), plural(work.Subnets, "subnet"), mark[OnDemand], money(c.NAT), money(c.Pollers), mark[Provisioned])
	line("in all", "%s a month; %s more if reading from another zone is billed", dollars(c.Total), money(c.CrossZone))
	_, err := io.WriteString(w, out.String())
	return err
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// between is what lies between two views, or the one number that both have.
func between(a, b float64, show func(float64) string) string {
	low, high := show(min(a, b)), show(max(a, b))
	if low == high {
		return low
	}
	return low + " to " + high
}

func dollars(d [2]float64) string {
	return between(d[0], d[1], func(f float64) string { return money(f) })
}

// money is dollars and cents, with commas.
func money(f float64) string {
	whole, cents := math.Modf(math.Round(f*100) / 100)
	return fmt.Sprintf("$%s.%02.0f", count(whole), math.Round(cents*100))
}

// rate is a number with three digits that count.
func rate(f float64) string {
	if f >= 100 {
		return count(f)
	}
	digits := 2
	if f >= 10 {
		digits = 1
	}
	text := strconv.FormatFloat(f, 'f', digits, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// count is a whole number with commas.
func count(f float64) string {
	text := strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// span is a time with the digits that count, given in seconds.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= 100*time.Hour:
		return count(d.Hours()/24) + " days"
	case d >= 10*time.Minute:
		d = d.Round(time.Minute)
	case d >= 10*time.Second:
		d = d.Round(time.Second)
	case d >= 100*time.Millisecond:
		d = d.Round(10 * time.Millisecond)
	default:
		d = d.Round(100 * time.Microsecond)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
