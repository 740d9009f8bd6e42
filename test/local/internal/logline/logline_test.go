package logline

import (
	"testing"
	"time"
)

func TestLinesAreReadable(t *testing.T) {
	before := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = before })
	for line, want := range map[string]string{
		`{"timestamp":"2026-11-26T00:29:20.273Z","level":"INFO","message":"record","requestId":"717f","topic":"orders","partition":1,"offset":7,"keyBytes":10,"valueBytes":null}`: `00:29:20.273 INFO  orders[1]@7 record keyBytes=10 valueBytes=null`,
		`{"time":"2026-11-26T00:29:20.273456789Z","level":"error","msg":"insert","error":"connection refused","table":{"name": "a", "rows":[1, 2]}}`:                              `00:29:20.273 ERROR insert error="connection refused" table={"name":"a","rows":[1,2]}`,
		`{"level":"WARN","message":"odd","empty":"","quote":"a\"b","line":"a\nb","ok":"a/b"}`:                                                                                     `WARN  odd empty="" quote="a\"b" line="a\nb" ok=a/b`,
		`{"level":"INFO","message":"batch","topic":"orders","records":3}`:                                                                                                         `INFO  batch topic=orders records=3`,
		`{"level":"INFO","message":"twice","message":"again"}`:                                                                                                                    `INFO  twice message=again`,
		`{"timestamp":"yesterday","level":"INFO","message":""}`:                                                                                                                   `yesterday INFO `,
		// What is no log line stays as it is.
		`plain text`:                    `plain text`,
		`{"id":1}`:                      `{"id":1}`,
		`{"level":"INFO","message":"x"`: `{"level":"INFO","message":"x"`,
		`{"level":"INFO"} and more`:     `{"level":"INFO"} and more`,
		`{}`:                            `{}`,
		``:                              ``,
		`  indented`:                    `  indented`,
		`panic: runtime error {"a":1}`:  `panic: runtime error {"a":1}`,
	} {
		if got := Readable(line); got != want {
			t.Errorf("Readable(%s)\n= %q\nwant %q", line, got, want)
		}
	}
}

func FuzzReadable(f *testing.F) {
	f.Add(`{"level":"INFO","message":"x","topic":"t","partition":1}`)
	f.Fuzz(func(_ *testing.T, line string) { Readable(line) }) // it must not panic
}
