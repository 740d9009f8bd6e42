// Package capacity says what a workload asks of Lambda, its pollers and the network,
// and what it costs: from records a second, their size, partitions and how long one takes
// to invocations, concurrent functions, pollers, the time to drain a backlog, and dollars
// a month. It asks nobody. Command mskcapacity, beside it, is the same for a shell.
//
// Where AWS does not document something the answer has two sides, as far as that
// matters: how records of several partitions share an event is the main one.
package capacity

import (
	"math"
	"time"
)

// Mode is the kind of pollers.
type Mode string

// The modes.
const (
	OnDemand    Mode = "on-demand"
	Provisioned Mode = "provisioned"
)

// Once is how the function keeps what is done, by package lambda/kafka/once.
type Once string

// The ways.
const (
	OnceNone       Once = ""
	OnceKeys       Once = "keys"       // a row for each record
	OncePartitions Once = "partitions" // a mark for each partition
	OnceBatches    Once = "batches"    // the same, written once a batch
)

// Workload is what is asked. Records, Value, Partitions and Each are required; the zero
// value of every other field is its default.
type Workload struct {
	Records float64 // a second

	// Value, Key and Headers are bytes of a record on average: Headers those of the
	// values of all its headers.
	Value, Key, Headers int

	Partitions int

	// Each is how long the function takes for one record, and Call for an
	// invocation beside its records. Default of Call: 1ms.
	Each, Call time.Duration

	// AtOnce is how many records the function handles at once: partitions
	// (kafka.Concurrency), or with ByKey keys (kafka.ConcurrencyByKey), of which there
	// must be as many. Default: 1.
	AtOnce int
	ByKey  bool

	Mode Mode // Default: on-demand.

	// BatchSize and Window are those of the mapping. Default: 100, and half a second.
	BatchSize int
	Window    *time.Duration

	Memory  int // MB of the function. Default: 256.
	Subnets int // of the brokers. Default: 3.

	// Backlog is how many records wait already. Default: 1,000,000.
	Backlog float64

	// LogCall and LogRecord are bytes that are logged for an invocation and for a
	// record. Default of LogCall: 300, the line of a batch that lambda/kafka writes.
	LogCall, LogRecord int

	Once Once
}

const (
	// recordBytes are those of a record in an event without key, value and headers. A byte of a
	// header is a number there, with a comma; a key or value is base64.
	recordBytes = 140
	headerBytes = 3.6

	maxEvent = 6_000_000 // bytes

	pollerBytes      = 5_000_000  // a second, that one provisioned poller takes
	pollerConcurrent = 5          // invocations of one
	unitBytes        = 20_000_000 // a second, of an event poller unit
	pollersOfUnit    = 10

	defaultWindow = 500 * time.Millisecond
	month         = 730 * 3600 // seconds, as AWS counts them

	// rowBytes are those of a row of a done key: its attributes with a key of 40 bytes, and
	// 100 that DynamoDB adds to each.
	rowBytes = 200
	rowDays  = 7
)

// withDefaults fills in what is not given.
func (w Workload) withDefaults() Workload {
	def := func(n *int, standard int) {
		if *n == 0 {
			*n = standard
		}
	}
	def(&w.AtOnce, 1)
	def(&w.BatchSize, 100)
	def(&w.Memory, 256)
	def(&w.Subnets, 3)
	def(&w.LogCall, 300)
	if w.Call == 0 {
		w.Call = time.Millisecond
	}
	if w.Mode == "" {
		w.Mode = OnDemand
	}
	if w.Window == nil {
		window := defaultWindow
		w.Window = &window
	}
	if w.Backlog == 0 {
		w.Backlog = 1_000_000
	}
	return w
}

// EventBytes is what a record is in an event, on average.
func (w Workload) EventBytes() float64 {
	return recordBytes + float64(w.Key+w.Value)*4/3 + headerBytes*float64(w.Headers)
}

