package kafka

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

var avro = &Schema{DataFormat: "AVRO", SchemaID: "1e0bd9b3-2a53-4dd0-8d65-4ff2a13f7d21"}

// decodedEvents is what the events of testdata are.
var decodedEvents = map[string][]wantPartition{
	"iam": {{name: "mytopic-0", records: []wantRecord{
		{Topic: "mytopic", Offset: 15, Timestamp: at(1545084650987), TimestampType: "CREATE_TIME",
			// The sample key of the AWS documentation: the last character has bits
			// that belong to no byte, which encoding/base64 drops, and so do we.
			Key:     []byte{0x69, 0xb7, 0x03, 0x10, 0x58, 0x21, 0x88, 0x92, 0x8b, 0x9a, 0x7a, 0x0f, 0x41, 0x1b, 0x2d, 0xb9, 0x55, 0x97, 0xcb, 0x3d, 0x76, 0xdf},
			Value:   []byte("Hello, this is a test."),
			Headers: []Header{{"headerKey", []byte("headerValue")}}},
	}}},
	"several-partitions": {
		{name: "eu.orders-v2-0", records: []wantRecord{
			{Topic: "eu.orders-v2", Offset: 100, Timestamp: at(1764000000000), TimestampType: "LOG_APPEND_TIME", Key: []byte("a"), Value: []byte("a1")},
			{Topic: "eu.orders-v2", Offset: 101, Timestamp: at(1764000000001), TimestampType: "LOG_APPEND_TIME", Key: []byte("a"), Value: []byte("a2")},
			{Topic: "eu.orders-v2", Offset: 104, Timestamp: at(1764000000009), TimestampType: "LOG_APPEND_TIME", Key: []byte("a"), Value: []byte("a3")},
		}},
		{name: "eu.orders-v2-10", records: []wantRecord{
			{Topic: "eu.orders-v2", Partition: 10, Offset: 9223372036854775807, Timestamp: at(1764000000003), TimestampType: "LOG_APPEND_TIME", Key: []byte("c"), Value: []byte("c1")},
		}},
		{name: "eu.orders-v2-2", records: []wantRecord{
			{Topic: "eu.orders-v2", Partition: 2, Offset: 0, Timestamp: at(1764000000002), TimestampType: "LOG_APPEND_TIME", Key: []byte("b"), Value: []byte("b1")},
			{Topic: "eu.orders-v2", Partition: 2, Offset: 1, Timestamp: at(1764000000004), TimestampType: "LOG_APPEND_TIME", Key: []byte("b"), Value: []byte("b2")},
		}},
	},
	"tombstones": {{name: "customers-3", records: []wantRecord{
		{Topic: "customers", Partition: 3, Offset: 7, Timestamp: at(1764000000000), TimestampType: "CREATE_TIME", Key: []byte("42")},
		{Topic: "customers", Partition: 3, Offset: 8, Timestamp: at(1764000000001), TimestampType: "CREATE_TIME", Key: []byte("43")},
		{Topic: "customers", Partition: 3, Offset: 9, Timestamp: at(1764000000002), TimestampType: "CREATE_TIME", Key: []byte("44"), Value: []byte{}},
		{Topic: "customers", Partition: 3, Offset: 10, Timestamp: at(1764000000003), TimestampType: "CREATE_TIME", Value: []byte("no key")},
		{Topic: "customers", Partition: 3, Offset: 11, Timestamp: at(1764000000004), TimestampType: "CREATE_TIME", Value: []byte("null key")},
		{Topic: "customers", Partition: 3, Offset: 12, Timestamp: at(1764000000005), TimestampType: "CREATE_TIME", Key: []byte{}, Value: []byte("empty key")},
	}}},
	"headers": {{name: "audit-0", records: []wantRecord{
		{Topic: "audit", Offset: 0, Timestamp: at(1595035749700), TimestampType: "CREATE_TIME", Key: []byte("8d5596b4"), Value: []byte("8d5596b4"), Headers: []Header{
			{"signed", []byte{118, 220, 0, 127, 128}},
			{"unsigned", []byte{118, 220, 0, 127, 128, 255}},
			{"trace", []byte("1")},
			{"trace", []byte("2")},
			{"empty", []byte{}},
			{"null", nil},
			{"spaced", []byte{1, 255, 2}},
		}},
		{Topic: "audit", Offset: 1, Timestamp: at(1595035749701), TimestampType: "CREATE_TIME", Key: []byte("8d5596b4"), Value: []byte("8d5596b4")},
		{Topic: "audit", Offset: 2, Timestamp: at(1595035749702), TimestampType: "CREATE_TIME", Key: []byte("8d5596b4"), Value: []byte("8d5596b4")},
	}}},
	"schema-metadata": {{name: "orders-0", records: []wantRecord{
		{Topic: "orders", Offset: 41, Timestamp: at(1764000000000), TimestampType: "CREATE_TIME", Key: []byte("1"), Value: []byte(`{"id":1}`),
			KeySchema: &Schema{DataFormat: "JSON", SchemaID: "b01f4d4e-4ed7-4d2a-9a73-1a5c0e7c8f11"}, ValueSchema: avro},
		{Topic: "orders", Offset: 42, Timestamp: at(1764000000001), TimestampType: "CREATE_TIME", Key: []byte("2"), Value: []byte(`{"id":2}`), ValueSchema: avro},
	}}},
	"self-managed": {{name: "my_topic.v1-6", records: []wantRecord{
		{Topic: "my_topic.v1", Partition: 6, Offset: 150326091, Timestamp: at(-1), TimestampType: "NO_TIMESTAMP_TYPE",
			Value: []byte{0, 1, 2, 3, 254, 253, 254, 255}, Headers: []Header{{"id", []byte("a")}}},
	}}},
	"escapes": {{name: "orders-eu-0", records: []wantRecord{
		{Topic: "orders-eu", Offset: 3, Timestamp: at(1764000000000), TimestampType: "CREATE_TIME", Key: []byte("???"),
			Value:   []byte("abcdefghijklmnopqrstuvwxyz?abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"),
			Headers: []Header{{"caf\u00e9 \U0001f600 \u00e9", []byte{1}}, {"lone \ufffd!", []byte{2}}}},
	}}},
}

