package kafka

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

type order struct {
	ID   int    `json:"id"`
	Note string `json:"note"`
}

func TestJSONUnmarshalsTheValue(t *testing.T) {
	tests := map[string]struct {
		value string
		null  bool
		want  string
		err   string
	}{
		"object":    {value: `{"id":7,"note":"\u00e9"}`, want: "&{7 \u00e9}"},
		"null":      {value: `null`, want: "<nil>"},
		"tombstone": {null: true, want: "<nil> tombstone"},
		"empty":     {value: "", err: "decode the value, 0 bytes, as *kafka.order: after byte 0: unexpected end of JSON input"},
		"no JSON":   {value: "{", err: "decode the value, 1 bytes, as *kafka.order: after byte 1: unexpected end of JSON input"},
		"a word":    {value: `{"id":7,oops}`, err: "decode the value, 13 bytes, as *kafka.order: after byte 9: invalid character 'o' looking for beginning of object key string"},
		"no order":  {value: `{"id":"x"}`, err: "decode the value, 10 bytes, as *kafka.order: after byte 9: json: cannot unmarshal string into Go struct field order.id of type int"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			fn := JSON(func(_ context.Context, o *order, r *Record) error {
				got = strings.TrimSuffix(fmt.Sprintln(o), "\n")
				if r.Value == nil {
					got += " tombstone"
				}
				return nil
			})
			r := &Record{Topic: "orders", Offset: 7, Value: []byte(test.value)}
			if test.null {
				r.Value = nil
			}
			err := fn(t.Context(), r)
			if got != test.want {
				t.Errorf("order = %s, want %s", got, test.want)
			}
			if text := fmt.Sprint(err); test.err != "" && text != test.err || test.err == "" && err != nil {
				t.Errorf("error = %v, want %s", err, test.err)
			}
		})
	}
}

func TestAValueThatIsNoJSONFailsItsRecord(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	h := Handler(JSON(func(context.Context, order, *Record) error { return nil }), quiet())
	_, err := h.Invoke(t.Context(), []byte(`{"records":{"t-0":[`+record(1)+`,`+record(2, `"value":"ew=="`)+`]}}`))
	want := "kafka: handle t[0]@2: decode the value, 1 bytes, as kafka.order: after byte 1: unexpected end of JSON input"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

// values has a record for each value; ! is one that cannot be decoded.
func values(names string, values string) []byte {
	var parts []string
	for p, name := range strings.Fields(names) {
		var records []string
		for i, v := range values {
			records = append(records, fmt.Sprintf(`{"topic":%q,"partition":%d,"offset":%d,"value":%q}`, name, p, i+1, base64.StdEncoding.EncodeToString([]byte(string(v)))))
		}
		parts = append(parts, fmt.Sprintf("\"%s-%d\":[%s]", name, p, strings.Join(records, ",")))
	}
	return []byte(`{"records":{` + strings.Join(parts, ",") + `}}`)
}

// letter decodes a value of one letter, but not those that say otherwise.
func letter(_ context.Context, _ *Record, data []byte) (string, error) {
	switch string(data) {
	case "!":
		return "", errBoom
	case "?":
		return "", Transient(errBoom)
	}
	return string(data), nil
}

func TestADecoderSaysWhatIsPermanent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx    context.Context
		decode Decoder[string]
		want   outcome
	}{
		"an error":              {t.Context(), func(context.Context, *Record, []byte) (string, error) { return "", errBoom }, permanent},
		"a transient error":     {t.Context(), func(context.Context, *Record, []byte) (string, error) { return "", Transient(errBoom) }, transient},
		"one to be tried again": {t.Context(), func(context.Context, *Record, []byte) (string, error) { return "", RetryAfter(1, errBoom) }, transient},
		"a skip":                {t.Context(), func(context.Context, *Record, []byte) (string, error) { return "", Skip(errBoom) }, skip},
		"out of time":           {ctx, func(ctx context.Context, _ *Record, _ []byte) (string, error) { return "", ctx.Err() }, transient},
	}
	for name, test := range tests {
		called := false
		fn := Typed(test.decode, func(context.Context, string, *Record) error { called = true; return nil })
		err := fn(test.ctx, &Record{Value: []byte("v"), ValueSchema: &Schema{"AVRO", "17"}})
		if got := classify(err).outcome; got != test.want || called {
			t.Errorf("%s: outcome of %v = %d, called = %v, want %d without a call", name, err, got, called, test.want)
		}
		if text := err.Error(); !strings.HasPrefix(text, "decode the value, 1 bytes of AVRO schema 17, as string: ") {
			t.Errorf("%s: error = %s, want it to name size, schema and type", name, text)
		}
	}
}

