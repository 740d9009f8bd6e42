package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"msklambda/lambda/admin/ask"
)

// topics lists topics.
func topics(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	if err := parse(f, args); err != nil {
		return false, err
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoTopics})
	if err != nil {
		return false, err
	}
	if t.isJSON() {
		return true, t.json(map[string]any{"topics": orEmpty(a.Topics)})
	}
	rows := [][]string{{"TOPIC", "PARTITIONS", "REPLICAS", "RECORDS"}}
	for _, topic := range a.Topics {
		records := strconv.FormatInt(topic.Records(), 10)
		if topic.Unread != "" {
			records = "unknown (" + topic.Unread + ")"
		}
		rows = append(rows, []string{topic.Name, strconv.Itoa(len(topic.Partitions)), strconv.Itoa(topic.Replicas), records})
	}
	return true, t.table(rows)
}

// groups lists groups.
func groups(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	if err := parse(f, args); err != nil {
		return false, err
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoGroups})
	if err != nil {
		return false, err
	}
	if t.isJSON() {
		return true, t.json(map[string]any{"groups": orEmpty(a.Groups)})
	}
	rows := [][]string{{"GROUP", "STATE"}}
	for _, g := range a.Groups {
		rows = append(rows, []string{g.Name, g.State})
	}
	return true, t.table(rows)
}

// describe shows one topic or one group.
func describe(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	f.StringVar(&t.topic, "topic", "", "topic to show")
	f.StringVar(&t.group, "group", "", "group to show")
	if err := parse(f, args); err != nil {
		return false, err
	}
	if (t.topic == "") == (t.group == "") {
		return false, usage("one of -topic and -group is needed")
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	if t.group != "" {
		return true, t.describeGroup(ctx)
	}
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoTopics, Topic: t.topic})
	if err != nil {
		return false, err
	}
	topic := a.Topics[0]
	if t.isJSON() {
		return true, t.json(topic)
	}
	fmt.Fprintf(t.out, "topic %s: %s, %s, %s\n", topic.Name, count(len(topic.Partitions), "partition"), count(topic.Replicas, "replica"), count(topic.Records(), "record"))
	if topic.Unread != "" {
		fmt.Fprintln(t.out, "not known:", topic.Unread)
	}
	for _, s := range topic.Config {
		fmt.Fprintf(t.out, "%s = %s\n", s.Name, s.Value)
	}
	rows := [][]string{{"PARTITION", "LEADER", "REPLICAS", "IN SYNC", "FIRST", "NEXT", "RECORDS"}}
	for _, p := range topic.Partitions {
		rows = append(rows, []string{number(p.Partition), number(p.Leader), numbers(p.Replicas), numbers(p.InSync),
			number(p.Start), number(p.End), number(p.End - p.Start)})
	}
	return true, t.table(rows)
}

func (t *tool) describeGroup(ctx context.Context) error {
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoGroups, Group: t.group})
	if err != nil {
		return err
	}
	g := a.Groups[0]
	if t.isJSON() {
		return t.json(g)
	}
	fmt.Fprintf(t.out, "group %s: %s, %s, has offsets of %s\n", g.Name, g.State, count(len(g.Members), "member"), orNone(strings.Join(g.Topics, ", ")))
	if len(g.Members) == 0 {
		return nil
	}
	rows := [][]string{{"MEMBER", "HOST", "PARTITIONS"}}
	for _, m := range g.Members {
		var of []string
		for _, topic := range slices.Sorted(maps.Keys(m.Partitions)) {
			of = append(of, topic+" "+numbers(m.Partitions[topic]))
		}
		rows = append(rows, []string{m.Client, m.Host, orNone(strings.Join(of, "; "))})
	}
	return t.table(rows)
}

func number[N int | int32 | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

func numbers(all []int32) string {
	out := make([]string, len(all))
	for i, n := range all {
		out[i] = number(n)
	}
	return strings.Join(out, ",")
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// orEmpty is a list for JSON, where none is not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
