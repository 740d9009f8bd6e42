package table

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/score"
	"msklambda/test/local/dynalite"
)

var now = time.Now()

func newTable(t *testing.T) *Table {
	t.Helper()
	server, name := dynalite.ForTest(t)
	return New(server.Client(), name)
}

func newAudience(t *testing.T) *Audience {
	t.Helper()
	server, name := dynalite.ForTest(t)
	return NewAudience(server.Client(), dynalite.Followers(name))
}

func event(sequence int64) score.Event {
	return score.Event{Match: "m", Sequence: sequence, Home: "A", Away: "B", Clock: "1", Kind: "goal"}
}

// accept reads a match, takes an event in and writes it.
func accept(t *testing.T, table *Table, id string, sequence int64) match.State {
	t.Helper()
	for {
		s, err := table.Match(t.Context(), id, true)
		if err != nil {
			t.Fatal(err)
		}
		s.Accept(event(sequence), match.Place{Topic: "t", Offset: sequence, At: now.UnixMilli()})
		ok, err := table.Write(t.Context(), &s, now)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return s
		}
	}
}

func TestAMatchIsReadAsItWasWritten(t *testing.T) {
	table := newTable(t)
	empty, err := table.Match(t.Context(), "m", true)
	if err != nil || empty.Sequence != 0 || empty.Shards != 1 || len(empty.Events) != 0 {
		t.Errorf("Match = %+v, %v, want nothing, in one shard", empty, err)
	}
	want := match.State{ID: "m", Epoch: 7, Sequence: 12, At: 99, Last: match.Place{Topic: "t", Partition: 3, Offset: 17, At: 99}, Began: match.Place{Topic: "t", Offset: 4, At: 7}, Phase: "kickoff", Handed: 3, Shards: 1, Events: []score.Event{event(11), event(12)}}
	if ok, err := table.Write(t.Context(), &want, now); !ok || err != nil {
		t.Fatalf("Write = %v, %v", ok, err)
	}
	for _, consistent := range []bool{true, false} {
		got, err := table.Match(t.Context(), "m", consistent)
		if err != nil {
			t.Fatal(err)
		}
		if got.Version != 1 || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("Match = %+v, want %+v", got, want)
		}
	}
}

// Who was overtaken reads again: what many write at once is all there.
func TestOfManyAtOnceNoneIsLost(t *testing.T) {
	table := newTable(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for sequence := range int64(10) {
				accept(t, table, "m", sequence+1)
			}
		})
	}
	wait.Wait()
	s, err := table.Match(t.Context(), "m", true)
	if err != nil || s.Sequence != 10 || len(s.Events) != 10 || s.Missing() != 0 {
		t.Errorf("Match = %+v, %v, want the ten events", s, err)
	}
}

// The mark only grows, and is of one epoch.
func TestAMarkIsNeitherTakenBackNorOfAnotherEpoch(t *testing.T) {
	table := newTable(t)
	old := accept(t, table, "m", 5)
	newer := accept(t, table, "m", 6)
	handed := func() int64 {
		t.Helper()
		s, err := table.Match(t.Context(), "m", true)
		if err != nil {
			t.Fatal(err)
		}
		return s.Handed
	}
	for _, tt := range []struct {
		mark match.State
		want int64
	}{{newer, 6}, {old, 6}} {
		if err := table.MarkHanded(t.Context(), &tt.mark); err != nil {
			t.Fatal(err)
		}
		if got := handed(); got != tt.want {
			t.Errorf("handed after the mark of %d = %d, want %d", tt.mark.Sequence, got, tt.want)
		}
	}
	reset := newer
	if ok, err := reset.Reset(match.Place{Topic: "t", Offset: 7, At: now.UnixMilli()}); !ok || err != nil {
		t.Fatalf("Reset = %v, %v", ok, err)
	}
	if ok, err := table.Write(t.Context(), &reset, now); !ok || err != nil {
		t.Fatalf("Write = %v, %v", ok, err)
	}
	if err := table.MarkHanded(t.Context(), &newer); err != nil {
		t.Fatal(err)
	}
	if got := handed(); got != -1 {
		t.Errorf("handed after the mark of before the reset = %d, want -1", got)
	}
}

