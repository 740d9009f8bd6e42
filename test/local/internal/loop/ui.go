package loop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/page"
	"msklambda/test/local/internal/records"
)

// view is the loop as its page sees it.
type view struct {
	*session
	tail       tail
	topics     []string
	key, value *records.Schema
}

var _ page.Loop = (*view)(nil)

// openPage serves the page, if one was asked for.
func (l *session) openPage(ctx context.Context) error {
	if l.o.UI == "" {
		return nil
	}
	v := &view{session: l, tail: tail{records: map[string][]*kgo.Record{}}}
	for _, m := range l.o.Mappings {
		v.topics = append(v.topics, m.Topic)
		if topic := m.KafkaTopic(); topic != "" {
			v.topics = append(v.topics, topic)
		}
	}
	for _, t := range l.o.Topics {
		v.topics = append(v.topics, t.Name)
	}
	slices.Sort(v.topics)
	v.topics = slices.Compact(v.topics)
	var err error
	if v.key, v.value, err = schemas(l.o); err != nil {
		return err
	}
	port, err := strconv.Atoi(l.o.UI)
	if err != nil {
		return err
	}
	server, err := page.Start(port, v)
	if err != nil {
		return fmt.Errorf("-ui: port %d cannot be had: end what listens there, or give another, or 0 for any (%w)", port, err)
	}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := v.tail.follow(following, l.cluster, v.topics); err != nil {
			l.s.Line("page       %v", err)
		}
	}()
	l.closers = append(l.closers, func() { server.Close(); cancel(); <-ended })
	l.s.Line("page       %s", server.URL())
	return nil
}

// decoders, and a nil of a type is not nil.
func decoder(s *records.Schema) page.Decoder {
	if s == nil {
		return nil
	}
	return s
}

func (v *view) show(r *kgo.Record) page.Record {
	if r.Timestamp.IsZero() {
		// One that was lost, of which nothing but the position is known.
		for _, known := range v.tail.latest(r.Topic) {
			if known.Partition == r.Partition && known.Offset == r.Offset {
				r = known
				break
			}
		}
	}
	if r.Topic != v.o.Target {
		return page.Show(r, nil, nil) // the schemas are those of what is written there
	}
	return page.Show(r, decoder(v.key), decoder(v.value))
}

// State is how everything stands.
func (v *view) State() page.State {
	s := page.State{Brokers: strings.Join(v.cluster.Brokers(), ", "), Topics: v.topics, Consumers: []page.Consumer{}, Failures: v.seen.all(v.show)}
	for _, c := range v.consumers {
		st, all := c.stats(), c.last()
		one := page.Consumer{
			Name: c.Name, Topic: c.Topic, Group: c.Group, Mode: "on-demand pollers", Lag: cluster.Lag(all), Produced: c.produced(),
			Handled: st.Handled, Filtered: st.FilteredOut, Delivered: st.Delivered, Lost: st.Dropped, Batches: st.Batches, Calls: st.Invocations,
			Failed: st.FunctionErrors + st.PartialFailures, Throttled: st.Throttles, Processes: c.starts(),
			Partitions: []page.Partition{}, UnderWay: v.seen.batches(c),
		}
		if c.Pollers > 0 {
			one.Mode = strings.TrimSuffix(fmt.Sprintf("provisioned, %d pollers", c.Pollers), map[bool]string{true: "s"}[c.Pollers == 1])
		}
		in, out := c.rates()
		for n, o := range all {
			p := page.Partition{Number: n, Start: o.Start, End: o.End, Committed: o.Committed, Lag: o.Lag()}
			if n < len(in) {
				p.In, p.Out = in[n], out[n]
			}
			one.Partitions = append(one.Partitions, p)
		}
		c.mu.Lock()
		one.Problem = c.problem
		c.mu.Unlock()
		s.Consumers = append(s.Consumers, one)
	}
	return s
}

// Records are the latest of a topic.
func (v *view) Records(topic string) []page.Record {
	out := []page.Record{}
	for _, r := range v.tail.latest(topic) {
		out = append(out, v.show(r))
	}
	return out
}

// Produce writes a record as -records takes it.
func (v *view) Produce(ctx context.Context, line []byte) (string, error) {
	// On one line, as it may come with any.
	line = bytes.ReplaceAll(line, []byte("\n"), []byte(" "))
	var key, value *records.Schema
	if topic := topicOf(line); topic == "" || topic == v.o.Target {
		key, value = v.key, v.value
	}
	r, err := records.New(bytes.NewReader(line), "the record", key, value).Next()
	if err == io.EOF {
		return "", fmt.Errorf("there is no record")
	}
	if err != nil {
		return "", err
	}
	if r.Topic == "" {
		r.Topic = v.o.Target
	}
	return v.write(ctx, r)
}

func topicOf(line []byte) string {
	r, err := records.New(bytes.NewReader(line), "", nil, nil).Next()
	if err != nil {
		return ""
	}
	return r.Topic
}

func (v *view) write(ctx context.Context, r *kgo.Record) (string, error) {
	there, err := v.cluster.Partitions(ctx, r.Topic)
	if err != nil {
		return "", err
	}
	if n := there[r.Topic]; n == 0 || int(r.Partition) >= n {
		return "", fmt.Errorf("topic %q has the partitions 0 to %d, got %d", r.Topic, n-1, r.Partition)
	}
	written, err := v.source.client.ProduceSync(ctx, r).First()
	if err != nil {
		return "", v.cluster.Kafka().Explain(err)
	}
	return nameOfRecord(written), nil
}

// Replay writes a record once more, to the partition that it was in.
func (v *view) Replay(ctx context.Context, topic string, partition int32, offset int64) (string, error) {
	if !slices.Contains(v.topics, topic) {
		return "", fmt.Errorf("topic %q is none of the loop's", topic)
	}
	r, err := v.cluster.Record(ctx, topic, partition, offset)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "", errGone
	}
	return v.write(ctx, &kgo.Record{Topic: topic, Partition: partition, Key: r.Key, Value: r.Value, Headers: r.Headers})
}
