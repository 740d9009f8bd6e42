package kafkatest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"iter"
	"os"
	"strconv"
	"testing"
	"time"

	"msklambda/lambda/kafka"
)

// Records returns records of a partition with these values, from an offset on,
// without keys. They are a second apart, from 2025 on.
func Records(topic string, partition int32, offset int64, values ...string) []kafka.Record {
	records := make([]kafka.Record, len(values))
	for i, v := range values {
		records[i] = kafka.Record{
			Topic: topic, Partition: partition, Offset: offset + int64(i),
			Timestamp: time.Date(2025, 1, 1, 0, 0, i, 0, time.UTC), TimestampType: "CREATE_TIME",
			Value: []byte(v),
		}
	}
	return records
}

// Keyed returns records as [Records] does, with these keys and values in turns.
// It panics if there is a key without a value.
func Keyed(topic string, partition int32, offset int64, keysAndValues ...string) []kafka.Record {
	if len(keysAndValues)%2 != 0 {
		panic("kafkatest: Keyed needs a value for each key, got a key without one")
	}
	records := Records(topic, partition, offset, make([]string, len(keysAndValues)/2)...)
	for i := range records {
		records[i].Key, records[i].Value = []byte(keysAndValues[2*i]), []byte(keysAndValues[2*i+1])
	}
	return records
}

// Event returns the event that Lambda makes of records, as AWS documents it. The
// records of a partition are in the order given. A nil Key or Value is null, a zero
// Timestamp is left out.
func Event(records ...kafka.Record) []byte { return documented.event(records) }

// Variants returns the event in each form that Lambda, or what stands in for it,
// was seen to give it: what a function makes of the records must not depend on it.
// The names are for subtests.
func Variants(records ...kafka.Record) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, f := range forms {
			if !yield(f.name, f.event(records)) {
				return
			}
		}
	}
}

// form is a way to write an event.
type form struct {
	name        string
	absent      bool // what is null or empty is left out
	unsigned    bool // bytes of headers from 0 to 255
	selfManaged bool
	unknown     bool // members that nobody knows
	backwards   bool // members in another order
	indented    bool
}

var documented = form{name: "documented"}

var forms = []form{
	documented,
	{name: "null is absent", absent: true},
	{name: "unsigned header bytes", unsigned: true},
	{name: "self-managed cluster", selfManaged: true},
	{name: "unknown members", unknown: true},
	{name: "another order", backwards: true},
	{name: "white space", indented: true},
}

// member is a name with JSON.
type member struct{ name, value string }

func (f form) object(members []member) string {
	if f.unknown {
		members = append(members, member{"someday", `{"a":[1,{"b":null}]}`})
	}
	b := []byte{'{'}
	for i := range members {
		m := members[i]
		if f.backwards {
			m = members[len(members)-1-i]
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(m.name)...)
		b = append(b, ':')
		b = append(b, m.value...)
	}
	return string(append(b, '}'))
}

// quote returns s as JSON, without the escapes for HTML that are Go's own.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string has no way to fail
	return string(bytes.TrimRight(b.Bytes(), "\n"))
}

func (f form) event(records []kafka.Record) []byte {
	var names []string
	groups := map[string]string{}
	for i := range records {
		r := &records[i]
		name := r.Topic + "-" + strconv.Itoa(int(r.Partition))
		if group, ok := groups[name]; ok {
			groups[name] = group + ","
		} else {
			names = append(names, name)
		}
		groups[name] += f.record(r)
	}
	// Not object: every member of this one is a partition.
	all := "{"
	for i, name := range names {
		if i > 0 {
			all += ","
		}
		all += quote(name) + ":[" + groups[name] + "]"
	}
	members := []member{
		{"eventSource", `"aws:kafka"`},
		{"eventSourceArn", `"arn:aws:kafka:eu-central-1:111122223333:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2"`},
		{"bootstrapServers", `"b-1.demo.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9098,b-2.demo.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9098"`},
		{"records", all + "}"},
	}
	if f.selfManaged {
		members = []member{{"eventSource", `"SelfManagedKafka"`}, members[2], members[3]}
	}
	event := []byte(f.object(members))
	if f.indented {
		var b bytes.Buffer
		if err := json.Indent(&b, event, "\r\n", "\t"); err != nil {
			panic(err) // a bug here
		}
		event = b.Bytes()
	}
	return event
}

func (f form) record(r *kafka.Record) string {
	members := []member{
		{"topic", quote(r.Topic)},
		{"partition", strconv.Itoa(int(r.Partition))},
		{"offset", strconv.FormatInt(r.Offset, 10)},
	}
	if !r.Timestamp.IsZero() {
		members = append(members, member{"timestamp", strconv.FormatInt(r.Timestamp.UnixMilli(), 10)})
	}
	if r.TimestampType != "" {
		members = append(members, member{"timestampType", quote(r.TimestampType)})
	}
	for _, m := range []struct {
		name  string
		bytes []byte
	}{{"key", r.Key}, {"value", r.Value}} {
		switch {
		case m.bytes != nil:
			members = append(members, member{m.name, `"` + base64.StdEncoding.EncodeToString(m.bytes) + `"`})
		case !f.absent:
			members = append(members, member{m.name, "null"})
		}
	}
	headers := ""
	for key, value := range r.Headers() {
		if headers != "" {
			headers += ","
		}
		headers += "{" + quote(key) + ":" + f.byteArray(value) + "}"
	}
	if headers != "" || !f.absent {
		members = append(members, member{"headers", "[" + headers + "]"})
	}
	for _, m := range []struct {
		name   string
		schema *kafka.Schema
	}{{"keySchemaMetadata", r.KeySchema}, {"valueSchemaMetadata", r.ValueSchema}} {
		if m.schema != nil {
			members = append(members, member{m.name, f.object([]member{{"dataFormat", quote(m.schema.DataFormat)}, {"schemaId", quote(m.schema.SchemaID)}})})
		}
	}
	return f.object(members)
}

// byteArray writes the bytes of a header as Java's are, from -128 to 127, or from
// 0 to 255.
func (f form) byteArray(value []byte) string {
	if value == nil {
		return "null"
	}
	b := []byte{'['}
	for i, c := range value {
		if i > 0 {
			b = append(b, ',')
		}
		n := int64(int8(c))
		if f.unsigned {
			n = int64(c)
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, ']'))
}

// Load reads an event of a file. A byte order mark in front of it, as some editors
// write, is left out.
func Load(t testing.TB, path string) []byte {
	t.Helper()
	event, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return withoutMark(event)
}

// withoutMark returns an event without the byte order mark of UTF-8.
func withoutMark(event []byte) []byte {
	return bytes.TrimPrefix(event, []byte("\xef\xbb\xbf"))
}
