package fanout

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"msklambda/lambda/kafka"
)

// A bad event is what Lambda is told of, alone: it is tried again and given up,
// and all others of its partition are sent at once.
func TestOnlyTheBadEventOfABatchIsReported(t *testing.T) {
	t.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.subscribe("a", "one=")
	handler := kafka.Handler(kafka.Batch(r.Handle), kafka.ContinueOnError(), kafka.Concurrency(4))

	values := []string{string(event("a", 1)), `{"match":"a","sequence":"two"}`, string(event("a", 3)), string(event("a", 2)), string(event("a", 4))}
	var records []string
	for offset, value := range values {
		records = append(records, fmt.Sprintf(`{"topic":"scores","partition":0,"offset":%d,"timestamp":1545084650987,"timestampType":"CREATE_TIME","value":%q,"headers":[]}`,
			offset, base64.StdEncoding.EncodeToString([]byte(value))))
	}
	payload := `{"eventSource":"aws:kafka","records":{"scores-0":[` + strings.Join(records, ",") + `]}}`
	got, err := handler.Invoke(t.Context(), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"batchItemFailures":[{"itemIdentifier":{"partition":"scores-0","offset":1}}]}`; string(got) != want {
		t.Errorf("answer = %s, want %s", got, want)
	}
	if got, want := g.sequences(t, "one="), []int64{1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("sequences = %v, want %v", got, want)
	}
	// At least once: the whole batch again is no news to the viewer.
	if _, err := handler.Invoke(t.Context(), []byte(payload)); err != nil {
		t.Fatal(err)
	}
	if got := len(g.got["one="]); got != 1 {
		t.Errorf("messages after a second delivery = %d, want 1", got)
	}
}