func TestATypedBatchKeepsWhatCannotBeDecodedFromItsFunction(t *testing.T) {
	tests := map[string]struct {
		values  string
		names   string
		opts    []Option
		err     func([]Message[string]) error
		calls   string
		partial string
		took    string
	}{
		"all fine":      {values: "ab", names: "t", calls: "[t1a t2b]"},
		"in the middle": {values: "a!c", names: "t", calls: "[t1a]", partial: "t-0@2 t-0@3"},
		"the first":     {values: "!b", names: "t", partial: "t-0@1 t-0@2"},
		"go on":         {values: "a!c", names: "t", opts: []Option{ContinueOnError()}, calls: "[t1a t3c]", partial: "t-0@2"},
		"with a sink":   {values: "a!c!", names: "t", opts: []Option{DeadLetter(new(sinkLog))}, calls: "[t1a t3c]", took: "t[0]@2 t[0]@4"},
		"only bad, with a sink": {
			values: "!!", names: "t", opts: []Option{DeadLetter(new(sinkLog))}, took: "t[0]@1 t[0]@2",
		},
		"with a sink that fails": {
			values: "a!c", names: "t", opts: []Option{DeadLetter(&sinkLog{err: errBoom})}, calls: "[t1a t3c]", partial: "t-0@2 t-0@3",
		},
		"transient, with a sink": {
			values: "a?c", names: "t", opts: []Option{DeadLetter(new(sinkLog))}, calls: "[t1a]", partial: "t-0@2 t-0@3",
		},
		"two partitions": {
			values: "a!c", names: "t u", opts: []Option{WholeEvent()}, calls: "[t1a u1a]", partial: "t-0@2 t-0@3 u-1@2 u-1@3",
		},
		"a failure of the function": {
			values: "ab!d", names: "t", err: func(m []Message[string]) error { return FailedAt(m[1].Record, errBoom) },
			calls: "[t1a t2b]", partial: "t-0@2 t-0@3 t-0@4",
		},
		"a failure of all": {
			values: "ab!d", names: "t", opts: []Option{ContinueOnError()}, err: func(m []Message[string]) error { return errBoom },
			// Until it is known that just t3 is not to be decoded.
			calls: "[t1a t2b t4d] [t1a t2b] [t4d] [t4d]", partial: "t-0@1 t-0@2 t-0@3 t-0@4",
		},
		"a permanent failure of all": {
			values: "a!", names: "t", opts: []Option{DeadLetter(new(sinkLog))}, err: func(m []Message[string]) error { return Permanent(errBoom) },
			calls: "[t1a] [t1a]", took: "t[0]@1 t[0]@2",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(ReportBatchItemFailuresEnv, "true")
			var calls []string
			h := Handler(TypedBatch(letter, func(_ context.Context, messages []Message[string]) error {
				var got []string
				for _, m := range messages {
					got = append(got, fmt.Sprintf("%s%d%s", m.Topic, m.Offset, m.Value))
				}
				calls = append(calls, fmt.Sprint(got))
				if test.err != nil {
					return test.err(messages)
				}
				return nil
			}), append(test.opts, quiet())...)
			got, err := h.Invoke(t.Context(), values(test.names, test.values))
			if got := strings.Join(calls, " "); got != test.calls {
				t.Errorf("calls = %s, want %s", got, test.calls)
			}
			if err != nil || string(got) != answer(test.partial) {
				t.Errorf("answer = %s, %v, want %s", got, err, answer(test.partial))
			}
			if s, ok := h.(*handler).sink.(*sinkLog); ok {
				var took []string
				for _, line := range s.took {
					place, _, _ := strings.Cut(line, " ")
					took = append(took, place)
				}
				slices.Sort(took)
				if got := strings.Join(took, " "); got != test.took {
					t.Errorf("sink took %s, want %s", got, test.took)
				}
			}
		})
	}
}

func TestATypedBatchGetsTombstones(t *testing.T) {
	fn := TypedBatch(FromJSON[*order], func(_ context.Context, messages []Message[*order]) error {
		if m := messages[0]; m.Value != nil || m.Record.Value != nil {
			return errors.New("a tombstone has a value")
		}
		return nil
	})
	if err := fn(t.Context(), []*Record{{Topic: "t"}}); err != nil {
		t.Error(err)
	}
}