func TestShardsOnlyBecomeMore(t *testing.T) {
	table := newTable(t)
	if err := table.Split(t.Context(), "m", 4); err != nil {
		t.Fatal(err)
	}
	if s, _ := table.Match(t.Context(), "m", true); s.Shards != 1 {
		t.Errorf("shards of a match that is not there = %d, want 1", s.Shards)
	}
	accept(t, table, "m", 1)
	for n, want := range map[int]int{4: 4} {
		for _, n := range []int{n, 2, n} {
			if err := table.Split(t.Context(), "m", n); err != nil {
				t.Fatal(err)
			}
		}
		if s := accept(t, table, "m", 2); s.Shards != want {
			t.Errorf("shards = %d, want %d, kept by a write", s.Shards, want)
		}
	}
}

// followers are all of a match, read in pages.
func followers(t *testing.T, table *Audience, id string) (all []string) {
	t.Helper()
	for slot := 0; slot < layout.Slots; slot = layout.LastOfPartition(slot) + 1 {
		from, after := slot, ""
		for more := true; more; {
			var page []Follower
			var err error
			if page, more, err = table.Followers(t.Context(), id, from, after, layout.LastOfPartition(slot), 2); err != nil {
				t.Fatal(err)
			}
			for _, f := range page {
				if at := layout.Slot(f.Connection); at < from || at > layout.LastOfPartition(slot) {
					t.Errorf("%s is after slot %d, want %d", f.Connection, from, at)
				}
				all = append(all, f.Connection)
				from, after = layout.Slot(f.Connection), f.Connection
			}
		}
	}
	slices.Sort(all)
	return all
}

// follow follows as a message that comes now.
func follow(t *testing.T, table *Audience, connection string, follows []score.Follow) error {
	t.Helper()
	ok, err := table.Follow(t.Context(), connection, follows, time.Now(), now)
	if err == nil && !ok {
		t.Errorf("%s was overtaken, by nobody", connection)
	}
	return err
}

func follows(ids ...string) (all []score.Follow) {
	for _, id := range ids {
		all = append(all, score.Follow{Match: id, Epoch: 1, Sequence: 5})
	}
	return all
}

func TestAConnectionFollowsWhatItNamedLast(t *testing.T) {
	table := newAudience(t)
	for _, step := range []struct {
		connection string
		follows    []score.Follow
	}{
		{"one", follows("a", "b", "c")}, {"two", follows("a")}, {"one", follows("b", "d")}, {"one", follows("b", "d")}, {"three", nil}, {"four", follows("a", "b")}, {"four", nil},
	} {
		if err := follow(t, table, step.connection, step.follows); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]string{"a": "two", "b": "one", "c": "", "d": "one"} {
		if got := strings.Join(followers(t, table, id), " "); got != want {
			t.Errorf("followers of %s = %q, want %q", id, got, want)
		}
	}
	if n, err := table.Disconnect(t.Context(), "one"); n != 2 || err != nil {
		t.Errorf("Disconnect = %d, %v, want 2", n, err)
	}
	if n, err := table.Disconnect(t.Context(), "one"); n != 0 || err != nil {
		t.Errorf("second Disconnect = %d, %v, want 0", n, err)
	}
	if err := table.Remove(t.Context(), "a", "two"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "d"} {
		if got := followers(t, table, id); len(got) != 0 {
			t.Errorf("followers of %s = %q, want none", id, got)
		}
	}
}