// View is what comes of a workload one way.
type View struct {
	Records     float64       `json:"records"`     // of an invocation
	Invocations float64       `json:"invocations"` // a second
	Duration    time.Duration `json:"durationNs"`  // of one
	Concurrent  float64       `json:"concurrent"`  // functions, on average
	Partitions  float64       `json:"partitions"`  // of an event, at most
}

// Answer is what a workload asks for.
type Answer struct {
	EventBytes float64 `json:"eventBytes"` // a record
	MostBatch  int     `json:"mostBatch"`  // records, by BatchSize and the size of an event

	// Shared is with as few events as keep up, each with records of many
	// partitions, and Apart with an event of each partition by itself. AWS does not
	// document which it is.
	Shared View `json:"shared"`
	Apart  View `json:"apart"`

	// Most is how many records a second the function can handle, when all partitions are
	// read at once. With fewer Records than that the group keeps up.
	Most     float64 `json:"most"`
	KeepsUp  bool    `json:"keepsUp"`
	DrainsIn float64 `json:"drainsInSeconds,omitempty"` // of Backlog; 0 = never

	// Pollers and Units are the provisioned ones that it takes, 0 without.
	Pollers int `json:"pollers,omitempty"`
	Units   int `json:"units,omitempty"`

	Cost Cost `json:"cost"`
}

// Ask answers.
func (w Workload) Ask() Answer {
	w = w.withDefaults()
	a := Answer{EventBytes: w.EventBytes()}
	a.MostBatch = max(1, min(w.BatchSize, int(maxEvent/a.EventBytes)))
	a.Apart = w.view(w.Partitions, a.MostBatch)
	streams := 1
	for streams < w.Partitions && w.most(streams, a.MostBatch) <= w.Records {
		streams++
	}
	a.Shared = w.view(streams, a.MostBatch)
	a.Most = w.most(w.Partitions, a.MostBatch)
	a.KeepsUp = a.Most > w.Records
	if a.KeepsUp {
		a.DrainsIn = w.Backlog / (a.Most - w.Records)
	}
	if w.Mode == Provisioned {
		bytes := w.Records * a.EventBytes
		byBytes, byCalls := math.Ceil(bytes/pollerBytes), math.Ceil(max(a.Apart.Concurrent, a.Shared.Concurrent)/pollerConcurrent)
		// Lambda has no more of them than partitions.
		a.Pollers = max(1, min(w.Partitions, int(max(byBytes, byCalls))))
		a.Units = max(1, (a.Pollers+pollersOfUnit-1)/pollersOfUnit, int(math.Ceil(bytes/unitBytes)))
	}
	a.Cost = w.cost(a)
	return a
}

// each is how long a record takes in an event of so many partitions, with those that
// are handled beside it.
func (w Workload) each(partitions float64) float64 {
	atOnce := float64(w.AtOnce)
	if !w.ByKey {
		atOnce = max(1, min(atOnce, partitions))
	}
	return w.Each.Seconds() / atOnce
}

// most is how many records a second so many streams of events take: each has one
// invocation at a time, because the order of its partitions wants it.
func (w Workload) most(streams, batch int) float64 {
	each := w.each(float64(w.Partitions) / float64(streams))
	return float64(streams) * float64(batch) / (w.Call.Seconds() + float64(batch)*each)
}

// view is the workload in so many streams of events.
func (w Workload) view(streams, batch int) View {
	partitions := float64(w.Partitions) / float64(streams)
	rate, each, call := w.Records/float64(streams), w.each(partitions), w.Call.Seconds()
	// What comes while a batch fills, or while the one before it is handled; the record
	// that opens a window is not counted, which a few a second would show.
	n := rate * w.Window.Seconds()
	if busy := rate * each; busy < 1 {
		n = max(n, rate*call/(1-busy))
	} else {
		n = float64(batch)
	}
	n = min(max(1, n), float64(batch))
	duration := call + n*each
	v := View{Records: n, Duration: time.Duration(duration * float64(time.Second)).Round(10 * time.Microsecond), Partitions: min(n, partitions)}
	v.Invocations = float64(streams) * min(rate/n, 1/duration)
	v.Concurrent = v.Invocations * duration
	return v
}
