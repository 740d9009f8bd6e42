// Package ask is what the client of the admin function asks, and what that answers:
// plain data, as JSON, in pages that fit into an event of Lambda. Where the client
// reaches the brokers itself, it asks the same of itself.
package ask

import "slices"

// Right is what the function may do. Each includes those before it.
type Right string

// The rights.
const (
	Read    Right = "read"    // see topics, groups and records
	Produce Right = "produce" // write records
	Manage  Right = "manage"  // set the offsets of groups
)

// Rights are all of them, the least first.
var Rights = []Right{Read, Produce, Manage}

// Allows reports whether who has r may do what needs the other.
func (r Right) Allows(need Right) bool {
	return r.IsOne() && slices.Index(Rights, r) >= slices.Index(Rights, need)
}

// IsOne reports whether it is one of [Rights].
func (r Right) IsOne() bool { return slices.Contains(Rights, r) }

// Do is what is asked for.
type Do string

// What can be asked for.
const (
	DoAbout   Do = "about"   // what the function may do, and on what; asks no broker
	DoTopics  Do = "topics"  // the topics, or Topic alone with its partitions and configuration
	DoGroups  Do = "groups"  // the groups, or Group alone with its members
	DoLag     Do = "lag"     // how far Group has got with Topic
	DoOffsets Do = "offsets" // the offsets of Topic at At
	DoFetch   Do = "fetch"   // records of Topic between From and To
	DoProduce Do = "produce" // write Records
	DoCommit  Do = "commit"  // set the offsets of Group for Topic
)

// needs are the rights that something needs.
var needs = map[Do]Right{
	DoAbout: Read, DoTopics: Read, DoGroups: Read, DoLag: Read, DoOffsets: Read, DoFetch: Read,
	DoProduce: Produce, DoCommit: Manage,
}

// Needs is the right that it needs; "" is something that is not known.
func (d Do) Needs() Right { return needs[d] }

// Question is one question. What is not needed for what is asked is empty.
type Question struct {
	Do Do `json:"do"`

	// Brokers are where to begin, as the service gives them. A function that was
	// told its brokers takes no others.
	Brokers []string `json:"brokers,omitempty"`

	Topic string `json:"topic,omitempty"`
	Group string `json:"group,omitempty"`

	// From is the first offset to fetch of each partition, To the one to stop
	// before. A partition without To is read on for as long as Wait.
	From map[int32]int64 `json:"from,omitempty"`
	To   map[int32]int64 `json:"to,omitempty"`

	// Records to fetch at most. Default: as many as fit into an answer.
	Max int `json:"max,omitempty"`

	// Wait is how many milliseconds to wait for a record where there is none,
	// at most [MaxWait].
	Wait int `json:"waitMs,omitempty"`

	At     At       `json:"at,omitzero"`
	Commit []Commit `json:"commit,omitempty"`

	Records []Record `json:"records,omitempty"`
}

// MaxWait is the longest Wait, in milliseconds: an invocation is paid for.
const MaxWait = 5000

// At is a place in each partition: one of the constants, or a time.
type At struct {
	Place  Place `json:"place,omitempty"`
	Millis int64 `json:"millis,omitempty"` // of the first record at or after it, with PlaceTime
}

// Place is a place in a partition.
type Place string

// The places.
const (
	Earliest  Place = "earliest"
	Latest    Place = "latest"
	PlaceTime Place = "time"
)

// Commit is what the offset of a partition is to become. A group whose offset is not
// Was any more keeps all of them.
type Commit struct {
	Partition int32 `json:"partition"`
	Was       int64 `json:"was"` // -1 = none
	Offset    int64 `json:"offset"`
}

// Record is a record of Kafka. A nil key or value is null, and not an empty one.
type Record struct {
	Topic     string   `json:"topic,omitempty"`
	Partition int32    `json:"partition"` // -1 to be chosen by the key
	Offset    int64    `json:"offset"`
	Timestamp int64    `json:"timestamp"`          // in milliseconds
	Appended  bool     `json:"appended,omitempty"` // the timestamp is the broker's
	Key       []byte   `json:"key"`
	Value     []byte   `json:"value"`
	Headers   []Header `json:"headers,omitempty"`

	// Cut is how many bytes key and value have, where they did not fit into an
	// answer and only their beginnings are here.
	Cut int `json:"cut,omitempty"`
}

// Header is a header of a record, in its order.
type Header struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}
