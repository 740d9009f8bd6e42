package fanout

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/bucket"
	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/metrics"
	"msklambda/lambda/livescores/snapshot"
	"msklambda/lambda/livescores/table"
	s3 "msklambda/test/local/bucket"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/queue"
)

// rig is a FanOut with all that it writes to.
type rig struct {
	*FanOut
	t      *testing.T
	table  *table.Table
	files  *s3.Server
	queue  *queue.Queue
	log    *bytes.Buffer
	broken string // of the table: an operation that fails

	mu   sync.Mutex
	jobs []job.Job
}

// Invoke is the next function: it notes what it was handed.
func (r *rig) Invoke(_ context.Context, payload []byte) (queue.Result, error) {
	var e events.SQSEvent
	var j job.Job
	if err := json.Unmarshal(payload, &e); err != nil {
		return queue.Result{}, err
	}
	if err := json.Unmarshal([]byte(e.Records[0].Body), &j); err != nil {
		return queue.Result{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs = append(r.jobs, j)
	return queue.Result{}, nil
}

func newRig(t *testing.T) *rig {
	t.Helper()
	server, name := dynalite.ForTest(t)
	r := &rig{t: t, log: &bytes.Buffer{}}
	client := dynamodb.New(server.Client().Options(), func(o *dynamodb.Options) {
		o.HTTPClient = clientFunc(func(request *http.Request) (*http.Response, error) {
			if r.broken != "" && strings.HasSuffix(request.Header.Get("X-Amz-Target"), "."+r.broken) {
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"X-Amzn-Errortype": {"ValidationException"}}, Body: http.NoBody}, nil
			}
			return http.DefaultClient.Do(request)
		})
	})
	r.table = table.New(client, name)
	var err error
	if r.files, err = s3.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.files.Close)
	if r.queue, err = queue.New(queue.Config{Visibility: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.queue.Close)
	r.queue.Start(r)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	q := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &r.queue.Endpoint })
	r.FanOut = New(r.table, snapshot.New(r.table, bucket.New(cfg, "snapshots", r.files.Endpoint)), bucket.New(cfg, "failed", r.files.Endpoint),
		job.NewQueue(q, r.queue.URL), &metrics.Log{Out: r.log})
	return r
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// handed are the jobs so far, as from and to.
func (r *rig) handed() (all []string) {
	r.t.Helper()
	if err := r.queue.WaitIdle(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range r.jobs {
		all = append(all, fmt.Sprintf("%d-%d", j.From, j.To))
	}
	return all
}

// kept are the sequences in the snapshot of a match.
func (r *rig) kept(match string) (all []int64) {
	r.t.Helper()
	o, ok := r.files.Get("snapshots", layout.Snapshot(match))
	if !ok {
		return nil
	}
	var s snapshot.Match
	if err := json.Unmarshal(o.Content, &s); err != nil {
		r.t.Fatal(err)
	}
	for _, e := range s.Events {
		all = append(all, e.Sequence)
	}
	return all
}

func (r *rig) rejected() (all []Rejection) {
	r.t.Helper()
	objects, _ := r.files.List("failed")
	for _, o := range objects {
		var one Rejection
		if err := json.Unmarshal(o.Content, &one); err != nil {
			r.t.Fatal(err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Rejection) int { return int(a.Offset - b.Offset) })
	return all
}

var (
	day    = time.UnixMilli(1_800_000_000_000)
	offset int64
)

// record is the next of the topic, a second after the one before.
func record(match string, sequence int64) *kafka.Record {
	offset++
	return &kafka.Record{Topic: "scores", Offset: offset, Timestamp: day.Add(time.Duration(offset) * time.Second), Key: []byte(match),
		Value: fmt.Appendf(nil, `{"match":%q,"sequence":%d,"home":"Ajax","away":"PSV","score":{"home":1,"away":0},"clock":"12:00","event":"goal"}`, match, sequence)}
}

func tombstone(match string) *kafka.Record {
	r := record(match, 1)
	r.Value = nil
	return r
}

func (r *rig) handle(records ...*kafka.Record) {
	r.t.Helper()
	if err := r.Handle(r.t.Context(), records); err != nil {
		r.t.Fatal(err)
	}
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestEventsAreKeptAndHandedOnOnce(t *testing.T) {
	r := newRig(t)
	one, two, five := record("a", 1), record("a", 2), record("a", 5)
	for _, record := range []*kafka.Record{one, two, two, one, five, two, five} {
		r.handle(record)
	}
	same(t, "handed", r.handed(), []string{"0-1", "1-2", "2-5"})
	same(t, "kept", r.kept("a"), []int64{1, 2, 5})
	if got := r.rejected(); len(got) != 0 {
		t.Errorf("rejected = %+v, want none", got)
	}
	if !strings.Contains(r.log.String(), `"Missing":2`) {
		t.Errorf("metrics = %s, want that 2 are missing", r.log)
	}
}

// Events of a match that come together are one job, in order.
func TestEventsThatComeTogetherGoTogether(t *testing.T) {
	r := newRig(t)
	var all []*kafka.Record
	for _, sequence := range []int64{2, 4, 3, 1} {
		all = append(all, record("a", sequence))
	}
	r.handle(append(all, record("b", 7))...)
	r.handle(all...)
	got := r.handed()
	slices.Sort(got)
	same(t, "handed", got, []string{"0-4", "0-7"})
	same(t, "kept", r.kept("a"), []int64{1, 2, 3, 4})
}

// Whoever ends after the events were taken in and before they were handed on has
// them delivered again: then they are handed on.
func TestWhatWasNotHandedOnIsWhenItComesAgain(t *testing.T) {
	for _, broken := range []string{"snapshot", "list", "queue"} {
		r := newRig(t)
		records := []*kafka.Record{record("a", 6), record("a", 7)}
		r.handle(records[0])
		switch broken {
		case "snapshot":
			r.files.Away(true)
		case "list":
			r.broken = "PutItem"
		case "queue":
			r.queue.Away(true)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if err := r.Handle(ctx, records[1:]); err == nil {
			t.Errorf("%s: Handle = nil, want an error", broken)
		}
		cancel()
		same(t, broken+": handed", r.handed(), []string{"0-6"})
		r.files.Away(false)
		r.queue.Away(false)
		r.broken = ""
		for range 3 {
			r.handle(records...)
		}
		same(t, broken+": handed", r.handed(), []string{"0-6", "6-7"})
		same(t, broken+": kept", r.kept("a"), []int64{6, 7})
	}
}

// Without the mark a duplicate is handed on again, and that is all.
func TestAMarkThatIsNotWrittenFailsNothing(t *testing.T) {
	r := newRig(t)
	events := record("a", 1)
	r.handle(events)
	if s, err := r.table.Match(t.Context(), "a", true); err != nil || s.Handed != 1 {
		t.Errorf("handed = %d, %v, want 1", s.Handed, err)
	}
}

// A sequence that cannot be right goes to the bucket of what failed, and the match
// goes on.
func TestAWrongSequenceIsSaidAndSilencesNothing(t *testing.T) {
	r := newRig(t)
	r.handle(record("a", 1))
	slip := record("a", 9007199254740991)
	r.handle(slip)
	r.handle(record("a", 2), record("a", 3))
	restart := record("a", 1)
	restart.Value = bytes.Replace(restart.Value, []byte("12:00"), []byte("0:00"), 1)
	r.handle(restart)
	r.handle(slip) // delivered again
	same(t, "kept", r.kept("a"), []int64{1, 2, 3})
	got := r.rejected()
	if len(got) != 2 || got[0].Offset != slip.Offset || !strings.Contains(got[0].Error, "at most 1000 after the newest 3, got 9007199254740991") ||
		got[1].Offset != restart.Offset || !strings.Contains(got[1].Error, "reset the match") || !bytes.Equal(got[1].Value, restart.Value) {
		t.Errorf("rejected = %+v, want the slip and the restart", got)
	}
	if !strings.Contains(r.log.String(), `"WrongSequence":1`) {
		t.Errorf("metrics = %s, want a wrong sequence", r.log)
	}
}

// A tombstone resets its match, wherever it stands in a batch, and once.
func TestATombstoneResetsItsMatch(t *testing.T) {
	r := newRig(t)
	r.handle(record("a", 300), record("b", 1))
	all := []*kafka.Record{record("a", 301), record("b", 2), tombstone("a"), record("a", 2), record("a", 1), record("b", 3)}
	r.handle(all...)
	same(t, "kept of a", r.kept("a"), []int64{1, 2})
	same(t, "kept of b", r.kept("b"), []int64{1, 2, 3})
	s, err := r.table.Match(t.Context(), "a", true)
	if err != nil || s.Epoch != all[2].Timestamp.UnixMilli() || s.Sequence != 2 {
		t.Errorf("Match = %+v, %v, want a new epoch", s, err)
	}
	r.handle(all...)
	r.handle(record("a", 3))
	same(t, "kept of a after all again", r.kept("a"), []int64{1, 2, 3})
	if got := r.rejected(); len(got) != 0 {
		t.Errorf("rejected = %+v, want none", got)
	}
	r.handed() // all of it
	r.mu.Lock()
	jobs := r.jobs[len(r.jobs)-1]
	r.mu.Unlock()
	if jobs.Epoch != s.Epoch || jobs.From != 2 || jobs.To != 3 {
		t.Errorf("job = %+v, want 2 to 3 of the epoch", jobs)
	}
}

// A reset alone is handed on too: viewers are to know.
func TestAResetIsHandedOn(t *testing.T) {
	r := newRig(t)
	r.handle(record("a", 5))
	reset := tombstone("a")
	for range 3 {
		r.handle(reset)
	}
	same(t, "handed", r.handed(), []string{"0-5", "0-0"})
	if got := r.kept("a"); len(got) != 0 {
		t.Errorf("kept = %v, want none", got)
	}
	keyless := tombstone("")
	r.handle(keyless, record("a", 1))
	if got := r.rejected(); len(got) != 1 || !strings.Contains(got[0].Error, "must be the match that it resets") {
		t.Errorf("rejected = %+v, want the tombstone without a match", got)
	}
	same(t, "kept", r.kept("a"), []int64{1})
}

// late makes a record one whose producer has another clock.
func late(r *kafka.Record, by time.Duration) *kafka.Record {
	r.Timestamp = r.Timestamp.Add(-by)
	return r
}

// What was written before what is said by the topic, and not by the clocks of who
// wrote it.
func TestAResetDoesNotDependOnClocks(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		r := newRig(t)
		r.handle(late(record("a", 300), -ahead)) // its clock is ahead of that of who resets
		reset := tombstone("a")
		r.handle(reset)
		if got := r.kept("a"); len(got) != 0 {
			t.Errorf("an hour ahead %v: kept = %v, want that the match was reset", ahead > 0, got)
		}
		first := record("a", 1)
		if ahead < 0 {
			first = late(first, time.Hour) // and behind
		}
		r.handle(first)
		r.handle(reset, first) // delivered again
		same(t, "kept", r.kept("a"), []int64{1})
		if got := r.rejected(); len(got) != 0 {
			t.Errorf("rejected = %+v, want none", got)
		}
		// Once more, and each is a greater epoch than the one before.
		before, err := r.table.Match(t.Context(), "a", true)
		if err != nil {
			t.Fatal(err)
		}
		r.handle(late(tombstone("a"), 24*time.Hour))
		if after, err := r.table.Match(t.Context(), "a", true); err != nil || after.Epoch <= before.Epoch {
			t.Errorf("epoch = %d, %v, want one greater than %d", after.Epoch, err, before.Epoch)
		}
	}
}

// Where the topic does not say what was first, in two partitions, and the clocks say
// that a reset or an event is of before, it is not dropped without a word.
func TestWhatIsIgnoredIsSaid(t *testing.T) {
	r := newRig(t)
	elsewhere := func(r *kafka.Record) *kafka.Record { r.Partition = 1; return r }
	r.handle(record("a", 300))
	ignored := elsewhere(late(tombstone("a"), time.Hour))
	r.handle(ignored)
	r.handle(ignored)
	same(t, "kept", r.kept("a"), []int64{300})
	r.handle(elsewhere(tombstone("a")))
	older := late(record("a", 1), time.Hour)
	r.handle(older)
	r.handle(record("a", 2))
	same(t, "kept", r.kept("a"), []int64{2})
	got := r.rejected()
	if len(got) != 2 || got[0].Offset != ignored.Offset || got[0].Value != nil || !strings.Contains(got[0].Error, "scores[1]@") || !strings.Contains(got[0].Error, "to the partition") ||
		got[1].Offset != older.Offset || !strings.Contains(got[1].Error, "was reset") {
		t.Errorf("rejected = %+v, want the reset and the event", got)
	}
	if n := strings.Count(r.log.String(), `"WrongSequence":1`); n != 3 { // the reset twice
		t.Errorf("metrics = %s, want 3 that are wrong", r.log)
	}
}

// A topic that is made anew begins at 0 again: that is later, and can be reset.
func TestATopicThatIsMadeAnewGoesOn(t *testing.T) {
	r := newRig(t)
	r.handle(record("a", 5), tombstone("a"), record("a", 300))
	anew := func(r *kafka.Record, at int64) *kafka.Record {
		r.Offset = at
		r.Timestamp = r.Timestamp.Add(time.Minute)
		return r
	}
	restart := anew(record("a", 1), 0)
	r.handle(restart)
	if got := r.rejected(); len(got) != 1 || got[0].Offset != 0 {
		t.Errorf("rejected = %+v, want the event, which would be silent otherwise", got)
	}
	r.handle(anew(tombstone("a"), 1))
	r.handle(anew(record("a", 1), 2))
	same(t, "kept", r.kept("a"), []int64{1})
}

// A bad event is written away, alone, and holds up nothing.
func TestBadEventsAreRejected(t *testing.T) {
	r := newRig(t)
	bad, worse := record("a", 2), record("a", 3)
	bad.Value, worse.Value = []byte(`{"match":"a","sequence":"two"}`), []byte{0xff}
	r.handle(record("a", 1), bad, worse, record("a", 2))
	same(t, "kept", r.kept("a"), []int64{1, 2})
	got := r.rejected()
	if len(got) != 2 || !strings.Contains(got[0].Error, "not a score event") || string(got[0].Value) != string(bad.Value) || string(got[0].Key) != "a" ||
		!bytes.Equal(got[1].Value, worse.Value) || got[0].Topic != "scores" {
		t.Errorf("rejected = %+v, want both as they were", got)
	}
	if got := strings.Count(r.log.String(), `"Rejected":1`); got != 2 {
		t.Errorf("metrics = %s, want two rejected", r.log)
	}
}

// payload is an event of Lambda's.
func payload(records ...*kafka.Record) []byte {
	var all []string
	for i, r := range records {
		all = append(all, fmt.Sprintf(`{"topic":"scores","partition":0,"offset":%d,"timestamp":%d,"timestampType":"CREATE_TIME","key":%q,"value":%q,"headers":[]}`,
			i, r.Timestamp.UnixMilli(), base64.StdEncoding.EncodeToString(r.Key), base64.StdEncoding.EncodeToString(r.Value)))
	}
	return []byte(`{"eventSource":"aws:kafka","records":{"scores-0":[` + strings.Join(all, ",") + `]}}`)
}

// invoke returns the offsets that Lambda is told have failed.
func (r *rig) invoke(ctx context.Context, payload []byte) []int64 {
	r.t.Helper()
	r.t.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	got, err := kafka.Handler(kafka.Batch(r.Handle), kafka.ContinueOnError(), kafka.Concurrency(4)).Invoke(ctx, payload)
	if err != nil {
		r.t.Fatal(err)
	}
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier struct{ Offset int64 } }
	}
	if err := json.Unmarshal(got, &answer); err != nil {
		r.t.Fatal(err)
	}
	var all []int64
	for _, f := range answer.BatchItemFailures {
		all = append(all, f.ItemIdentifier.Offset)
	}
	slices.Sort(all)
	return all
}

// Where a match cannot go on, all its records are named, and no others; they are
// handled when they come again.
func TestAllRecordsOfAMatchThatFailedAreNamed(t *testing.T) {
	r := newRig(t)
	r.broken = "UpdateItem"
	bad := record("x", 1)
	bad.Value = []byte("bad")
	records := []*kafka.Record{record("a", 1), record("a", 2), bad, record("b", 1), record("a", 3)}
	if got := r.invoke(t.Context(), payload(records...)); !slices.Equal(got, []int64{0, 1, 3, 4}) {
		t.Errorf("failed = %v, want all but the bad one, which is rejected", got)
	}
	r.broken = ""
	if got := r.invoke(t.Context(), payload(records...)); len(got) != 0 {
		t.Errorf("failed = %v, want none", got)
	}
	same(t, "kept", r.kept("a"), []int64{1, 2, 3})
	if got := r.rejected(); len(got) != 1 {
		t.Errorf("rejected = %+v, want the bad one, once", got)
	}
}

// What cannot be rejected is not lost either: it comes again.
func TestARecordThatCannotBeRejectedFails(t *testing.T) {
	r := newRig(t)
	r.files.Away(true)
	bad := record("a", 1)
	bad.Value = []byte("bad")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := r.Handle(ctx, []*kafka.Record{bad})
	if err == nil || !strings.Contains(err.Error(), "bucket of what failed") {
		t.Errorf("Handle = %v, want that it cannot be written", err)
	}
}

// A table that is away for a while delays, and fails nothing: the time of an
// invocation is used.
func TestATableThatIsAwayFailsTheRecords(t *testing.T) {
	r := newRig(t)
	r.FanOut.table = table.New(dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""), Retryer: table.Patient()}), "scores")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := r.Handle(ctx, []*kafka.Record{record("a", 1)}); err == nil || !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "read the match a") {
		t.Errorf("Handle = %v, want the read's error when the time is up", err)
	}
}

func TestTheListAndItsPageAreWritten(t *testing.T) {
	r := newRig(t)
	hostile := record("b", 1)
	hostile.Value = bytes.Replace(hostile.Value, []byte("Ajax"), []byte(`<script>alert(1)</script>`), 1)
	r.handle(record("a", 1), hostile)
	o, _ := r.files.Get("snapshots", layout.Index)
	var index struct{ Matches []snapshot.Line }
	if err := json.Unmarshal(o.Content, &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Matches) != 2 || index.Matches[0].Match != "a" || index.Matches[0].Sequence != 1 || index.Matches[0].Home != "Ajax" || index.Matches[0].Clock != "12:00" {
		t.Errorf("list = %s, want both matches", o.Content)
	}
	page, _ := r.files.Get("snapshots", layout.IndexPage)
	if text := string(page.Content); strings.Contains(text, "<script") || !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, `href="../a.json"`) || page.Type != "text/html; charset=utf-8" {
		t.Errorf("page = %s, want the names as text", text)
	}
}
