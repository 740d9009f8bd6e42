package table

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/livescores/layout"
	"msklambda/test/local/dynalite"
)

var now = time.Unix(1800000000, 0)

func newTable(t *testing.T) *Table {
	t.Helper()
	server, name := dynalite.ForTest(t)
	return New(server.Client(), name)
}

func collect(t *testing.T, connections iter.Seq2[string, error]) (all []string) {
	t.Helper()
	for c, err := range connections {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestTheNewestSequenceWins(t *testing.T) {
	ctx := t.Context()
	table := newTable(t)
	// The sequence after which events are to be sent, or late.
	const late = -1
	claim := func(match string, sequence int64) int64 {
		t.Helper()
		sent, ok, err := table.Claim(ctx, match, sequence, fmt.Appendf(nil, `{"sequence":%d}`, sequence), now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return late
		}
		return sent
	}
	mark := func(match string, sequence int64) {
		t.Helper()
		if err := table.MarkSent(ctx, match, sequence); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		sequence int64
		mark     bool
		want     int64
	}{
		{5, false, 0},
		{5, false, 0}, // whoever wrote it ended before it was sent
		{5, true, 0},
		{5, false, late}, // a duplicate
		{4, false, late},
		{10, true, 5}, // as a number, not as text
		{9, false, late},
		{11, false, 10},
		{10, true, late}, // overtaken; there is nothing to note
		{12, false, 10},
		{11, false, late},
		{12, true, 10},
		{12, false, late},
	} {
		if got := claim("a", step.sequence); got != step.want {
			t.Errorf("step %d: Claim(%d) = %v, want %v", i, step.sequence, got, step.want)
		}
		if step.mark {
			mark("a", step.sequence)
		}
	}
	if got := claim("b", 1); got != 0 {
		t.Errorf("another match's Claim(1) = %v, want 0", got)
	}
	event, err := table.Current(ctx, "a")
	if err != nil || string(event) != `{"sequence":12}` {
		t.Errorf("Current = %s, %v, want the newest", event, err)
	}
	if event, err := table.Current(ctx, "nowhere"); err != nil || event != nil {
		t.Errorf("Current = %s, %v, want none", event, err)
	}
}

func TestOfManyAtOnceTheNewestWins(t *testing.T) {
	table := newTable(t)
	var wait sync.WaitGroup
	for sequence := range int64(40) {
		wait.Go(func() {
			if _, _, err := table.Claim(context.Background(), "a", sequence+1, fmt.Appendf(nil, "%d", sequence+1), now); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got, err := table.Current(t.Context(), "a"); err != nil || string(got) != "40" {
		t.Errorf("Current = %s, %v, want 40", got, err)
	}
}

func TestWhoFollowsAMatch(t *testing.T) {
	ctx := t.Context()
	table := newTable(t)
	for _, s := range [][2]string{{"a", "one"}, {"a", "two"}, {"a", "two"}, {"b", "one"}, {"c", "one"}} {
		if err := table.Subscribe(ctx, s[0], s[1], now); err != nil {
			t.Fatal(err)
		}
	}
	// A score lies below the same key and is no connection.
	if _, _, err := table.Claim(ctx, "a", 1, []byte("{}"), now); err != nil {
		t.Fatal(err)
	}
	if got, want := collect(t, table.Connections(ctx, "a")), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("connections = %q, want %q", got, want)
	}
	if err := table.Unsubscribe(ctx, "a", "nobody"); err != nil {
		t.Errorf("Unsubscribe of nobody = %v, want nil", err)
	}
	if err := table.Unsubscribe(ctx, "c", "one"); err != nil {
		t.Fatal(err)
	}
	if n, err := table.Disconnect(ctx, "one"); n != 2 || err != nil {
		t.Errorf("Disconnect = %d, %v, want 2", n, err)
	}
	for match, want := range map[string][]string{"a": {"two"}, "b": nil, "c": nil} {
		if got := collect(t, table.Connections(ctx, match)); !slices.Equal(got, want) {
			t.Errorf("connections of %s = %q, want %q", match, got, want)
		}
	}
	if n, err := table.Disconnect(ctx, "one"); n != 0 || err != nil {
		t.Errorf("second Disconnect = %d, %v, want 0", n, err)
	}
}

func TestItemsExpire(t *testing.T) {
	ctx := t.Context()
	table := newTable(t)
	if _, _, err := table.Claim(ctx, "a", 1, []byte("{}"), now); err != nil {
		t.Fatal(err)
	}
	if err := table.Subscribe(ctx, "a", "one", now.Add(layout.ConnectionLife)); err != nil {
		t.Fatal(err)
	}
	for item, want := range map[string]int64{
		layout.ScoreItem:                now.Add(layout.ScoreLife).Unix(),
		layout.ConnectionPrefix + "one": now.Add(layout.ConnectionLife).Unix(),
	} {
		out, err := table.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table.name, Key: key("a", item)})
		if err != nil {
			t.Fatal(err)
		}
		if got := whole(out.Item[layout.Expires]); got != want {
			t.Errorf("%s expires at %d, want %d", item, got, want)
		}
	}
}

func TestErrorsSayWhatWasTried(t *testing.T) {
	table := newTable(t)
	missing := New(table.client, "nowhere")
	ctx := t.Context()
	_, _, claim := missing.Claim(ctx, "m", 1, nil, now)
	_, current := missing.Current(ctx, "m")
	_, disconnect := missing.Disconnect(ctx, "c")
	for what, err := range map[string]error{
		"Claim": claim, "Current": current, "Disconnect": disconnect, "MarkSent": missing.MarkSent(ctx, "m", 1),
		"Subscribe": missing.Subscribe(ctx, "m", "c", now), "Unsubscribe": missing.Unsubscribe(ctx, "m", "c"),
	} {
		if err == nil {
			t.Errorf("%s of a table that is not there = nil, want an error", what)
		}
	}
	for _, err := range missing.Connections(ctx, "m") {
		if err == nil {
			t.Error("Connections of a table that is not there yields one")
		}
	}
}
