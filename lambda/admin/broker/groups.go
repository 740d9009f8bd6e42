package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"msklambda/lambda/admin/ask"
)

// dead is the state of a group that is not there.
const dead = "Dead"

// groups are all that may be seen, or one with its members.
func (b *Broker) groups(ctx context.Context, group string) ([]ask.Group, error) {
	if group != "" {
		g, err := b.group(ctx, group)
		if err != nil {
			return nil, err
		}
		return []ask.Group{*g}, nil
	}
	listed, err := b.admin.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	var out []ask.Group
	for _, g := range listed.Sorted() {
		if covers(b.policy.Groups, g.Group) {
			out = append(out, ask.Group{Name: g.Group, State: g.State})
		}
	}
	return out, nil
}

// group describes one. A group that only has offsets is one, without a member.
func (b *Broker) group(ctx context.Context, group string) (*ask.Group, error) {
	d, err := b.described(ctx, group)
	if err != nil {
		return nil, err
	}
	g := &ask.Group{Name: group, State: d.State, Protocol: d.Protocol}
	for _, m := range d.Members {
		one := ask.Member{ID: m.MemberID, Client: m.ClientID, Host: m.ClientHost, Partitions: map[string][]int32{}}
		if assigned, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range assigned.Topics {
				one.Partitions[t.Topic] = slices.Sorted(slices.Values(t.Partitions))
			}
		}
		g.Members = append(g.Members, one)
	}
	committed, err := b.admin.FetchOffsets(ctx, group)
	if err != nil {
		return nil, err
	}
	g.Topics = slices.Sorted(maps.Keys(committed))
	if d.State == dead && len(g.Topics) == 0 {
		return nil, b.noGroup(ctx, group)
	}
	return g, nil
}

func (b *Broker) described(ctx context.Context, group string) (kadm.DescribedGroup, error) {
	all, err := b.admin.DescribeGroups(ctx, group)
	if err != nil {
		return kadm.DescribedGroup{}, err
	}
	d := all[group]
	if errors.Is(d.Err, kerr.GroupIDNotFound) {
		return kadm.DescribedGroup{Group: group, State: dead}, nil
	}
	return d, d.Err
}

// lag is how far a group has got with each partition of a topic.
func (b *Broker) lag(ctx context.Context, group, topic string) ([]ask.Lag, error) {
	committed, err := b.committed(ctx, group, topic)
	if err != nil {
		return nil, err
	}
	starts, err := b.offsets(ctx, topic, ask.At{Place: ask.Earliest})
	if err != nil {
		return nil, err
	}
	ends, err := b.offsets(ctx, topic, ask.At{Place: ask.Latest})
	if err != nil {
		return nil, err
	}
	d, err := b.described(ctx, group)
	if err != nil {
		return nil, err
	}
	if d.State == dead && len(committed) == 0 {
		return nil, b.noGroup(ctx, group)
	}
	members := map[int32]string{}
	for _, m := range d.Members {
		assigned, _ := m.Assigned.AsConsumer()
		if assigned == nil {
			continue
		}
		for _, t := range assigned.Topics {
			for _, p := range t.Partitions {
				if t.Topic == topic {
					members[p] = m.ClientID
				}
			}
		}
	}
	var out []ask.Lag
	waiting := map[int32]int64{}
	for _, p := range slices.Sorted(maps.Keys(ends)) {
		l := ask.Lag{Partition: p, Committed: -1, Start: starts[p], End: ends[p], Member: members[p]}
		if offset, ok := committed[p]; ok {
			l.Committed = offset
		}
		if l.Records() > 0 {
			waiting[p] = l.End - l.Records()
		}
		out = append(out, l)
	}
	times := b.times(ctx, topic, waiting)
	for i := range out {
		out[i].Waiting = times[out[i].Partition]
	}
	return out, nil
}

// committed are the offsets that a group has committed of a topic: none of a group that
// is not there yet.
func (b *Broker) committed(ctx context.Context, group, topic string) (map[int32]int64, error) {
	all, err := b.admin.FetchOffsetsForTopics(ctx, group, topic)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return map[int32]int64{}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := all.Error(); err != nil {
		return nil, err
	}
	out := map[int32]int64{}
	for p, o := range all[topic] {
		if o.At >= 0 {
			out[p] = o.At
		}
	}
	return out, nil
}

// commit sets the offsets of a group that nobody reads with. Kafka takes them of no
// group that has members; it is asked beforehand for who they are.
func (b *Broker) commit(ctx context.Context, group, topic string, commits []ask.Commit) error {
	d, err := b.described(ctx, group)
	if err != nil {
		return err
	}
	if n := len(d.Members); n > 0 {
		return ask.Refuse(ask.HasMembers, "group %q has members (%d), the first is %s: Kafka takes offsets only of a group that nobody reads with",
			group, n, d.Members[0].ClientID).With("disable the mapping, and wait until its pollers have left")
	}
	is, err := b.committed(ctx, group, topic)
	if err != nil {
		return err
	}
	ends, err := b.offsets(ctx, topic, ask.At{Place: ask.Latest})
	if err != nil {
		return err
	}
	set := kadm.Offsets{}
	for _, c := range commits {
		was, ok := is[c.Partition]
		if !ok {
			was = -1
		}
		end, there := ends[c.Partition]
		switch {
		case !there:
			return ask.Refuse(ask.Invalid, "topic %q has no partition %d", topic, c.Partition)
		case c.Offset < 0 || c.Offset > end:
			return ask.Refuse(ask.Invalid, "the offset of %s-%d must be 0 to %d, got %d", topic, c.Partition, end, c.Offset)
		case was != c.Was:
			return ask.Refuse(ask.Moved, "the offset of %s-%d is %s, and was %s when this was planned: nothing was set", topic, c.Partition, offset(was), offset(c.Was))
		}
		set.AddOffset(topic, c.Partition, c.Offset, -1)
	}
	return b.admin.CommitAllOffsets(ctx, group, set)
}

func offset(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}