func TestDecodeEventsAsAWSWritesThem(t *testing.T) {
	for name, want := range decodedEvents {
		t.Run(name, func(t *testing.T) {
			got, err := decode(readEvent(t, name), new(memory))
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(got, want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeOrdersPartitionsByName(t *testing.T) {
	got, err := decode([]byte(`{"records":{"b-1":[`+record(1)+`],"a-0":[],"b-0":[`+record(2)+`],"a-1":[`+record(3)+`]}}`), new(memory))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range got {
		names = append(names, p.name)
	}
	if got, want := strings.Join(names, " "), "a-1 b-0 b-1"; got != want {
		t.Errorf("partitions = %s, want %s", got, want)
	}
}

// record returns a record of the event, with more members if there are any.
func record(offset int, more ...string) string {
	return fmt.Sprintf(`{"topic":"t","partition":0,"offset":%d%s}`, offset, strings.Join(append([]string{""}, more...), ","))
}

func TestDecodeAllocatesAFixedHandful(t *testing.T) {
	for _, e := range benchmarks {
		event := e.event()
		payload := make([]byte, len(event))
		got := testing.AllocsPerRun(5, func() {
			copy(payload, event)
			if _, err := decode(payload, new(memory)); err != nil {
				t.Fatal(err)
			}
		})
		if got > 10 {
			t.Errorf("allocations for %s = %v, want 10 at most", e.name, got)
		}
	}
}

func TestDecodeRecordsOfAnySizeInAnyNumber(t *testing.T) {
	// Sizes that jump defeat the estimate of how many records will come.
	var event, want bytes.Buffer
	event.WriteString(`{"records":{"t-0":[`)
	for i := range 3000 {
		if i > 0 {
			event.WriteByte(',')
		}
		size := 0
		if i%1000 > 900 {
			size = i
		}
		value := strings.Repeat("QUJD", size)
		headers := strings.TrimSuffix(strings.Repeat(`{"h":[1,2]},`, i%7*(i/1000)), ",")
		event.WriteString(record(i, `"value":"`+value+`"`, `"headers":[`+headers+`]`))
		fmt.Fprintf(&want, "%d:%d:%d ", i, 3*size, i%7*(i/1000))
	}
	event.WriteString(`]}}`)
	parts, err := decode(event.Bytes(), new(memory))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, r := range parts[0].records {
		if strings.Trim(string(r.Value), "ABC") != "" {
			t.Fatalf("value of %v = %q, want ABC...", &r, r.Value)
		}
		headers := 0
		for key, value := range r.Headers() {
			if headers++; key != "h" || string(value) != "\x01\x02" {
				t.Fatalf("header of %v = %q %q, want h = 1, 2", &r, key, value)
			}
		}
		fmt.Fprintf(&got, "%d:%d:%d ", r.Offset, len(r.Value), headers)
	}
	if got.String() != want.String() {
		t.Errorf("offset:bytes:headers = %s, want %s", got.String(), want.String())
	}
}

func TestDecodeTakesManyPartitionsInLinearTime(t *testing.T) {
	var event bytes.Buffer
	event.WriteString(`{"records":{`)
	const n = 100000
	for i := range n {
		fmt.Fprintf(&event, `"t-%d":[],`, i)
	}
	event.WriteString(`"t-0":[` + record(1) + `]}}`)
	parts, err := decode(event.Bytes(), new(memory))
	if err != nil || len(parts) != 1 {
		t.Errorf("partitions = %d, %v, want 1", len(parts), err)
	}
}