// All of a page's matches are one call, whatever a request of DynamoDB's takes.
func TestManyMatchesAreFollowedAtOnce(t *testing.T) {
	table := newAudience(t)
	var ids []string
	for i := range layout.MatchLimit {
		ids = append(ids, fmt.Sprintf("m%03d", i))
	}
	if err := follow(t, table, "one", follows(ids...)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{ids[0], ids[24], ids[25], ids[len(ids)-1]} {
		if got := followers(t, table, id); len(got) != 1 {
			t.Errorf("followers of %s = %q, want one", id, got)
		}
	}
	if n, err := table.Disconnect(t.Context(), "one"); n != len(ids) || err != nil {
		t.Errorf("Disconnect = %d, %v, want %d", n, err, len(ids))
	}
}

func TestPagesOfASlotGoOnWhereTheOneBeforeEnded(t *testing.T) {
	table := newAudience(t)
	var want []string
	for i := 0; len(want) < 7; i++ {
		if c := fmt.Sprintf("c%04d=", i); layout.Slot(c) == 3 {
			want = append(want, c)
			if err := follow(t, table, c, follows("m")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := followers(t, table, "m"); !slices.Equal(got, want) {
		t.Errorf("followers = %q, want %q", got, want)
	}
	page, _, err := table.Followers(t.Context(), "m", 3, "", 3, 1)
	if err != nil || page[0] != (Follower{want[0], 1, 5}) {
		t.Errorf("Followers = %+v, %v, want what it had when it began to follow", page, err)
	}
	// A place is one in the order, be there anybody or not.
	if err := table.Remove(t.Context(), "m", want[2]); err != nil {
		t.Fatal(err)
	}
	if page, _, err := table.Followers(t.Context(), "m", 3, want[2], 3, 10); err != nil || len(page) != 4 {
		t.Errorf("followers after one that is gone = %+v, %v, want 4", page, err)
	}
}

// Who follows just before an event must be read with it.
func TestFollowersAreReadConsistently(t *testing.T) {
	server, name := dynalite.ForTest(t)
	var requests []*dynamodb.QueryInput
	client := dynamodb.New(server.Client().Options(), func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("look", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if q, ok := in.Parameters.(*dynamodb.QueryInput); ok {
					requests = append(requests, q)
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
		})
	})
	table := NewAudience(client, dynalite.Followers(name))
	if _, _, err := table.Followers(t.Context(), "m", 0, "", 7, 10); err != nil {
		t.Fatal(err)
	}
	if len(requests) != 1 || requests[0].ConsistentRead == nil || !*requests[0].ConsistentRead {
		t.Errorf("requests = %+v, want one consistent read", requests)
	}
}

func TestTheListIsOfTheDay(t *testing.T) {
	table := newTable(t)
	for id, when := range map[string]time.Time{"b": now, "a": now.Add(-time.Hour), "old": now.Add(-layout.IndexLife)} {
		if err := table.PutLine(t.Context(), &match.State{ID: id}, []byte(`{"match":"`+id+`"}`), when); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := table.Lines(t.Context(), now)
	if err != nil || len(lines) != 2 || string(lines[0]) != `{"match":"a"}` || string(lines[1]) != `{"match":"b"}` {
		t.Errorf("Lines = %s, %v, want a and b", lines, err)
	}
}

// Of two functions that have a match, the one that is late does not list what was
// before over what is.
func TestAnOlderLineIsNotListedOverANewerOne(t *testing.T) {
	table := newTable(t)
	for _, step := range []struct {
		epoch, sequence int64
		want            string
	}{{0, 5, "0-5"}, {0, 6, "0-6"}, {0, 5, "0-6"}, {7, 0, "7-0"}, {0, 9, "7-0"}, {7, 1, "7-1"}, {7, 1, "7-1"}, {6, 2, "7-1"}} {
		s := &match.State{ID: "m", Epoch: step.epoch, Sequence: step.sequence}
		if err := table.PutLine(t.Context(), s, fmt.Appendf(nil, `"%d-%d"`, step.epoch, step.sequence), now); err != nil {
			t.Fatal(err)
		}
		lines, err := table.Lines(t.Context(), now)
		if err != nil || len(lines) != 1 || string(lines[0]) != `"`+step.want+`"` {
			t.Errorf("after %d-%d: Lines = %s, %v, want %s", step.epoch, step.sequence, lines, err, step.want)
		}
	}
}

func TestProgressIsOfAShardOfSoMany(t *testing.T) {
	table := newTable(t)
	for _, at := range [][2]int{{0, 1}, {0, 4}, {3, 4}, {0, 64}, {1, 64}} {
		p := Progress{State: fmt.Appendf(nil, "%d of %d", at[0], at[1])}
		if ok, err := table.SaveProgress(t.Context(), "m", at[0], at[1], p, now); !ok || err != nil {
			t.Fatalf("SaveProgress = %v, %v", ok, err)
		}
	}
	for at, want := range map[[2]int]string{{0, 1}: "0 of 1", {0, 4}: "0 of 4", {3, 4}: "3 of 4", {1, 4}: "", {0, 64}: "0 of 64", {1, 64}: "1 of 64"} {
		if got, err := table.Progress(t.Context(), "m", at[0], at[1]); err != nil || string(got.State) != want {
			t.Errorf("Progress(%v) = %q, %v, want %q", at, got.State, err, want)
		}
	}
}

// Of two functions that were given the same shard the slower one does not put back
// what the quicker one did, and one whose answer was lost is not taken for another.
func TestProgressIsWrittenByWhoReadItLast(t *testing.T) {
	table := newTable(t)
	save := func(version int64, state string) bool {
		t.Helper()
		ok, err := table.SaveProgress(t.Context(), "m", 0, 1, Progress{[]byte(state), version}, now)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	for i, step := range []struct {
		version int64
		state   string
		want    bool
	}{{0, "a", true}, {0, "b", false}, {0, "a", true}, {1, "c", true}, {1, "d", false}, {0, "a", false}, {2, "e", true}} {
		if got := save(step.version, step.state); got != step.want {
			t.Errorf("step %d: SaveProgress = %v, want %v", i, got, step.want)
		}
	}
	if p, err := table.Progress(t.Context(), "m", 0, 1); err != nil || string(p.State) != "e" || p.Version != 3 {
		t.Errorf("Progress = %+v, %v, want e", p, err)
	}
}

func TestItemsExpire(t *testing.T) {
	server, name := dynalite.ForTest(t)
	table, audience := New(server.Client(), name), NewAudience(server.Client(), dynalite.Followers(name))
	accept(t, table, "m", 1)
	if _, err := audience.Follow(t.Context(), "one", follows("m"), now, now.Add(layout.ConnectionLife)); err != nil {
		t.Fatal(err)
	}
	keys := New(server.Client(), dynalite.Followers(name))
	for _, tt := range []struct {
		table *Table
		key   item
		want  time.Time
	}{
		{table, key("m", layout.ScoreItem), now.Add(layout.ScoreLife)},
		{keys, followerKey("m", "one"), now.Add(layout.ConnectionLife)},
		{keys, key(layout.FollowsPrefix+"one", layout.FollowsItem), now.Add(layout.ConnectionLife)},
	} {
		in, err := tt.table.get(t.Context(), tt.key, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := whole(in[layout.Expires]); got != tt.want.Unix() {
			t.Errorf("%v expires at %d, want %d", tt.key, got, tt.want.Unix())
		}
	}
}

func TestErrorsSayWhatWasTried(t *testing.T) {
	table := newTable(t)
	missing, nobody := New(table.client, "nowhere"), NewAudience(table.client, "nowhere")
	ctx := t.Context()
	_, read := missing.Match(ctx, "m", true)
	_, write := missing.Write(ctx, &match.State{ID: "m"}, now)
	_, disconnect := nobody.Disconnect(ctx, "c")
	_, _, page := nobody.Followers(ctx, "m", 0, "", 0, 1)
	_, progress := missing.Progress(ctx, "m", 0, 1)
	_, lines := missing.Lines(ctx, now)
	_, save := missing.SaveProgress(ctx, "m", 0, 1, Progress{}, now)
	_, follow := nobody.Follow(ctx, "c", follows("m"), now, now)
	for want, err := range map[string]error{
		"read the match m": read, "write the match m": write, "disconnect": disconnect, "read the followers of m": page,
		"read the progress of m": progress, "read the list of matches": lines,
		"note that 0 of m is handed on": missing.MarkHanded(ctx, &match.State{ID: "m"}), "note that m has 2 shards": missing.Split(ctx, "m", 2),
		"list the match m": missing.PutLine(ctx, &match.State{ID: "m"}, []byte("{}"), now), "write the progress of m": save,
		"follow 1 matches": follow, "remove a follower of m": nobody.Remove(ctx, "m", "c"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

// A table that is throttled, or away, delays whoever is patient and fails nobody.
func TestThePatientTryUntilItIsThere(t *testing.T) {
	server, name := dynalite.ForTest(t)
	var tries atomic.Int32
	client := dynamodb.New(server.Client().Options(), func(o *dynamodb.Options) {
		o.Retryer = Patient()
		o.HTTPClient = clientFunc(func(r *http.Request) (*http.Response, error) {
			switch n := tries.Add(1); {
			case n == 1:
				return nil, errors.New("connection reset by peer")
			case n <= 7:
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"X-Amzn-Errortype": {"ProvisionedThroughputExceededException"}}, Body: http.NoBody}, nil
			}
			return http.DefaultClient.Do(r)
		})
	})
	if _, err := New(client, name).Match(t.Context(), "m", true); err != nil || tries.Load() != 8 {
		t.Errorf("Match = %v after %d tries, want nil after 8", err, tries.Load())
	}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
