package ask

// Answer is the answer to one question. Refused says why there is none, or why there
// is no more of it.
type Answer struct {
	Refused *Refusal `json:"refused,omitempty"`

	About  *About  `json:"about,omitempty"`
	Topics []Topic `json:"topics,omitempty"`
	Groups []Group `json:"groups,omitempty"`

	// Lag is one entry for each partition.
	Lag []Lag `json:"lag,omitempty"`

	// Offsets are those of what was asked, by partition.
	Offsets map[int32]int64 `json:"offsets,omitempty"`

	// Records are those that were fetched, or were written, in the order of the
	// question. Written ones come without key, value and headers.
	Records []Record `json:"records,omitempty"`

	// Next is where to go on with each partition, and Start the first offset that
	// it has still, where something between it and From is gone.
	Next  map[int32]int64 `json:"next,omitempty"`
	Start map[int32]int64 `json:"start,omitempty"`
}

// About is what a function may do, and on what.
type About struct {
	Right   Right    `json:"right"`
	Topics  []string `json:"topics"` // names, in which '*' is any text
	Groups  []string `json:"groups"`
	Cluster string   `json:"cluster"` // its ARN

	// Authentication is how the function proves to the brokers who it is.
	Authentication string `json:"authentication"`

	// Brokers are those that it was told. Where it was not, the client finds them.
	Brokers []string `json:"brokers,omitempty"`
}

// Topic is a topic.
type Topic struct {
	Name       string      `json:"name"`
	Replicas   int         `json:"replicas"`
	Partitions []Partition `json:"partitions"`
	Config     []Setting   `json:"config,omitempty"` // what is set for this topic alone

	// Unread is why something of it could not be read.
	Unread string `json:"unread,omitempty"`
}

// Records is how many offsets the topic has, which is how many records there are
// where none was compacted away.
func (t Topic) Records() int64 {
	var n int64
	for _, p := range t.Partitions {
		n += p.End - p.Start
	}
	return n
}

// Partition is a partition of a topic.
type Partition struct {
	Partition int32   `json:"partition"`
	Leader    int32   `json:"leader"`
	Replicas  []int32 `json:"replicas"`
	InSync    []int32 `json:"inSync"`
	Start     int64   `json:"start"` // the offset of its first record
	End       int64   `json:"end"`   // the offset that its next record will have
}

// Setting is one setting of a topic's configuration.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Group is a consumer group.
type Group struct {
	Name     string   `json:"name"`
	State    string   `json:"state"`
	Protocol string   `json:"protocol,omitempty"` // how partitions are assigned
	Members  []Member `json:"members,omitempty"`
	Topics   []string `json:"topics,omitempty"` // that it has committed offsets of
}

// Member is a member of a group.
type Member struct {
	ID         string             `json:"id"`
	Client     string             `json:"client"`
	Host       string             `json:"host"`
	Partitions map[string][]int32 `json:"partitions,omitempty"`
}

// Lag is how far a group has got with a partition.
type Lag struct {
	Partition int32 `json:"partition"`
	Committed int64 `json:"committed"` // the offset to read next; -1 = none
	Start     int64 `json:"start"`
	End       int64 `json:"end"`

	// Waiting is the time of the first record that is not committed, in
	// milliseconds; 0 where there is none, or it is not known.
	Waiting int64  `json:"waitingSince,omitempty"`
	Member  string `json:"member,omitempty"` // that has the partition
}

// Records is how many offsets are not committed. Without a committed one it is all
// that there are.
func (l Lag) Records() int64 {
	from := l.Committed
	if from < l.Start {
		from = l.Start
	}
	return max(l.End-from, 0)
}
