package options

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"msklambda/test/local/internal/fault"
)

// List is a flag that can be given several times.
type List []string

func (l *List) String() string { return strings.Join(*l, " ") }

// Set adds to the list.
func (l *List) Set(s string) error { *l = append(*l, s); return nil }

// Failing is what -fail asks for.
type Failing struct {
	Kind  string // "" for nothing
	Every int
}

func (f *Failing) String() string {
	if f.Kind == "" {
		return ""
	}
	return fmt.Sprintf("%s,every=%d", f.Kind, f.Every)
}

// Set reads a kind, every=N, or both with a comma.
func (f *Failing) Set(s string) error {
	*f = Failing{fault.Error, 50}
	for part := range strings.SplitSeq(s, ",") {
		if n, ok := strings.CutPrefix(part, "every="); ok {
			every, err := strconv.Atoi(n)
			if err != nil || every < 1 {
				return fmt.Errorf("every must be a number from 1 on, got %q", n)
			}
			f.Every = every
		} else if slices.Contains(fault.Kinds, part) {
			f.Kind = part
		} else {
			return fmt.Errorf("must be every=N or one of %s, or both with a comma", strings.Join(fault.Kinds, ", "))
		}
	}
	return nil
}

// duration is a time. flag's own says of a wrong one no more than "parse error".
type duration struct{ to *time.Duration }

func (d duration) String() string {
	if d.to == nil {
		return ""
	}
	return d.to.String()
}

func (d duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("must be a time with its unit, such as 500ms, 5s or 1m")
	}
	*d.to = v
	return nil
}

// DefaultPartitions is how many a topic gets that says no number.
const DefaultPartitions = 4

// ParseTopics reads names of topics, each with perhaps a number of partitions, such as
// enriched,refunds:8.
func ParseTopics(s string) (out []Topic, err error) {
	if s == "" {
		return nil, nil
	}
	err = topics{&out, DefaultPartitions}.Set(s)
	return out, err
}

// topics reads names with perhaps a number of partitions: enriched,refunds:8.
type topics struct {
	to         *[]Topic
	partitions int
}

func (t topics) String() string { return "" }

func (t topics) Set(s string) error {
	for one := range strings.SplitSeq(s, ",") {
		name, n, counted := strings.Cut(one, ":")
		topic := Topic{name, t.partitions}
		if counted {
			var err error
			if topic.Partitions, err = strconv.Atoi(n); err != nil || topic.Partitions < 1 || topic.Partitions > 1000 {
				return fmt.Errorf("must have 1 to 1000 partitions, got %q", one)
			}
		}
		if name == "" {
			return errors.New("must be names of topics with a comma, such as enriched,refunds:8")
		}
		*t.to = append(*t.to, topic)
	}
	return nil
}
