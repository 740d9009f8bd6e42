package loop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/records"
	"msklambda/test/local/internal/screen"
)

// producer writes sample records at a rate, or those of a file.
type producer struct {
	o        *options.Options
	client   *kgo.Client
	next     func() (*kgo.Record, error) // io.EOF after the last
	file     io.Closer
	ctx      context.Context
	cancel   context.CancelFunc
	stopping chan struct{}
	once     sync.Once
	ended    chan struct{} // closed when it has written all, or was stopped
	err      error         // why it ended, once it has
	refused  atomic.Int64
}

func newProducer(ctx context.Context, o *options.Options, c *cluster.Cluster) (*producer, error) {
	p := &producer{o: o, stopping: make(chan struct{}), ended: make(chan struct{})}
	if err := p.open(ctx, c); err != nil {
		return nil, err
	}
	opts, err := c.Kafka().Options()
	if err != nil {
		return nil, err
	}
	p.client, err = kgo.NewClient(append(opts,
		kgo.DefaultProduceTopic(o.Target), kgo.ClientID("sample-producer"),
		kgo.RecordPartitioner(given{kgo.StickyKeyPartitioner(nil)}), kgo.ProducerBatchMaxBytes(32<<20))...)
	if err != nil {
		return nil, err
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

// open says where the records come from.
func (p *producer) open(ctx context.Context, c *cluster.Cluster) error {
	n := 0
	if p.o.Records == "" {
		p.next = func() (*kgo.Record, error) {
			if p.o.Rate == 0 {
				return nil, io.EOF
			}
			n++
			return sample(n-1, p.o.Fail), nil
		}
		return nil
	}
	key, value, err := schemas(p.o)
	if err != nil {
		return err
	}
	partitions := map[string]int{}
	read := func(in io.Reader, name string) func() (*kgo.Record, error) {
		lines := records.New(in, name, key, value)
		return func() (*kgo.Record, error) {
			r, err := lines.Next()
			if err != nil {
				return nil, err
			}
			return r, p.check(ctx, c, r, partitions, name)
		}
	}
	if p.o.Records == "-" {
		p.next = read(os.Stdin, "standard input")
		return nil
	}
	file, err := os.Open(p.o.Records)
	if err != nil {
		return fmt.Errorf("-records: %w", err)
	}
	p.file = file
	// All of it is read before the first is written: half a file helps nobody.
	for next := read(file, p.o.Records); ; {
		if _, err := next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			_ = file.Close()
			return err
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("-records: %w", err)
	}
	p.next = read(file, p.o.Records)
	return nil
}

// schemas are those that keys and values are written by, nil = none.
func schemas(o *options.Options) (key, value *records.Schema, err error) {
	for _, s := range []struct {
		flag, spec string
		to         **records.Schema
	}{{"-key-schema", o.KeySchema, &key}, {"-value-schema", o.ValueSchema, &value}} {
		if s.spec == "" {
			continue
		}
		if *s.to, err = records.OpenSchema(s.spec); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.flag, err)
		}
	}
	return key, value, nil
}

// check says what the brokers would not take.
func (p *producer) check(ctx context.Context, c *cluster.Cluster, r *kgo.Record, partitions map[string]int, name string) error {
	topic := r.Topic
	if topic == "" {
		topic = p.o.Target
	}
	if _, asked := partitions[topic]; !asked {
		all, err := c.Partitions(ctx, topic)
		if err != nil {
			return err
		}
		partitions[topic] = all[topic]
	}
	switch n := partitions[topic]; {
	case n == 0:
		return fmt.Errorf("%s: topic %q is not there: have it made with -topics", name, topic)
	case int(r.Partition) >= n:
		return fmt.Errorf("%s: topic %q has the partitions 0 to %d, got %d", name, topic, n-1, r.Partition)
	}
	return nil
}

// given takes the partition that a record names, and else the one of its key.
type given struct{ kgo.Partitioner }

func (g given) ForTopic(topic string) kgo.TopicPartitioner {
	return givenTopic{g.Partitioner.ForTopic(topic)}
}

type givenTopic struct{ kgo.TopicPartitioner }

func (g givenTopic) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition >= 0 || g.TopicPartitioner.RequiresConsistency(r)
}

func (g givenTopic) Partition(r *kgo.Record, n int) int {
	if r.Partition >= 0 {
		return int(r.Partition)
	}
	return g.TopicPartitioner.Partition(r, n)
}

// run produces until all is written, or it is stopped.
func (p *producer) run(s *screen.Screen) {
	defer close(p.ended)
	const interval = 50 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	start := time.Now()
	for n := 0; ; {
		for due := int(time.Since(start).Seconds()*p.o.Rate) + 1; n < due || p.o.Rate == 0; n++ {
			r, err := p.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					p.err = err
				}
				return
			}
			select {
			case <-p.stopping:
				return
			default:
			}
			p.client.Produce(p.ctx, r, func(_ *kgo.Record, err error) {
				if err != nil && p.refused.Add(1) == 1 {
					s.Line("producer   %v", err)
				}
			})
		}
		select {
		case <-tick.C:
		case <-p.stopping:
			return
		}
	}
}

// sample makes record n: an order of one of some customers, and now and then a
// tombstone.
func sample(n int, f options.Failing) *kgo.Record {
	states := []string{"paid", "open", "cancelled"}
	r := &kgo.Record{
		Partition: records.AnyPartition,
		Key:       fmt.Appendf(nil, "customer-%d", n*7%50),
		Value:     fmt.Appendf(nil, `{"id":%d,"state":%q,"amount":%d.%02d}`, n, states[n%3], n%90+10, n%100),
		Headers:   []kgo.RecordHeader{{Key: "source", Value: []byte("sample")}},
	}
	if n%25 == 24 {
		r.Value = nil
	}
	if f.Kind != "" && (n+1)%f.Every == 0 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: fault.Header, Value: []byte(f.Kind)})
	}
	return r
}

// stop ends the production, and waits a moment for what is under way. A standard input
// that says nothing is not waited for.
func (p *producer) stop() {
	p.once.Do(func() {
		close(p.stopping)
		select {
		case <-p.ended:
		case <-time.After(200 * time.Millisecond):
		}
		p.flush()
	})
}

func (p *producer) flush() {
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	_ = p.client.Flush(ctx) // what is left is counted as refused when the client closes
}

func (p *producer) close() {
	p.cancel()
	p.client.Close()
	if p.file != nil {
		p.file.Close()
	}
}

// failure is why the records could not all be read, nil while that is not known.
func (p *producer) failure() error {
	select {
	case <-p.ended:
		return p.err
	default:
		return nil
	}
}

func (p *producer) failed() int { return int(p.refused.Load()) }
