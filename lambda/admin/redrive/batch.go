// Package redrive has a function handle what an event source mapping gave up: it
// reads failed batches at a destination, invokes the function with the same event, and
// removes a batch once all of it is handled. Whatever ends it, nothing that was not
// handled is removed.
package redrive

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/kafka/deadletter"
)

// Batch is what a message at a destination is about.
type Batch struct {
	Function  string // ARN of who failed; "" where the message does not say
	Cluster   string // ARN
	Brokers   string // as the event had them
	Condition string // why it was given up

	// Records are those that the message holds itself.
	Records []Record

	// Ranges are those to be read from the topic again, where it holds none.
	Ranges []Range

	// Size is how many records the batch had; 0 where the message does not say.
	Size int

	// Letter is whether it is a record that a function itself gave up, and no batch
	// of Lambda's.
	Letter bool
}

// Record is a record as it stands in an event.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	JSON      json.RawMessage
}

// Range is records of a partition, from one offset to another, both of them in it.
type Range struct {
	Topic       string
	Partition   int32
	First, Last int64
}

// document is what Lambda writes to a destination of a mapping on Kafka.
type document struct {
	RequestContext struct {
		FunctionARN string `json:"functionArn"`
		Condition   string `json:"condition"`
	} `json:"requestContext"`
	KafkaBatchInfo *struct {
		BatchSize        int    `json:"batchSize"`
		EventSourceARN   string `json:"eventSourceArn"`
		BootstrapServers string `json:"bootstrapServers"`
		RecordsInfo      map[string]struct {
			First offset `json:"firstRecordOffset"`
			Last  offset `json:"lastRecordOffset"`
		} `json:"recordsInfo"`
	} `json:"KafkaBatchInfo"`
	Payload json.RawMessage `json:"payload"`
}

// offset is text in AWS' example, and was seen as a number.
type offset int64

func (o *offset) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	*o = offset(n)
	return err
}

// notOursError is that a message is none of a mapping's.
type notOursError struct{ why string }

func (e notOursError) Error() string { return "it is no failed batch: " + e.why }

// Parse reads a message: a document of Lambda, as it is or in a notification of SNS,
// or a letter of package deadletter.
func Parse(m *Message) (*Batch, error) {
	if b, ok, err := letterOfTopic(m); ok || err != nil {
		return b, err
	}
	body := m.Body
	var notification struct{ Type, TopicArn, Message string }
	if json.Unmarshal(body, &notification) == nil && notification.Type == "Notification" && notification.TopicArn != "" {
		body = []byte(notification.Message)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil, notOursError{"it is no JSON object"}
	}
	switch {
	case members["KafkaBatchInfo"] != nil:
		return parseDocument(body)
	case members["topic"] != nil && members["offset"] != nil && members["error"] != nil && members["attempts"] != nil:
		var l deadletter.Letter
		if err := json.Unmarshal(body, &l); err != nil {
			return nil, notOursError{err.Error()}
		}
		return letter(&l), nil
	}
	return nil, notOursError{"it has no KafkaBatchInfo, as a mapping on Kafka writes it"}
}

func parseDocument(body []byte) (*Batch, error) {
	var d document
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, notOursError{err.Error()}
	}
	if d.KafkaBatchInfo == nil || d.RequestContext.FunctionARN == "" {
		return nil, notOursError{"it does not say of which function"}
	}
	info := d.KafkaBatchInfo
	b := &Batch{Function: d.RequestContext.FunctionARN, Condition: d.RequestContext.Condition, Cluster: info.EventSourceARN,
		Brokers: info.BootstrapServers, Size: info.BatchSize}
	for _, name := range slices.Sorted(maps.Keys(info.RecordsInfo)) {
		i := strings.LastIndexByte(name, '-')
		partition, err := strconv.ParseInt(name[i+1:], 10, 32)
		r := info.RecordsInfo[name]
		if i < 1 || err != nil || r.First < 0 || r.Last < r.First {
			return nil, notOursError{fmt.Sprintf("records %q from %d to %d are none", name, r.First, r.Last)}
		}
		b.Ranges = append(b.Ranges, Range{name[:i], int32(partition), int64(r.First), int64(r.Last)})
	}
	payload := []byte(d.Payload)
	var text string
	if json.Unmarshal(payload, &text) == nil {
		payload = []byte(text)
	}
	if len(bytes.TrimSpace(payload)) == 0 || string(payload) == "null" {
		if len(b.Ranges) == 0 {
			return nil, notOursError{"it names no records"}
		}
		return b, nil
	}
	records, err := recordsOf(payload)
	if err != nil {
		return nil, notOursError{"its payload: " + err.Error()}
	}
	// To a topic a message is written for each record, and says of all what they were.
	b.Records, b.Ranges = records, nil
	b.Size = len(records)
	return b, nil
}

