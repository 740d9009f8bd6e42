package posts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/metrics"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/table"
)

// world is a match with followers, a queue, a function of as many environments as
// it takes, and a management API. It is run in the virtual time of synctest: the
// posts are real requests of the SDK, signed, up to the connection, and what takes
// time is what a field here says.
type world struct {
	t *testing.T

	latency time.Duration                            // of a post
	reads   time.Duration                            // of a request to the table
	removes time.Duration                            // of one that removes a follower
	away    time.Time                                // until then the table takes nothing
	cpu     time.Duration                            // of one environment's processor for a post
	quota   *account                                 // nil: everything is taken
	answer  func(connection string, attempt int) int // a status; 0 does not answer; nil: 200
	share   Quota
	shards  int           // that the match may have
	budget  time.Duration // of an invocation

	mu           sync.Mutex
	state        match.State
	followers    [layout.Slots][]table.Follower
	progress     map[string]table.Progress
	attempts     map[string]int
	got          map[string][]message
	wrong        []string
	posts        int
	removed      int
	removing     int                  // now
	mostRemoving int                  // at once
	sends        int                  // jobs that were put into the queue
	queued       map[string][]job.Job // by group; the first is being done
	runs         sync.WaitGroup
	most         int // invocations at once
	running      int
	errs         []error
	log          strings.Builder
}

type message struct {
	at   time.Duration // since the world began
	last int64         // the newest sequence of it
	n    int
}

var began = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // synctest's

func newWorld(t *testing.T, followers int) *world {
	w := &world{t: t, latency: 10 * time.Millisecond, reads: 5 * time.Millisecond, share: Quota{10000, 5000}, budget: 10 * time.Second, shards: layout.Slots,
		progress: map[string]table.Progress{}, attempts: map[string]int{}, got: map[string][]message{}, queued: map[string][]job.Job{}}
	w.state = match.State{ID: "m", Shards: 1}
	for i := range followers {
		w.follow(name(i))
	}
	return w
}

func name(i int) string { return fmt.Sprintf("c%07d=", i) } // as API Gateway's ids, which end so

func (w *world) follow(connection string) {
	slot := layout.Slot(connection)
	w.followers[slot] = append(w.followers[slot], table.Follower{Connection: connection})
	if n := len(w.followers[slot]); n > 1 && w.followers[slot][n-2].Connection > connection {
		slices.SortFunc(w.followers[slot], func(a, b table.Follower) int { return strings.Compare(a.Connection, b.Connection) })
	}
}

// happen is an event, which the first function has taken and hands on.
func (w *world) happen() {
	w.mu.Lock()
	sequence := w.state.Sequence + 1
	from := w.state.Sequence
	if _, err := w.state.Accept(score.Event{Match: "m", Sequence: sequence, Home: "A", Away: "B", Clock: "1", Kind: "goal"}, match.Place{Topic: "t", Offset: sequence, At: time.Now().UnixMilli()}); err != nil {
		w.t.Error(err)
	}
	jobs := job.Shards(job.Job{Match: "m", Epoch: w.state.Epoch, From: from, To: sequence}, w.state.Shards)
	w.mu.Unlock()
	_ = w.Send(w.t.Context(), jobs...)
}

// Send is the queue's.
func (w *world) Send(_ context.Context, jobs ...job.Job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sends += len(jobs)
	for _, j := range jobs {
		group := fmt.Sprintf("%d of %d", j.Shard, j.Of)
		w.queued[group] = append(w.queued[group], j)
		if len(w.queued[group]) == 1 {
			w.runs.Go(func() { w.serve(group) })
		}
	}
	return nil
}

func (w *world) serve(group string) {
	for {
		w.mu.Lock()
		if len(w.queued[group]) == 0 {
			w.mu.Unlock()
			return
		}
		j := w.queued[group][0]
		w.running++
		w.most = max(w.most, w.running)
		w.mu.Unlock()
		received := time.Now()
		err := w.do(j)
		w.mu.Lock()
		w.running--
		if err != nil {
			w.errs = append(w.errs, err)
		}
		w.queued[group] = w.queued[group][1:]
		if err != nil && len(w.errs) < 20 { // it is seen again, after a while
			w.queued[group] = append([]job.Job{j}, w.queued[group]...)
		}
		w.mu.Unlock()
		if err != nil { // the visibility timeout is that of the function
			time.Sleep(time.Until(received.Add(w.budget)))
		}
	}
}

// do is an invocation.
func (w *world) do(j job.Job) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.budget)
	defer cancel()
	e := &environment{world: w}
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	client := NewClient(cfg, "https://api.example/live")
	options := client.Options()
	options.HTTPClient = e
	worker := New(w, w, clientOf(options), w.share, w.shards, &metrics.Log{Out: &lockedWriter{w}})
	return worker.Do(ctx, j)
}

type lockedWriter struct{ w *world }

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(p)
}

// environment is one of the function's, with a processor of its own.
type environment struct {
	world *world
	mu    sync.Mutex
	busy  time.Time // the processor, until then
}

