// Package page is a page in the browser that shows a loop at work, and lets a person
// write records and write them again. It knows nothing of the loop but what that tells
// it. There is nothing to build: three files, which are in the program.
package page

import (
	"context"
	"time"
)

// Loop is what the page shows.
type Loop interface {
	// State is how everything stands now.
	State() State

	// Records are the latest of a topic, the newest first.
	Records(topic string) []Record

	// Produce writes a record, a line of JSON as -records takes it, and returns where it
	// is. An error is what is wrong with it.
	Produce(ctx context.Context, line []byte) (position string, err error)

	// Replay writes a record to its topic once more, and returns where.
	Replay(ctx context.Context, topic string, partition int32, offset int64) (position string, err error)
}

// State is how everything stands.
type State struct {
	Brokers   string     `json:"brokers"`
	Consumers []Consumer `json:"consumers"`
	Topics    []string   `json:"topics"`   // that can be looked at, sorted
	Failures  []Failure  `json:"failures"` // the newest first
}

// Consumer is a mapping with its function.
type Consumer struct {
	Name       string      `json:"name"`
	Topic      string      `json:"topic"`
	Group      string      `json:"group"`
	Mode       string      `json:"mode"` // on-demand, or how many pollers
	Lag        int64       `json:"lag"`
	Produced   int64       `json:"produced"`
	Handled    int         `json:"handled"`
	Filtered   int         `json:"filtered"`
	Delivered  int         `json:"delivered"` // to the destination
	Lost       int         `json:"lost"`
	Batches    int         `json:"batches"`
	Calls      int         `json:"calls"` // of the function
	Failed     int         `json:"failed"`
	Throttled  int         `json:"throttled"`
	Processes  int         `json:"processes"`
	Problem    string      `json:"problem,omitempty"` // of the brokers
	Partitions []Partition `json:"partitions"`
	UnderWay   []Batch     `json:"underWay"`
}

// Partition is how far a group is with one.
type Partition struct {
	Number    int     `json:"number"`
	Start     int64   `json:"start"`
	End       int64   `json:"end"`
	Committed int64   `json:"committed"` // -1: nothing is
	Lag       int64   `json:"lag"`
	In        float64 `json:"in"`  // records a second that are written
	Out       float64 `json:"out"` // that are committed
}

// Batch is an invocation under way.
type Batch struct {
	Records int       `json:"records"`
	First   string    `json:"first"` // such as orders[0]@7
	Last    string    `json:"last"`
	Since   time.Time `json:"since"`
}

// Failure is something that failed: an invocation, or records that were given up on.
type Failure struct {
	ID       int       `json:"id"`
	At       time.Time `json:"at"`
	Consumer string    `json:"consumer"`
	What     string    `json:"what"` // "invocation failed", "given up", "lost"
	Text     string    `json:"text"`
	Count    int       `json:"count"`   // of records
	Records  []Record  `json:"records"` // the first of them
}

// Record is one as the page shows it.
type Record struct {
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Timestamp time.Time `json:"timestamp"`
	Key       Content   `json:"key"`
	Value     Content   `json:"value"`
	Headers   []Header  `json:"headers"`
}

// Header is one of a record.
type Header struct {
	Name  string  `json:"name"`
	Value Content `json:"value"`
}

// Content is bytes as a person reads them.
type Content struct {
	Form string `json:"form"` // null, text, JSON, Avro, base64
	Text string `json:"text"`
	Size int    `json:"size"` // of all of it, in bytes
}
