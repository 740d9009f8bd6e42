package consumers

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"msklambda/test/local/internal/sandbox"
)

// every ends the process in every n-th invocation, some milliseconds after it has begun.
type every struct {
	*world
	n, calls int
}

func (e *every) Invoke(ctx context.Context, payload []byte) (sandbox.Result, error) {
	if e.calls++; e.calls%e.n == 0 {
		timer := time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, e.kill)
		defer timer.Stop()
	}
	return e.world.Invoke(ctx, payload)
}

type position struct {
	partition int32
	offset    int64
}

// failed are the records of a destination.
func failed(t *testing.T, path string) map[position]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[position]bool{}
	for line := range strings.Lines(string(text)) {
		var f struct{ Payload string }
		var event struct {
			Records map[string][]struct {
				Partition int32
				Offset    int64
			}
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(f.Payload), &event); err != nil {
			t.Fatal(err)
		}
		for _, records := range event.Records {
			for _, r := range records {
				found[position{r.Partition, r.Offset}] = true
			}
		}
	}
	return found
}