// Do is a request of the SDK's.
func (e *environment) Do(r *http.Request) (*http.Response, error) {
	w := e.world
	if w.cpu > 0 {
		e.mu.Lock()
		if now := time.Now(); e.busy.Before(now) {
			e.busy = now
		}
		e.busy = e.busy.Add(w.cpu)
		wait := time.Until(e.busy)
		e.mu.Unlock()
		time.Sleep(wait)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	connection, ok := strings.CutPrefix(r.URL.Path, "/live/@connections/")
	signed := strings.Contains(r.Header.Get("Authorization"), "/us-east-1/execute-api/aws4_request")
	w.mu.Lock()
	if !ok || r.Method != http.MethodPost || !signed {
		w.wrong = append(w.wrong, r.Method+" "+r.URL.Path)
	}
	w.posts++
	w.attempts[connection]++
	attempt := w.attempts[connection]
	w.mu.Unlock()
	status := http.StatusOK
	if w.quota != nil && !w.quota.take(time.Now()) {
		status = http.StatusTooManyRequests
	} else if w.answer != nil {
		status = w.answer(connection, attempt)
	}
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	time.Sleep(w.latency)
	if status == http.StatusOK {
		var m struct{ Events []score.Event }
		if err := json.Unmarshal(text, &m); err != nil {
			w.t.Error(err)
		}
		got := message{at: time.Since(began), n: len(m.Events)}
		if got.n > 0 {
			got.last = m.Events[got.n-1].Sequence
		}
		w.mu.Lock()
		w.got[connection] = append(w.got[connection], got)
		w.mu.Unlock()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// account has a quota for all.
type account struct {
	mu          sync.Mutex
	rate, burst float64
	left        float64
	at          time.Time
	refused     int
}

func (a *account) take(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() {
		a.left = a.burst
	} else {
		a.left = min(a.burst, a.left+now.Sub(a.at).Seconds()*a.rate)
	}
	a.at = now
	if a.left < 1 {
		a.refused++
		return false
	}
	a.left--
	return true
}

// The table.

// ask is a request to it that takes some time. What it does not take is tried again
// as long as there is time, as Patient has it.
func (w *world) ask(ctx context.Context, takes time.Duration) error {
	w.mu.Lock()
	timer := time.NewTimer(max(takes, time.Until(w.away)))
	w.mu.Unlock()
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *world) Match(ctx context.Context, _ string, _ bool) (match.State, error) {
	if err := w.ask(ctx, w.reads); err != nil {
		return match.State{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

func (w *world) Split(ctx context.Context, _ string, n int) error {
	if err := w.ask(ctx, w.reads); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state.Shards = max(w.state.Shards, n)
	return nil
}

func (w *world) Followers(ctx context.Context, _ string, from int, after string, to, most int) (page []table.Follower, more bool, err error) {
	if layout.SlotKey("m", from) != layout.SlotKey("m", to) {
		w.t.Errorf("slots %d to %d are not in one partition", from, to)
	}
	if err := w.ask(ctx, w.reads); err != nil {
		return nil, false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for slot := from; slot <= to; slot++ {
		all := w.followers[slot]
		i, found := slices.BinarySearchFunc(all, after, func(f table.Follower, c string) int { return strings.Compare(f.Connection, c) })
		if found {
			i++
		}
		after = ""
		room := most - len(page)
		page = append(page, all[i:min(len(all), i+room)]...)
		if len(all)-i > room {
			return page, true, nil
		}
	}
	return page, false, nil
}

func (w *world) Remove(ctx context.Context, _, connection string) error {
	w.mu.Lock()
	w.removing++
	w.mostRemoving = max(w.mostRemoving, w.removing)
	w.mu.Unlock()
	err := w.ask(ctx, w.removes)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removing--
	if err != nil {
		return err
	}
	slot := layout.Slot(connection)
	w.followers[slot] = slices.DeleteFunc(w.followers[slot], func(f table.Follower) bool { return f.Connection == connection })
	w.removed++
	return nil
}

func (w *world) Progress(ctx context.Context, _ string, shard, of int) (table.Progress, error) {
	if err := w.ask(ctx, w.reads); err != nil {
		return table.Progress{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.progress[fmt.Sprint(shard, of)], nil
}

func (w *world) SaveProgress(ctx context.Context, _ string, shard, of int, p table.Progress, _ time.Time) (bool, error) {
	if err := w.ask(ctx, w.reads); err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	place := fmt.Sprint(shard, of)
	if w.progress[place].Version != p.Version {
		return false, nil
	}
	p.Version++
	w.progress[place] = p
	return true, nil
}

// settle waits until nothing is left to do.
func (w *world) settle() { w.runs.Wait() }

// missing are those who have not the newest.
func (w *world) missing() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for slot := range w.followers {
		for _, f := range w.followers[slot] {
			got := w.got[f.Connection]
			if !slices.ContainsFunc(got, func(m message) bool { return m.last == w.state.Sequence }) {
				all = append(all, f.Connection)
			}
		}
	}
	return all
}

// within runs a test in virtual time.
func within(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }
