// Package trouble is what happens to a function at records that a person has chosen:
// from without, so that it happens to any function, and as often as was said.
package trouble

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Kind is what happens.
type Kind string

// The kinds.
const (
	Crash     Kind = "crash"     // the process is killed, and its answer is lost
	Memory    Kind = "memory"    // the same, as when it takes more memory than it has
	Deadline  Kind = "deadline"  // the invocation has less time than the function is given
	Throttle  Kind = "throttle"  // Lambda answers 429 in place of the function
	Duplicate Kind = "duplicate" // the batch is delivered twice
	Redeliver Kind = "redeliver" // the poller ends between an answer and its commit
)

// Kinds are all of them, with what each does, as -help has it.
var Kinds = []struct {
	Kind Kind
	Text string
}{
	{Crash, "kill the process when its batch is handled, before it answers: `record`, or record,after=50ms for sooner"},
	{Memory, "the same, as if it had taken more memory than it has: `record`"},
	{Deadline, "give the invocation 500ms and no more: `record`, or record,after=2s"},
	{Throttle, "answer 429 in place of the function, three times: `record`, or record,times=10"},
	{Duplicate, "deliver the batch of a `record` a second time when it was handled"},
	{Redeliver, "end the poller when the batch of a `record` was handled and is not committed; another begins"},
}

// Spec is what happens where.
type Spec struct {
	Kind      Kind
	Topic     string // "" = each N-th of all
	Partition int32
	Offset    int64
	Every     int64         // N of each N-th record of each partition
	After     time.Duration // of a crash or of the memory: since the event was handed over; of a deadline: the time
	Times     int           // that it happens at one record
}

var position = regexp.MustCompile(`^([A-Za-z0-9._-]+)\[(\d+)\]@(\d+)$`)

// Parse reads where: orders[0]@7, as records are called in logs, or every=100. Behind a
// comma stand after= and times=.
func Parse(kind Kind, s string) (Spec, error) {
	spec := Spec{Kind: kind, Times: 1}
	switch kind {
	case Deadline:
		spec.After = 500 * time.Millisecond
	case Throttle:
		spec.Times = 3
	}
	where, rest, _ := strings.Cut(s, ",")
	wrong := fmt.Errorf("must be a record such as orders[0]@7, or every=100, with ,after=50ms or ,times=2 behind it, got %q", s)
	if m := position.FindStringSubmatch(where); m != nil {
		partition, err := strconv.ParseInt(m[2], 10, 32)
		if err != nil {
			return spec, wrong
		}
		if spec.Offset, err = strconv.ParseInt(m[3], 10, 64); err != nil {
			return spec, wrong
		}
		spec.Topic, spec.Partition = m[1], int32(partition)
	} else if n, ok := strings.CutPrefix(where, "every="); ok {
		every, err := strconv.ParseInt(n, 10, 64)
		if err != nil || every < 1 {
			return spec, wrong
		}
		spec.Every = every
	} else {
		return spec, wrong
	}
	if rest == "" {
		return spec, nil
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(part, "=")
		var err error
		switch name {
		case "after":
			if !slices.Contains([]Kind{Crash, Memory, Deadline}, kind) {
				return spec, fmt.Errorf("must not have after=, which %s does not need, got %q", kind, s)
			}
			if spec.After, err = time.ParseDuration(value); err != nil || spec.After <= 0 {
				return spec, wrong
			}
		case "times":
			if spec.Times, err = strconv.Atoi(value); err != nil || spec.Times < 1 {
				return spec, wrong
			}
		default:
			return spec, wrong
		}
	}
	return spec, nil
}

// at reports whether it is to happen at a record.
func (s *Spec) at(r *kgo.Record) bool {
	if s.Every > 0 {
		return (r.Offset+1)%s.Every == 0
	}
	return r.Topic == s.Topic && r.Partition == s.Partition && r.Offset == s.Offset
}

// name is the record as logs have it.
func name(r *kgo.Record) string { return fmt.Sprintf("%s[%d]@%d", r.Topic, r.Partition, r.Offset) }
