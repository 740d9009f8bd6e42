package deadletter

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"msklambda/lambda/kafka"
)

func TestALetterIsTheRecordAndWhyItIsGivenUp(t *testing.T) {
	full := kafka.Record{
		Topic: "orders", Partition: 3, Offset: 7, Timestamp: time.UnixMilli(1764000000000).UTC(), TimestampType: "CREATE_TIME",
		Key: []byte{0xff}, Value: []byte{}, KeySchema: &kafka.Schema{DataFormat: "AVRO", SchemaID: "1"},
	}
	full.SetHeaders(kafka.Header{Key: "a", Value: []byte("1")}, kafka.Header{Key: "a"}, kafka.Header{Key: "b", Value: []byte{}})
	for name, r := range map[string]kafka.Record{"full": full, "bare": {Topic: "t"}} {
		l := NewLetter(kafka.Failure{Record: &r, Err: errors.New("boom"), Attempts: 3})
		if l.Error != "boom" || l.Attempts != 3 {
			t.Errorf("%s: error and attempts = %q, %d, want boom and 3", name, l.Error, l.Attempts)
		}
		text, err := l.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var back Letter
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if got := back.Record(); describe(got) != describe(&r) {
			t.Errorf("%s: record = %s, want %s, of %s", name, describe(got), describe(&r), text)
		}
	}
}

// describe shows a record so that nil, empty and text can be told apart.
func describe(r *kafka.Record) string {
	s := fmt.Sprintf("%s %v %q key %#v value %#v schemas %v", r, r.Timestamp, r.TimestampType, r.Key, r.Value, r.KeySchema != nil)
	for key, value := range r.Headers() {
		s += fmt.Sprintf(" %q:%#v", key, value)
	}
	return s
}

func TestOriginsAreText(t *testing.T) {
	r := &kafka.Record{Topic: "orders", Partition: 3, Offset: 7}
	f := kafka.Failure{Record: r, Err: errors.New("boom"), Attempts: 2}
	want := []Origin{{Topic, "orders"}, {Partition, "3"}, {Offset, "7"}, {Error, "boom"}, {Attempts, "2"}}
	if got := Origins(f); !reflect.DeepEqual(got, want) {
		t.Errorf("origins = %v, want %v", got, want)
	}
	r.Timestamp = time.UnixMilli(1764000000001).UTC()
	if got := Origins(f)[3]; got != (Origin{Timestamp, "2025-11-24T16:00:00.001Z"}) {
		t.Errorf("timestamp = %v", got)
	}
}

func TestTheTextOfAnErrorIsCut(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"none":        {nil, 0},
		"short":       {errors.New("boom"), 4},
		"long":        {errors.New(strings.Repeat("x", 5000)), MaxError},
		"in a letter": {errors.New(strings.Repeat("\u00e9", 5000) + "x"), MaxError},
		"odd":         {errors.New("x" + strings.Repeat("\u00e9", 5000)), MaxError - 1},
		"no UTF-8":    {errors.New(strings.Repeat("\x80", 5000)), 0},
	} {
		if got := ErrorText(test.err); len(got) != test.want || !utf8.ValidString(got) {
			t.Errorf("%s: text has %d bytes, want %d", name, len(got), test.want)
		}
	}
	if got := ErrorText(broken{}); !strings.Contains(got, "PANIC") {
		t.Errorf("text of an error that panics = %q", got)
	}
}

type broken struct{ text *string }

func (b broken) Error() string { return *b.text }
