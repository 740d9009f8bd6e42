package snapshot

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"msklambda/lambda/livescores/bucket"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/table"
	s3 "msklambda/test/local/bucket"
	"msklambda/test/local/dynalite"
)

// Whoever is late does not write its older state over the newer one: neither another
// function that has the match, as after a rebalance, nor another partition that is
// handled by the same.
func TestAnOlderStateIsNotWrittenOverANewerOne(t *testing.T) {
	for _, same := range []bool{false, true} {
		testAnOlderState(t, same)
	}
}

func testAnOlderState(t *testing.T, same bool) {
	server, name := dynalite.ForTest(t)
	files, err := s3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(files.Close)
	tbl := table.New(server.Client(), name)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	writer := func() *Writer { return New(tbl, bucket.New(cfg, "b", files.Endpoint)) }
	late, quick := writer(), writer()
	if same {
		late = quick
	}

	s, err := tbl.Match(t.Context(), "m", true)
	if err != nil {
		t.Fatal(err)
	}
	accept := func(sequence int64) {
		t.Helper()
		e := score.Event{Match: "m", Sequence: sequence, Home: "A", Away: "B", Clock: "1", Kind: "kickoff"}
		if _, err := s.Accept(e, match.Place{Topic: "t", Offset: sequence, At: time.Now().UnixMilli()}); err != nil {
			t.Fatal(err)
		}
		if ok, err := tbl.Write(t.Context(), &s, time.Now()); !ok || err != nil {
			t.Fatalf("Write = %v, %v", ok, err)
		}
	}
	accept(1)
	older := s
	if err := late.Write(t.Context(), &s); err != nil { // it knows the file
		t.Fatal(err)
	}
	accept(2)
	if err := quick.Write(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	if err := late.Write(t.Context(), &older); err != nil {
		t.Fatal(err)
	}
	o, _ := files.Get("b", layout.Snapshot("m"))
	var got Match
	if err := json.Unmarshal(o.Content, &got); err != nil {
		t.Fatal(err)
	}
	if got.Sequence != 2 || len(got.Events) != 2 || got.Written.IsZero() || got.Match != "m" {
		t.Errorf("snapshot, by the same function %v = %s, want both events", same, o.Content)
	}
	list, _ := files.Get("b", layout.Index)
	var index struct{ Matches []Line }
	if err := json.Unmarshal(list.Content, &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Matches) != 1 || index.Matches[0].Sequence != 2 {
		t.Errorf("list, by the same function %v = %s, want what is newest", same, list.Content)
	}
}
