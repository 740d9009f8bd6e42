package redrive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"msklambda/constructs/filter"
	"msklambda/lambda/admin/ask"
)

// isOurs refuses batches of others.
func (c *Config) isOurs(b *Batch) error {
	if b.Function != "" && c.Function != "" && unqualified(b.Function) != unqualified(c.Function) {
		return notOursError{"it is of the function " + b.Function}
	}
	if b.Cluster != "" && c.Cluster != "" && b.Cluster != c.Cluster {
		return notOursError{"it is of the cluster " + b.Cluster}
	}
	for _, topic := range b.topics() {
		if c.Topic != "" && topic != c.Topic {
			return notOursError{"it is of the topic " + topic}
		}
	}
	return nil
}

// unqualified is a function's ARN without a version or an alias.
func unqualified(arn string) string {
	parts := strings.Split(arn, ":")
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

func (b *Batch) topics() []string {
	var out []string
	for _, r := range b.Records {
		out = append(out, r.Topic)
	}
	for _, r := range b.Ranges {
		out = append(out, r.Topic)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// String says which records it is of.
func (b *Batch) String() string {
	ranges := b.Ranges
	for _, r := range b.Records {
		i := slices.IndexFunc(ranges, func(of Range) bool { return of.Topic == r.Topic && of.Partition == r.Partition })
		if i < 0 {
			ranges = append(ranges, Range{r.Topic, r.Partition, r.Offset, r.Offset})
			continue
		}
		ranges[i].First, ranges[i].Last = min(ranges[i].First, r.Offset), max(ranges[i].Last, r.Offset)
	}
	var out []string
	for _, r := range ranges {
		text := fmt.Sprintf("%s-%d@%d", r.Topic, r.Partition, r.First)
		if r.Last != r.First {
			text += fmt.Sprintf("..%d", r.Last)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// records are those of a batch, read again where the message has none.
func (c *Config) records(ctx context.Context, b *Batch) ([]Record, error) {
	if len(b.Ranges) == 0 {
		return b.Records, nil
	}
	if c.Read == nil {
		return nil, errors.New("only the offsets of its records are there, and they cannot be read again: the mapping decodes them with a schema registry")
	}
	var out []Record
	for _, r := range b.Ranges {
		read, err := c.Read(ctx, r)
		if err != nil {
			return nil, err
		}
		for i := range read {
			if read[i].Cut > 0 {
				return nil, fmt.Errorf("record %s-%d@%d has %d bytes and fits into no event", r.Topic, r.Partition, read[i].Offset, read[i].Cut)
			}
			if c.passes(&read[i]) {
				out = append(out, RecordOf(&read[i]))
			}
		}
	}
	switch {
	case len(out) == 0:
		return nil, errors.New("none of its records is in the topic any more")
	case b.Size > 0 && len(out) != b.Size && !c.Inexact:
		why := "some are gone from the topic, or the filters have changed"
		if len(out) > b.Size {
			why = "some of them were handled, or filtered out, and which is not known"
		}
		return nil, fmt.Errorf("%d records failed, and %d are between their offsets now: %s; -inexact takes them all the same", b.Size, len(out), why)
	}
	return out, nil
}

func (c *Config) passes(r *ask.Record) bool {
	return len(c.Filters) == 0 || slices.ContainsFunc(c.Filters, func(p *filter.Pattern) bool { return p.Match(r.Value) })
}
