package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/lambdalog"
)

func TestProcessLogsPlacesAndSizesAndValuesWhenAskedFor(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	tests := map[string]struct {
		key, value []byte
		sizes      string
		values     string
	}{
		"text":      {[]byte("a"), []byte(`{"id":1}`), `"keyBytes":1,"valueBytes":8`, `"key":"a","value":"{\"id\":1}"`},
		"utf-8":     {[]byte("caf\u00e9"), []byte{}, `"keyBytes":5,"valueBytes":0`, `"key":"caf` + "\u00e9" + `","value":""`},
		"bytes":     {[]byte{0xff}, []byte{0, 0xfe}, `"keyBytes":1,"valueBytes":2`, `"key":"/w==","value":"AP4="`},
		"tombstone": {nil, nil, `"keyBytes":null,"valueBytes":null`, `"key":null,"value":null`},
	}
	for name, test := range tests {
		for _, values := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				var out bytes.Buffer
				slog.SetDefault(slog.New(kafka.LogHandler(lambdalog.NewHandler(&out))))
				record := kafka.Record{Topic: "orders", Partition: 3, Offset: 7, Key: test.key, Value: test.value}
				result := kafkatest.Run(t, kafka.Handler(function{values}.process), kafkatest.Event(record), kafkatest.OnDemand)
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				want := `"topic":"orders","partition":3,"offset":7,` + test.sizes
				if values {
					want += "," + test.values
				}
				line, _, _ := strings.Cut(out.String(), "\n")
				for _, want := range []string{want, `"level":"INFO","message":"record","requestId":"`} {
					if strings.Count(line, want) != 1 {
						t.Errorf("line = %s, want %s once", line, want)
					}
				}
				if !values && strings.Contains(line, `"value":`) {
					t.Errorf("line = %s, want no values", line)
				}
			})
		}
	}
}
