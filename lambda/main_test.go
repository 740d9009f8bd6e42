package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"msklambda/lambda/kafka"
)

func TestProcessLogsTextOrBase64(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	tests := map[string]struct {
		key, value []byte
		want       string
	}{
		"text":      {[]byte("a"), []byte(`{"id":1}`), `"key":"a","value":"{\"id\":1}"}`},
		"utf-8":     {[]byte("caf\u00e9"), []byte{}, `"key":"caf` + "\u00e9" + `","value":""}`},
		"bytes":     {[]byte{0xff}, []byte{0, 0xfe}, `"key":"/w==","value":"AP4="}`},
		"tombstone": {nil, nil, `"key":null,"value":null}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			slog.SetDefault(newLogger(&out))
			err := process(context.Background(), &kafka.Record{Topic: "orders", Partition: 3, Offset: 7, Key: test.key, Value: test.value})
			if err != nil {
				t.Fatal(err)
			}
			want := `"level":"INFO","message":"record","topic":"orders","partition":3,"offset":7,` + test.want
			if got := out.String(); !strings.Contains(got, want) {
				t.Errorf("log = %s, want %s", got, want)
			}
		})
	}
}

func TestTheLogLevelIsThatOfLambda(t *testing.T) {
	for level, want := range map[string]string{"": "INFO WARN", "INFO": "INFO WARN", "DEBUG": "DEBUG INFO WARN", "TRACE": "DEBUG INFO WARN", "WARN": "WARN", "FATAL": "", "nonsense": "INFO WARN"} {
		t.Setenv("AWS_LAMBDA_LOG_LEVEL", level)
		var out bytes.Buffer
		l := newLogger(&out)
		l.Debug("DEBUG")
		l.Info("INFO")
		l.Warn("WARN")
		var got []string
		for line := range strings.Lines(out.String()) {
			_, rest, _ := strings.Cut(line, `"message":"`)
			message, _, _ := strings.Cut(rest, `"`)
			got = append(got, message)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("level %q logs %s, want %s", level, got, want)
		}
	}
}
