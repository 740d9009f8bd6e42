package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/find"
)

// markerHeader tells a marker record from others, for functions that look.
const markerHeader = "msklambda-verify"

// verify writes a record and sees the group come by it.
func verify(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	t.groupFlag(f)
	t.topicFlag(f)
	sure := f.Bool("produce", false, "write the marker record, which the function handles like any other")
	value := f.String("value", "", "`text` of the marker, where the function takes only some (default: JSON with an id and a time)")
	timeout := f.Duration("timeout", 2*time.Minute, "how long to wait")
	if err := parse(f, args); err != nil {
		return false, err
	}
	if !*sure {
		return false, usage("-produce is needed: a marker record is written to the topic, with the header %s, and the function must stand it", markerHeader)
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	if err := t.needs(ask.DoProduce); err != nil {
		return false, err
	}
	mapping, err := t.choose(ctx, true)
	if err != nil {
		return false, err
	}
	begin := time.Now()
	marker, err := t.mark(ctx, *value)
	if err != nil {
		return false, err
	}
	at := fmt.Sprintf("%s-%d@%d", t.topic, marker.Partition, marker.Offset)
	if !t.isJSON() {
		fmt.Fprintf(t.out, "written  %s\n", at)
	}
	passed, last, err := t.watch(ctx, marker, begin.Add(*timeout))
	if err != nil {
		return false, err
	}
	took := time.Since(begin)
	if t.isJSON() {
		return passed, t.json(map[string]any{"topic": t.topic, "group": t.group, "partition": marker.Partition, "offset": marker.Offset,
			"passed": passed, "seconds": took.Seconds(), "committed": last})
	}
	if passed {
		fmt.Fprintf(t.out, "passed   group %s is behind it, after %s\n", t.group, ago(took))
	} else {
		fmt.Fprintf(t.out, "waited   %s, and group %s is at %d: mskadmin lag %s -topic %s -group %s shows whether it moves\n",
			ago(took), t.group, last, t.where(), t.topic, t.group)
	}
	t.look(mapping, marker, begin)
	return passed, nil
}

func (t *tool) mark(ctx context.Context, value string) (ask.Record, error) {
	var id [8]byte
	_, _ = rand.Read(id[:]) // which never fails
	if value == "" {
		text, err := json.Marshal(map[string]string{"msklambda": "verify", "id": hex.EncodeToString(id[:]), "at": time.Now().UTC().Format(time.RFC3339)})
		if err != nil {
			return ask.Record{}, err
		}
		value = string(text)
	}
	record := ask.Record{Partition: -1, Key: []byte(markerHeader), Value: []byte(value), Headers: []ask.Header{{Key: markerHeader, Value: []byte(hex.EncodeToString(id[:]))}}}
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoProduce, Topic: t.topic, Records: []ask.Record{record}})
	if err != nil {
		return ask.Record{}, err
	}
	return a.Records[0], nil
}

// watch waits until the group has committed what comes behind the marker.
func (t *tool) watch(ctx context.Context, marker ask.Record, until time.Time) (passed bool, last int64, err error) {
	p := t.newProgress("waiting for group "+t.group, 0)
	defer p.end()
	for {
		lag, err := t.lag(ctx)
		if err != nil && !isKind(err, ask.NoGroup) { // the pollers may not have come yet
			return false, 0, err
		}
		last = -1
		for _, l := range lag {
			if l.Partition == marker.Partition {
				last = l.Committed
			}
		}
		if last > marker.Offset {
			return true, last, nil
		}
		if !time.Now().Before(until) {
			return false, last, nil
		}
		p.add(1)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return false, last, ctx.Err()
		}
	}
}

// look says how to see the record in the function's log.
func (t *tool) look(m *find.Mapping, marker ask.Record, since time.Time) {
	if m == nil || t.isJSON() {
		return
	}
	fmt.Fprintf(t.out, "log      aws logs filter-log-events --log-group-name \"$(aws lambda get-function-configuration --function-name %s --query LoggingConfig.LogGroup --output text)\" --start-time %d --filter-pattern '{ $.topic = \"%s\" && $.partition = %d && $.offset = %d }'\n",
		m.FunctionARN, since.UnixMilli(), t.topic, marker.Partition, marker.Offset)
}
