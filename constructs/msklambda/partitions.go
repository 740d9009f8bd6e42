package msklambda

import (
	"cmp"
	"fmt"
	"slices"

	"msklambda/constructs/notice"
)

// warnOfPartitions warns of more pollers than the topics have partitions, which is what
// Lambda never runs, where the partitions are known.
func (c *Cluster) warnOfPartitions(topics map[string]topicState) {
	var members []member
	for _, consumer := range c.consumers {
		if p := consumer.pollers; p != nil && p.Group != "" && !isToken(p.Group) {
			members = append(members, member{p, topics[consumer.Topic].partitions()})
		}
	}
	large := map[string]bool{}
	for _, g := range largeGroups(members) {
		large[g.name] = true
		warnLate(c, notice.PollerGroup.For(g.name, notice.Data{"group": g.name, "pollers": g.pollers, "partitions": count(g.partitions, "partition")}))
	}
	inTurns(c, c.consumers, func(consumer *Consumer) {
		partitions := topics[consumer.Topic].partitions()
		for _, more := range morePollers(consumer.pollers, partitions) {
			if more.field == "Maximum" && large[consumer.pollers.Group] {
				continue // the group's warning says it
			}
			warnLate(consumer, notice.Partitions.For("Pollers."+more.field, notice.Data{"field": "Pollers." + more.field, "pollers": more.pollers, "topic": consumer.Topic,
				"partitions": count(partitions, "partition")}))
		}
	})
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type tooMany struct {
	field   string
	pollers int
}

// morePollers are the numbers that were given and are beyond the partitions of a topic.
func morePollers(p *Pollers, partitions int) (out []tooMany) {
	if p == nil || partitions == 0 {
		return nil
	}
	if p.Minimum > partitions {
		out = append(out, tooMany{"Minimum", p.Minimum})
	}
	if p.Maximum > partitions {
		out = append(out, tooMany{"Maximum", p.Maximum})
	}
	return out
}

// member is a mapping of a poller group, with the partitions of its topic.
type member struct {
	*Pollers
	partitions int
}

type largeGroup struct {
	name                string
	pollers, partitions int
}

// largeGroups are the poller groups whose maxima are more in all than the partitions of all
// their topics, where all of those are known. A maximum by default counts for what its
// topic can use: nobody asked for more.
func largeGroups(members []member) (out []largeGroup) {
	byName := map[string]*largeGroup{}
	unknown := map[string]bool{}
	for _, m := range members {
		if byName[m.Group] == nil {
			byName[m.Group] = &largeGroup{name: m.Group}
		}
		g := byName[m.Group]
		g.pollers += cmp.Or(m.Maximum, max(m.Minimum, min(m.partitions, defaultMaximumPollers)))
		g.partitions += m.partitions
		unknown[m.Group] = unknown[m.Group] || m.partitions == 0
	}
	for name, g := range byName {
		if !unknown[name] && g.pollers > g.partitions {
			out = append(out, *g)
		}
	}
	slices.SortFunc(out, func(a, b largeGroup) int { return cmp.Compare(a.name, b.name) })
	return out
}
