package redrive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"msklambda/lambda/admin/ask"
)

func parseTime(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) }

// RecordOf is a record as Lambda writes it into an event.
func RecordOf(r *ask.Record) Record {
	kind := "CREATE_TIME"
	if r.Appended {
		kind = "LOG_APPEND_TIME"
	}
	headers := []json.RawMessage{}
	for _, h := range r.Headers {
		headers = append(headers, header(h))
	}
	text, _ := json.Marshal(struct {
		Topic         string            `json:"topic"`
		Partition     int32             `json:"partition"`
		Offset        int64             `json:"offset"`
		Timestamp     int64             `json:"timestamp"`
		TimestampType string            `json:"timestampType"`
		Key           json.RawMessage   `json:"key"`
		Value         json.RawMessage   `json:"value"`
		Headers       []json.RawMessage `json:"headers"`
	}{r.Topic, r.Partition, r.Offset, r.Timestamp, kind, encode(r.Key), encode(r.Value), headers}) // of which nothing can fail
	return Record{r.Topic, r.Partition, r.Offset, text}
}

// header is a header as Lambda writes it: its bytes are Java's, from -128 to 127.
func header(h ask.Header) json.RawMessage {
	name, _ := json.Marshal(h.Key)
	b := append(append([]byte{'{'}, name...), ':')
	if h.Value == nil {
		return append(b, "null}"...)
	}
	b = append(b, '[')
	for i, c := range h.Value {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(int8(c)), 10)
	}
	return append(b, "]}"...)
}

// name is a partition as events and answers call it.
func (r *Record) name() string { return fmt.Sprintf("%s-%d", r.Topic, r.Partition) }

// maxEvent is what Lambda takes, with a little for what it adds.
const maxEvent = 6<<20 - 1024

// events are the events of records, each as large as Lambda takes it, with the records
// that are in it. The records of a partition stay in their order.
func events(b *Batch, records []Record) (out []event, err error) {
	head, _ := json.Marshal(b.Cluster)
	brokers, _ := json.Marshal(b.Brokers)
	open := fmt.Appendf(nil, `{"eventSource":"aws:kafka","eventSourceArn":%s,"bootstrapServers":%s,"records":{`, head, brokers)
	var in []Record
	size := 0
	flush := func() {
		if len(in) > 0 {
			out = append(out, event{eventOf(open, in), in})
		}
		in, size = nil, len(open)+2
	}
	flush()
	for _, r := range records {
		n := len(r.JSON) + len(r.Topic) + 24
		if len(open)+2+n > maxEvent {
			return nil, fmt.Errorf("record %s@%d has %d bytes in an event, and Lambda takes %d: it fits into none", r.name(), r.Offset, len(r.JSON), maxEvent)
		}
		if size+n > maxEvent {
			flush()
		}
		in = append(in, r)
		size += n
	}
	flush()
	return out, nil
}

type event struct {
	text    []byte
	records []Record
}

func eventOf(open []byte, records []Record) []byte {
	var names []string
	groups := map[string][]json.RawMessage{}
	for i := range records {
		name := records[i].name()
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], records[i].JSON)
	}
	out := bytes.NewBuffer(bytes.Clone(open))
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		quoted, _ := json.Marshal(name)
		out.Write(quoted)
		out.WriteString(":[")
		for k, r := range groups[name] {
			if k > 0 {
				out.WriteByte(',')
			}
			out.Write(r)
		}
		out.WriteByte(']')
	}
	out.WriteString("}}")
	return out.Bytes()
}

// failed are the records that an answer names as not handled. One that names what was
// not in the event, or in no way that can be read, is an answer of nothing, as Lambda
// takes it: all failed.
func failed(answer []byte, records []Record) (left []Record, err error) {
	var a struct {
		BatchItemFailures json.RawMessage `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &a) != nil || a.BatchItemFailures == nil {
		return nil, nil // no answer of this kind, which is one that all are handled
	}
	var failures []struct {
		ItemIdentifier struct {
			Partition string `json:"partition"`
			Offset    *int64 `json:"offset"`
		} `json:"itemIdentifier"`
	}
	if err := json.Unmarshal(a.BatchItemFailures, &failures); err != nil {
		return records, fmt.Errorf("its answer's batchItemFailures cannot be read: %w", err)
	}
	if len(failures) == 0 {
		return nil, nil
	}
	named := map[string]bool{}
	for _, f := range failures {
		if f.ItemIdentifier.Offset == nil {
			return records, fmt.Errorf("its answer names a record without an offset")
		}
		named[fmt.Sprintf("%s@%d", f.ItemIdentifier.Partition, *f.ItemIdentifier.Offset)] = true
	}
	for _, r := range records {
		at := fmt.Sprintf("%s@%d", r.name(), r.Offset)
		if named[at] {
			left = append(left, r)
			delete(named, at)
		}
	}
	for at := range named {
		return records, fmt.Errorf("its answer names %s, which it was not given", at)
	}
	return left, nil
}
