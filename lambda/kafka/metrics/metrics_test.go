package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/contract"
	"msklambda/lambda/kafka/kafkatest"
)

// written is what is written, and how often.
type written struct {
	bytes.Buffer
	calls int
}

func (w *written) Write(b []byte) (int, error) {
	w.calls++
	return w.Buffer.Write(b)
}

// published is what CloudWatch makes of a line, by its specification of the format: a
// metric for each directive, whose dimensions and values are members of the line.
func published(t *testing.T, line string) (found map[string]string) {
	t.Helper()
	var top map[string]any
	var meta struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := errors.Join(json.Unmarshal([]byte(line), &top), json.Unmarshal([]byte(line), &meta)); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	found = map[string]string{}
	for _, d := range meta.AWS.CloudWatchMetrics {
		if len(d.Metrics) == 0 || len(d.Metrics) > 100 || meta.AWS.Timestamp == 0 {
			t.Errorf("%s: %d metrics, timestamp %d", line, len(d.Metrics), meta.AWS.Timestamp)
		}
		for _, m := range d.Metrics {
			for _, set := range d.Dimensions {
				name := d.Namespace
				for _, dimension := range set {
					value, ok := top[dimension].(string)
					if !ok || value == "" {
						t.Errorf("%s: dimension %s is %v", line, dimension, top[dimension])
					}
					name += " " + value
				}
				switch v := top[m.Name].(type) {
				case float64:
					found[name+" "+m.Name] = fmt.Sprint(v, " ", m.Unit)
				case []any:
					if len(v) == 0 || len(v) > 100 {
						t.Errorf("%s: %s has %d values", line, m.Name, len(v))
					}
					found[name+" "+m.Name] = fmt.Sprint(v, " ", m.Unit)
				default:
					t.Errorf("%s: %s is %v", line, m.Name, v)
				}
			}
		}
	}
	return found
}

func TestAnInvocationWritesItsMetricsOnce(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
	var w written
	records := kafkatest.Records("orders", 0, 0, "ok", "skip", "bad", "away", "ok")
	records = append(records, kafkatest.Records("stock", 0, 0, "ok")...)
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		switch string(r.Value) {
		case "skip":
			return kafka.Skip(errors.New("nothing to do"))
		case "bad":
			return kafka.Permanent(errors.New("cannot be read"))
		case "away":
			return errors.New("connection refused")
		}
		return nil
	}, To(&w, "Shop/Orders"), kafka.DeadLetter(kafka.SinkFunc(func(context.Context, []kafka.Failure) error { return nil })))
	kafkatest.Run(t, h, kafkatest.Event(records...), kafkatest.Provisioned)
	lines := strings.Split(strings.TrimSuffix(w.String(), "\n"), "\n")
	if w.calls != 1 || len(lines) != 2 {
		t.Fatalf("%d calls with %d lines, want one with a line for each topic:\n%s", w.calls, len(lines), w.String())
	}
	got := published(t, lines[0])
	maps.Copy(got, published(t, lines[1]))
	for name, want := range map[string]string{
		"orders Records": "5", "orders Handled": "1", "orders Failures": "1", "orders Unhandled": "2", "orders Retries": "0",
		"orders Skipped": "1", "orders DeadLettered": "1", "orders DoneBefore": "0",
		"stock Records": "1", "stock Handled": "1", "stock Failures": "0", "stock Unhandled": "0", "stock Retries": "0",
		"stock Skipped": "0", "stock DeadLettered": "0", "stock DoneBefore": "0",
	} {
		if full := "Shop/Orders shop " + name; got[full] != want+" Count" {
			t.Errorf("%s = %q, want %s", full, got[full], want)
		}
	}
	if len(got) != 18 {
		t.Errorf("metrics %v, want 18", slices.Sorted(maps.Keys(got)))
	}
}

func TestAge(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 1, 1, 0, 0, s, 0, time.UTC) }
	tests := map[string]struct {
		oldest, newest time.Time
		want           string
	}{
		"several":      {at(10), at(20), "[20000 10000] Milliseconds"},
		"one":          {at(10), at(10), "[20000] Milliseconds"},
		"none":         {time.Time{}, time.Time{}, ""},
		"clocks apart": {at(31), at(31), "[-1000] Milliseconds"}, // what is measured, not what should be
	}
	for name, test := range tests {
		var w written
		e := emf{w: &w, namespace: "N", now: func() time.Time { return at(30) }}
		e.write(t.Context(), kafka.Summary{Topics: []kafka.TopicSummary{{Topic: "orders", Records: 1, Oldest: test.oldest, Newest: test.newest}}})
		if got := published(t, w.String())["N orders Age"]; got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAnEventThatCannotBeReadIsCounted(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
	var w written
	if _, err := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, To(&w, "N")).Invoke(t.Context(), []byte("{")); err == nil {
		t.Error("want an error")
	}
	if got := fmt.Sprint(published(t, w.String())); got != "map[N shop Undecoded:1 Count]" {
		t.Errorf("published %s", got)
	}
}

func TestAnEventWithoutRecordsWritesNothing(t *testing.T) {
	var w written
	if _, err := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, To(&w, "N")).Invoke(t.Context(), []byte(`{"records":{}}`)); err != nil || w.calls > 0 {
		t.Errorf("%v, %d calls, want none", err, w.calls)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAWriterThatFailsIsLoggedAndNoMore(t *testing.T) {
	var log bytes.Buffer
	h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, To(full{}, "N"), kafka.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	r := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...), kafkatest.OnDemand)
	if r.Err != nil || !strings.Contains(log.String(), "metrics: no space left") {
		t.Errorf("%v, log %s", r.Err, log.String())
	}
}

func TestNamespaces(t *testing.T) {
	refused := func(namespace string) (refused bool) {
		defer func() { refused = recover() != nil }()
		EMF(namespace)
		return false
	}
	for _, namespace := range []string{"Shop", "a.b-c_d/e#f:g h", strings.Repeat("n", 255)} {
		if refused(namespace) {
			t.Errorf("%q is refused", namespace)
		}
	}
	for _, namespace := range []string{"", ":Shop", "AWS/Shop", "Shöp", "a\nb", strings.Repeat("n", 256)} {
		if !refused(namespace) {
			t.Errorf("%q is taken", namespace)
		}
	}
}

// The namespace of the environment reaches the lines, and without one nothing is
// written.
func TestTheConstructSaysTheNamespace(t *testing.T) {
	for _, namespace := range []string{"", "Orders"} {
		t.Setenv(contract.MetricsNamespace, namespace)
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout := os.Stdout
		os.Stdout = write
		option := FromEnv()
		os.Stdout = stdout
		h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, option, kafka.Logger(slog.New(slog.DiscardHandler)))
		kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...), kafkatest.OnDemand)
		write.Close()
		written, err := io.ReadAll(read)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Contains(string(written), `"Namespace":"Orders"`), namespace != ""; got != want || len(written) > 0 != want {
			t.Errorf("with namespace %q: %q is written", namespace, written)
		}
	}
}
