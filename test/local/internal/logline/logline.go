// Package logline makes the JSON that a function logs readable: when, how bad, where,
// what, and the rest as it comes.
package logline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// field is one of a line, in the order of the line.
type field struct {
	name string
	text string // of a string, its value; else its JSON
	is   byte   // '"' of a string
}

// Readable returns a line of JSON as a person reads it, and any other as it is. The id of the
// request is left out: -raw has it.
//
//	12:00:01.123 INFO  orders[0]@7 record keyBytes=10 valueBytes=45
func Readable(line string) string {
	fields, ok := parse(line)
	if !ok {
		return line
	}
	known := map[string]string{}
	var rest []string
	for _, f := range fields {
		switch f.name {
		case "timestamp", "time", "level", "message", "msg", "topic", "partition", "offset":
			if _, twice := known[f.name]; !twice {
				known[f.name] = f.text
				continue
			}
		case "requestId", "requestID", "AWSRequestId":
			continue
		}
		rest = append(rest, f.name+"="+quoted(f))
	}
	message, hasMessage := first(known, "message", "msg")
	if _, hasLevel := known["level"]; !hasLevel && !hasMessage {
		return line // JSON, and no log line
	}
	var b strings.Builder
	if at, ok := first(known, "timestamp", "time"); ok {
		b.WriteString(clock(at) + " ")
	}
	fmt.Fprintf(&b, "%-5s", strings.ToUpper(known["level"]))
	where, place := position(known)
	if where != "" {
		b.WriteString(" " + where)
	}
	if message != "" {
		b.WriteString(" " + message)
	}
	for _, part := range append(place, rest...) {
		b.WriteString(" " + part)
	}
	return b.String()
}

func first(known map[string]string, names ...string) (string, bool) {
	for _, name := range names {
		if text, ok := known[name]; ok {
			return text, true
		}
	}
	return "", false
}

// position is that of a record, or what there is of one.
func position(known map[string]string) (where string, parts []string) {
	topic, hasTopic := known["topic"]
	partition, hasPartition := known["partition"]
	offset, hasOffset := known["offset"]
	if hasTopic && hasPartition {
		where = topic + "[" + partition + "]"
		if hasOffset {
			where += "@" + offset
		}
		return where, nil
	}
	if hasTopic {
		parts = append(parts, "topic="+topic)
	}
	if hasPartition {
		parts = append(parts, "partition="+partition)
	}
	if hasOffset {
		parts = append(parts, "offset="+offset)
	}
	return "", parts
}

// clock is the time of the day; the day is today.
func clock(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return at.Local().Format("15:04:05.000")
}

func quoted(f field) string {
	if f.is != '"' {
		return f.text
	}
	if f.text == "" || strings.ContainsFunc(f.text, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == '=' || !unicode.IsPrint(r) }) {
		return strconv.Quote(f.text)
	}
	return f.text
}

// parse reads an object into its fields.
func parse(line string) ([]field, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "{") {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(line))
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	var fields []field
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, false
		}
		f := field{name: name.(string), text: compact(value), is: value[0]}
		if f.is == '"' && json.Unmarshal(value, &f.text) != nil {
			return nil, false
		}
		fields = append(fields, f)
	}
	if _, err := dec.Token(); err != nil || dec.More() {
		return nil, false
	}
	rest := make([]byte, 1)
	if n, _ := dec.Buffered().Read(rest); n > 0 {
		return nil, false // something follows it
	}
	return fields, len(fields) > 0
}

func compact(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}
