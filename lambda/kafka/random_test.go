package kafka

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomEvents writes events that are nearly right: bytes mutated at random, as
// the fuzzer does, seldom get past the first bracket.
type randomEvents struct {
	*rand.Rand
}

func (r randomEvents) pick(of ...string) string { return of[r.IntN(len(of))] }

// seldom is true once in n times.
func (r randomEvents) seldom(n int) bool { return r.IntN(n) == 0 }

func (r randomEvents) space() string {
	if r.seldom(8) {
		return r.pick(" ", "\n", "\t ", "\r\n  ")
	}
	return ""
}

// quote writes s as a JSON string, at times with escapes.
func (r randomEvents) quote(s string) string {
	escape := r.seldom(6)
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if escape && r.seldom(4) {
			fmt.Fprintf(&b, `\u%04x`, s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (r randomEvents) list(open, end string, element func() string) string {
	var s []string
	for range r.IntN(4) {
		s = append(s, r.space()+element()+r.space())
	}
	if r.seldom(60) {
		s = append(s, "")
	}
	return open + strings.Join(s, ",") + r.space() + end
}

func (r randomEvents) member(name, value string) string {
	return r.quote(name) + r.space() + ":" + r.space() + value
}

func (r randomEvents) value() string {
	switch r.IntN(9) {
	case 0:
		return r.list("[", "]", r.value)
	case 1:
		return r.list("{", "}", func() string { return r.member(r.name(), r.value()) })
	case 2:
		return r.pick("true", "false", "nul", "tru", "", "NaN", "'a'")
	case 3:
		return r.base64()
	case 4:
		return r.integer()
	case 5:
		return r.pick(`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\u00"`, `"\x"`, "\"\xff\"", "\"\xe2\x82\"", "\"\x01\"", `"\/\b\f\n\r\t\"\\"`, `"`)
	}
	return "null"
}

func (r randomEvents) name() string {
	return r.pick("topic", "partition", "offset", "timestamp", "timestampType", "key", "value", "headers",
		"keySchemaMetadata", "valueSchemaMetadata", "dataFormat", "schemaId", "records", "eventSource", "x", "", "timestampTyp", "keys")
}

func (r randomEvents) integer() string {
	switch r.IntN(8) {
	case 0:
		return r.pick("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
			"18446744073709551616", "184467440737095516150", "2147483647", "2147483648", "99999999999999999999999999")
	case 1:
		return r.pick("-0", "00", "01", "1.0", "1e3", "1E2", "-", "+1", "0x1", "1_0", "1.", "-01", ".5")
	}
	return fmt.Sprint(r.Int64N(1 << r.IntN(62)))
}

func (r randomEvents) base64() string {
	b := make([]byte, r.IntN(120))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	s := base64.StdEncoding.EncodeToString(b)
	if r.seldom(40) && len(s) > 0 {
		i := r.IntN(len(s))
		s = s[:i] + r.pick("=", "-", "\x00", "\xff", "\n", " ", "A", "") + s[i+r.IntN(2):]
	}
	if r.seldom(10) {
		s = strings.ReplaceAll(s, "/", `\/`)
		return `"` + strings.ReplaceAll(s, "=", `\u003d`) + `"`
	}
	return r.quote(s)
}

func (r randomEvents) headerByte() string {
	if r.seldom(300) {
		return r.value()
	}
	if r.seldom(200) {
		return fmt.Sprint(r.IntN(2000) - 1000)
	}
	return fmt.Sprint(r.IntN(384) - 128)
}

func (r randomEvents) header() string {
	if r.seldom(60) {
		return r.value()
	}
	return r.list("{", "}", func() string {
		bytes := func() string { return r.space() + r.headerByte() + r.space() }
		var s []string
		for range r.IntN(20) {
			s = append(s, bytes())
		}
		return r.member(r.pick("a", "b", "trace-id", "\u00e9", "value"), "["+strings.Join(s, ",")+"]")
	})
}

// plainHeaders writes headers as AWS does, at times with a number that is none.
func (r randomEvents) plainHeaders() string {
	var headers []string
	for range r.IntN(4) {
		var numbers []string
		for range r.IntN(12) {
			n := fmt.Sprint(r.IntN(256) - 128)
			if r.seldom(50) {
				n = r.pick("", "01", "-", "1.", "1e", "{", "}", "[", "{}", "x", "\x00", "null", "300", "[]", "1]", `"`, "1 2")
			}
			numbers = append(numbers, n)
		}
		headers = append(headers, `{"`+r.pick("a", "b", "trace-id", "\u00e9", `\"`, `\\`)+`":[`+strings.Join(numbers, ",")+`]}`)
	}
	return `"headers":[` + strings.Join(headers, ",") + `]`
}

func (r randomEvents) field() string {
	name := r.name()
	if r.seldom(60) {
		return r.member(name, r.value())
	}
	value := r.value
	switch name {
	case "topic", "timestampType", "eventSource", "dataFormat", "schemaId":
		value = func() string {
			return r.quote(r.pick("t", "orders-eu", "CREATE_TIME", "LOG_APPEND_TIME", "\u00e9\xf0\x9f\x98\x80"))
		}
	case "partition", "offset", "timestamp":
		value = r.integer
	case "key", "value":
		value = r.base64
	case "headers":
		value = func() string { return r.list("[", "]", r.header) }
	case "keySchemaMetadata", "valueSchemaMetadata":
		value = func() string {
			return r.list("{", "}", func() string {
				return r.member(r.pick("dataFormat", "schemaId", "x"), r.pick(`"AVRO"`, `"1"`, "null", "12", `"JSON"`))
			})
		}
	}
	return r.member(name, value())
}

// plainRecord writes a record as AWS does, of one topic and partition, at times
// with one thing that is not.
func (r randomEvents) plainRecord() string {
	kind := r.pick("CREATE_TIME", "LOG_APPEND_TIME")
	s := []string{`"topic":"orders-eu"`, `"partition":0`, `"offset":` + fmt.Sprint(r.Int64N(1<<r.IntN(40))), `"timestamp":` + fmt.Sprint(1764000000000+r.IntN(1000)), `"timestampType":"` + kind + `"`}
	b64 := func() string {
		b := make([]byte, r.IntN(100))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	for _, name := range []string{"key", "value"} {
		if !r.seldom(10) {
			s = append(s, `"`+name+`":"`+b64()+`"`)
		}
	}
	if r.seldom(2) {
		s = append(s, r.plainHeaders())
	}
	if r.seldom(5) {
		s = append(s, `"valueSchemaMetadata":{"dataFormat":"AVRO","schemaId":"1"}`)
	}
	if r.seldom(4) {
		i := r.IntN(len(s))
		name, _, _ := strings.Cut(s[i], ":")
		switch r.IntN(5) {
		case 0:
			s = append(s[:i], s[i+1:]...)
		case 1:
			s[i] = r.field()
		case 2:
			s[i] = name + ":" + r.pick("null", " 1", "-1", "01", `""`, `"AA"`, ` "AAAA"`, `"\/AAA"`, "[]", "{}", "1.5", `"\u0041AAA"`)
		case 3:
			s = append(s, s[i])
		case 4:
			s[i] = r.space() + name + r.space() + s[i][len(name):]
		}
	}
	return "{" + strings.Join(s, ",") + "}"
}

func (r randomEvents) record() string {
	if r.seldom(200) {
		return r.value()
	}
	if r.seldom(2) {
		return r.plainRecord()
	}
	s := []string{
		r.member("topic", r.quote(r.pick("t", "orders-eu"))),
		r.member("partition", r.pick("0", "1", "12")),
		r.member("offset", fmt.Sprint(r.IntN(100000))),
	}
	if r.seldom(100) {
		s = s[:2]
	}
	for range r.IntN(5) {
		s = append(s, r.field())
	}
	if r.seldom(2) {
		s = append(s, r.plainHeaders())
	}
	if r.seldom(3) {
		r.Shuffle(len(s), func(i, k int) { s[i], s[k] = s[k], s[i] })
	}
	return "{" + strings.Join(s, ",") + "}"
}

func (r randomEvents) records() string {
	if r.seldom(40) {
		return r.value()
	}
	return r.list("{", "}", func() string {
		value := r.list("[", "]", r.record)
		if r.seldom(80) {
			value = r.value()
		}
		return r.member(r.pick("t-0", "t-1", "t-12", "orders-eu-0", "\xff", "\u00e9-0"), value)
	})
}

func (r randomEvents) event() string {
	s := []string{r.member("eventSource", r.pick(`"aws:kafka"`, `"SelfManagedKafka"`)), r.member("records", r.records())}
	for r.seldom(5) {
		s = append(s, r.member("records", r.records()))
	}
	for r.seldom(5) {
		s = append(s, r.field())
	}
	if r.seldom(3) {
		r.Shuffle(len(s), func(i, k int) { s[i], s[k] = s[k], s[i] })
	}
	return r.broken(r.space() + "{" + strings.Join(s, ",") + "}" + r.space())
}

// broken takes away or adds a character or two that give an event its structure,
// at times: what is skipped unread must not hide that.
func (r randomEvents) broken(s string) string {
	for r.seldom(4) {
		var at []int
		for i := range len(s) {
			if strings.IndexByte(`[]{}",:`, s[i]) >= 0 {
				at = append(at, i)
			}
		}
		i := at[r.IntN(len(at))]
		s = s[:i] + r.pick("", "[", "]", "{", "}", `"`, ",", "]}", `},{"`, `]},{"a":[`) + s[i+r.IntN(2):]
	}
	return s
}

func TestDecodeAgreesWithEncodingJSONOnRandomEvents(t *testing.T) {
	n, accepted, broken := 20000, 0, 0
	if testing.Short() {
		n = 1000
	}
	r := randomEvents{rand.New(rand.NewPCG(3, 4))}
	for range n {
		event := []byte(r.event())
		got := decodeGuarded(t, event)
		if compare(t, event, got) {
			broken++
		}
		if got.err == nil {
			accepted++
		}
	}
	if accepted < n/10 || accepted > n*9/10 {
		t.Errorf("accepted %d of %d random events, want some of both", accepted, n)
	}
	t.Logf("accepted %d of %d events, %d of them with headers that are no JSON", accepted, n, broken)
	if broken < n/1000 {
		t.Errorf("%d of %d random events had headers that are no JSON, want some", broken, n)
	}
}
