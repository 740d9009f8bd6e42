package loop

import (
	"context"
	"fmt"
	"strings"
	"time"

	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/poller"
)

// follow asks the brokers how far the groups have got, again and again.
func (l *session) follow(ctx context.Context) {
	interval := 200 * time.Millisecond
	if l.o.Kafka != nil {
		interval = time.Second // they may be far away, and have other work
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		for _, c := range l.consumers {
			c.ask(ctx, l)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (c *consumer) ask(ctx context.Context, l *session) {
	all, err := l.cluster.Offsets(ctx, c.Topic, c.Group)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.offsets, c.problem = all, ""
		c.history = append(c.history, moment{time.Now(), all})
		for len(c.history) > 2 && time.Since(c.history[1].at) > rateTime {
			c.history = c.history[1:]
		}
	} else if ctx.Err() == nil && c.problem != err.Error() {
		c.problem = err.Error()
		l.line(c, "broker", "%v", err)
	}
}

// moment is how the offsets stood at a time.
type moment struct {
	at      time.Time
	offsets []cluster.Offsets
}

// rateTime is over what time rates are taken.
const rateTime = 3 * time.Second

// rates are how many records a second came into each partition, and were committed.
func (c *consumer) rates() (in, out []float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.history) < 2 {
		return nil, nil
	}
	first, last := c.history[0], c.history[len(c.history)-1]
	seconds := last.at.Sub(first.at).Seconds()
	for n := range min(len(first.offsets), len(last.offsets)) {
		in = append(in, float64(last.offsets[n].End-first.offsets[n].End)/seconds)
		out = append(out, float64(last.offsets[n].Next()-first.offsets[n].Next())/seconds)
	}
	return in, out
}

// drained reports whether the groups have committed all that the topics hold, by
// what the brokers say now.
func (l *session) drained(ctx context.Context) bool {
	for _, c := range l.consumers {
		c.ask(ctx, l)
		if cluster.Lag(c.last()) > 0 {
			return false
		}
	}
	return true
}

func (c *consumer) last() []cluster.Offsets {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offsets
}

// produced counts what was written to the topic since the loop began, by whomever.
func (c *consumer) produced() (n int64) {
	for i, o := range c.last() {
		if i < len(c.began) {
			n += o.End - c.began[i].End
		} else {
			n += o.End // of a partition that is new
		}
	}
	return n
}

func (c *consumer) status() string {
	return statusLine(c.stats(), c.produced(), cluster.Lag(c.last()), c.starts())
}

// status is that of all consumers, on a line.
func (l *session) status() string {
	if len(l.consumers) == 1 {
		return l.consumers[0].status()
	}
	var parts []string
	for _, c := range l.consumers {
		st := c.stats()
		part := fmt.Sprintf("%s: lag %d, handled %d", c.label, cluster.Lag(c.last()), st.Handled)
		if st.FunctionErrors > 0 {
			part += fmt.Sprintf(", failed %d", st.FunctionErrors)
		}
		if st.Dropped > 0 {
			part += fmt.Sprintf(", LOST %d", st.Dropped)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " | ")
}

// statusLine names what there always is, and what there is only now and then
// once there is some.
func statusLine(st poller.Stats, produced, lag int64, processes int) string {
	var b strings.Builder
	some := func(n int, format string) {
		if n > 0 {
			fmt.Fprintf(&b, format, n)
		}
	}
	fmt.Fprintf(&b, "lag %d | produced %d, handled %d", lag, produced, st.Handled)
	some(st.FilteredOut, ", filtered out %d")
	some(st.Delivered, ", to destination %d")
	some(st.Dropped, ", LOST %d")
	fmt.Fprintf(&b, " | batches %d, invocations %d, failed %d", st.Batches, st.Invocations, st.FunctionErrors)
	some(st.PartialFailures, ", in part %d")
	some(st.Throttles, ", throttled %d")
	some(processes, ", processes %d")
	return b.String()
}
