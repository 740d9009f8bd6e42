package kafka

import (
	"context"
	"strconv"
	"sync"
)

// Store remembers records that were handled, for [SkipDone]. Its methods may be
// called by several goroutines, and with up to 10,000 ids at once.
type Store interface {
	// Done says of each id whether Add was called with it.
	Done(ctx context.Context, ids []string) ([]bool, error)

	// Add remembers ids. It may be called again with one that it has.
	Add(ctx context.Context, ids []string) error
}

// SkipDone does not handle records again that were handled in a batch that failed.
// It is for pollers that send such a batch again as a whole: whatever holds up one
// record, those before it, of other partitions and of other keys are not handled each
// time it comes. With ReportBatchItemFailures, where just what is named comes again,
// it does nothing.
//
// Before a batch the store is asked for its records, and after one that fails those
// that were handled, skipped or taken by the sink are added. A record's id is its
// place and its timestamp, so that a topic that is created anew is not taken for the
// old one; records of several clusters need a store each.
//
// This saves work and promises nothing: a process that ends in the middle of a batch
// has added nothing, and if the store fails, which is logged, records are handled
// again. A function must still be able to see a record twice. Panics if s is nil.
func SkipDone(s Store) Option {
	if m, ok := s.(*MemoryStore); s == nil || ok && m == nil {
		panic("kafka: SkipDone needs a store, got nil")
	}
	return func(h *handler) { h.store = s }
}

// ids of all records, as they are in the event.
func (b *batch) ids() []string {
	var ids []string
	for i := range b.parts {
		w := &b.parts[i]
		for k := range w.status {
			r := w.record(k)
			ids = append(ids, r.String()+"/"+strconv.FormatInt(r.Timestamp.UnixMilli(), 10))
		}
	}
	return ids
}

// skipDone settles what the store has.
func (b *batch) skipDone(ctx context.Context) {
	ids := b.ids()
	b.recordIDs = ids
	if len(ids) == 0 {
		return
	}
	var done []bool
	stack, err := guarded(func() (err error) {
		done, err = b.store.Done(ctx, ids)
		return err
	})
	if err != nil {
		b.log.store("kafka: store of SkipDone not read", err, stack)
		return
	}
	n := 0
	for i := range b.parts {
		for k := range b.parts[i].status {
			if n < len(done) && done[n] {
				b.parts[i].status[k] = settled
				b.doneBefore++
				if t := b.tally(&b.parts[i]); t != nil {
					t.doneBefore++
				}
			}
			n++
		}
	}
}

// addDone tells the store what is done of a batch that fails.
func (b *batch) addDone(ctx context.Context, cancel context.CancelFunc) {
	defer cancel()
	var ids []string
	n := 0
	for i := range b.parts {
		for _, s := range b.parts[i].status {
			if s.isDone() {
				ids = append(ids, b.recordIDs[n])
			}
			n++
		}
	}
	if len(ids) == 0 {
		return
	}
	if stack, err := guarded(func() error { return b.store.Add(ctx, ids) }); err != nil {
		b.log.store("kafka: store of SkipDone not written", err, stack)
	}
}

// MemoryStore is a [Store] in memory. It helps where a batch comes again to the
// same execution environment, which is likely as long as there is one: Lambda
// chooses, another one knows nothing, and neither does the next version of the
// function.
type MemoryStore struct {
	mu   sync.Mutex
	ids  map[string]struct{}
	ring []string // in the order they were added
	next int
}

// NewMemoryStore makes a store of the newest n ids, about 100 bytes each. It panics
// if n is less than 1.
func NewMemoryStore(n int) *MemoryStore {
	if n < 1 {
		panic("kafka: NewMemoryStore must have room for at least 1, got " + strconv.Itoa(n))
	}
	return &MemoryStore{ids: map[string]struct{}{}, ring: make([]string, n)}
}

// Done implements [Store].
func (m *MemoryStore) Done(_ context.Context, ids []string) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	done := make([]bool, len(ids))
	for i, id := range ids {
		_, done[i] = m.ids[id]
	}
	return done, nil
}

// Add implements [Store].
func (m *MemoryStore) Add(_ context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if _, known := m.ids[id]; known {
			continue
		}
		delete(m.ids, m.ring[m.next])
		m.ids[id] = struct{}{}
		m.ring[m.next] = id
		m.next = (m.next + 1) % len(m.ring)
	}
	return nil
}
