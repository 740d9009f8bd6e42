package loop

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

// producer writes sample records at a rate.
type producer struct {
	o        *options.Options
	client   *kgo.Client
	ctx      context.Context
	cancel   context.CancelFunc
	stopping chan struct{}
	once     sync.Once
	ended    chan struct{}
	refused  atomic.Int64
}

func newProducer(o *options.Options, kafka *connect.Kafka) (*producer, error) {
	opts, err := kafka.Options()
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(opts, kgo.DefaultProduceTopic(o.Target), kgo.ClientID("sample-producer"))...)
	if err != nil {
		return nil, err
	}
	p := &producer{o: o, client: client, stopping: make(chan struct{}), ended: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

// run produces until it is stopped.
func (p *producer) run(s *screen.Screen) {
	defer close(p.ended)
	if p.o.Rate == 0 {
		return
	}
	const interval = 50 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	start := time.Now()
	for n := 0; ; {
		for due := int(time.Since(start).Seconds()*p.o.Rate) + 1; n < due; n++ {
			p.client.Produce(p.ctx, sample(n, p.o.Fail), func(_ *kgo.Record, err error) {
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
		Key:     fmt.Appendf(nil, "customer-%d", n*7%50),
		Value:   fmt.Appendf(nil, `{"id":%d,"state":%q,"amount":%d.%02d}`, n, states[n%3], n%90+10, n%100),
		Headers: []kgo.RecordHeader{{Key: "source", Value: []byte("sample")}},
	}
	if n%25 == 24 {
		r.Value = nil
	}
	if f.Kind != "" && (n+1)%f.Every == 0 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: fault.Header, Value: []byte(f.Kind)})
	}
	return r
}

// stop ends the production, and waits a moment for what is under way.
func (p *producer) stop() {
	p.once.Do(func() {
		close(p.stopping)
		<-p.ended
		ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
		defer cancel()
		p.client.Flush(ctx)
	})
}

func (p *producer) close() {
	p.cancel()
	p.client.Close()
}

func (p *producer) failed() int { return int(p.refused.Load()) }
