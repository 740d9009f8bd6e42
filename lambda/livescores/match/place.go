package match

import (
	"cmp"
	"fmt"
)

// Place is where a record is in the topic, and when its producer says that it wrote
// it.
type Place struct {
	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	At        int64  `json:"at"` // in milliseconds since 1970
}

func (p Place) String() string { return fmt.Sprintf("%s[%d]@%d", p.Topic, p.Partition, p.Offset) }

// compare tells whether a record was written before (-1) or after (1) the last of
// those that were seen, and whether that is sure.
//
// Within a partition it is: by the offset, whatever the clocks of the producers say.
// Where the offset is a lower one and the time later than all that was seen, the
// topic was made anew. From one partition to another the clocks are all there is,
// and those of producers may differ by hours.
func (p Place) compare(seen Place) (order int, sure bool) {
	if p.Topic != seen.Topic || p.Partition != seen.Partition {
		return cmp.Compare(p.At, seen.At), false
	}
	if p.Offset < seen.Offset && p.At > seen.At {
		return 1, true
	}
	return cmp.Compare(p.Offset, seen.Offset), true
}

// and is the last of what was seen, with one more. Its time is the latest of them
// all, so that what is delivered again is never later than it.
func (p Place) and(next Place) Place {
	if order, _ := next.compare(p); order >= 0 {
		p, next = next, p
	}
	p.At = max(p.At, next.At)
	return p
}