// recordsOf are the records of a payload: an event, or one record of it.
func recordsOf(payload []byte) ([]Record, error) {
	var event struct {
		Records map[string][]json.RawMessage `json:"records"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	for _, name := range slices.Sorted(maps.Keys(event.Records)) {
		raw = append(raw, event.Records[name]...)
	}
	if event.Records == nil {
		raw = []json.RawMessage{payload}
	}
	var out []Record
	for _, text := range raw {
		var r struct {
			Topic     string `json:"topic"`
			Partition *int32 `json:"partition"`
			Offset    *int64 `json:"offset"`
		}
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, err
		}
		if r.Topic == "" || r.Partition == nil || r.Offset == nil {
			return nil, fmt.Errorf("a record without topic, partition and offset")
		}
		out = append(out, Record{r.Topic, *r.Partition, *r.Offset, text})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no record in it")
	}
	return out, nil
}

// letter is a record that a function gave up itself.
func letter(l *deadletter.Letter) *Batch {
	r := ask.Record{Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Key: l.Key, Value: l.Value, Appended: l.TimestampType == "LOG_APPEND_TIME"}
	if l.Timestamp != nil {
		r.Timestamp = l.Timestamp.UnixMilli()
	}
	for _, h := range l.Headers {
		r.Headers = append(r.Headers, ask.Header{Key: h.Key, Value: h.Value})
	}
	one := RecordOf(&r)
	if l.KeySchema != nil || l.ValueSchema != nil {
		// Lambda says it of a record beside it.
		var members map[string]any
		if json.Unmarshal(one.JSON, &members) == nil {
			if l.KeySchema != nil {
				members["keySchemaMetadata"] = map[string]string{"dataFormat": l.KeySchema.DataFormat, "schemaId": l.KeySchema.SchemaID}
			}
			if l.ValueSchema != nil {
				members["valueSchemaMetadata"] = map[string]string{"dataFormat": l.ValueSchema.DataFormat, "schemaId": l.ValueSchema.SchemaID}
			}
			if text, err := json.Marshal(members); err == nil {
				one.JSON = text
			}
		}
	}
	return &Batch{Records: []Record{one}, Size: 1, Letter: true, Condition: "given up by the function: " + l.Error}
}

// letterOfTopic is a letter in a topic, whose origin is in its headers.
func letterOfTopic(m *Message) (*Batch, bool, error) {
	origin := map[string]string{}
	var own []deadletter.Header
	for _, h := range m.Headers {
		if strings.HasPrefix(h.Key, "dead-letter-") {
			origin[h.Key] = string(h.Value)
		} else {
			own = append(own, deadletter.Header{Key: h.Key, Value: h.Value})
		}
	}
	if origin[deadletter.Topic] == "" {
		return nil, false, nil
	}
	partition, err := strconv.ParseInt(origin[deadletter.Partition], 10, 32)
	at, err2 := strconv.ParseInt(origin[deadletter.Offset], 10, 64)
	if err != nil || err2 != nil {
		return nil, true, notOursError{fmt.Sprintf("its headers say partition %q and offset %q", origin[deadletter.Partition], origin[deadletter.Offset])}
	}
	l := &deadletter.Letter{Topic: origin[deadletter.Topic], Partition: int32(partition), Offset: at, Key: m.Key, Value: m.Body, Headers: own, Error: origin[deadletter.Error]}
	if when, err := parseTime(origin[deadletter.Timestamp]); err == nil {
		l.Timestamp = &when
	}
	return letter(l), true, nil
}

func encode(b []byte) json.RawMessage {
	if b == nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(`"` + base64.StdEncoding.EncodeToString(b) + `"`)
}
