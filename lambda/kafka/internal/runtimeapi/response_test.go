package runtimeapi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// Responses that are read, whole and a byte at a time, and what follows them on
// the connection.
var responses = map[string]struct{ response, want string }{
	"with a length":          {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc"},
	"lines without return":   {"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "200 abc"},
	"no reason":              {"HTTP/1.1 202\r\ncontent-length:0\r\n\r\n", "202 "},
	"chunks":                 {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", "200 abc0123456789"},
	"chunks, trailers":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n1 \r\na\r\n0\r\nX: y\r\nZ: w\r\n\r\n", "200 a"},
	"others before":          {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "200 a"},
	"no content":             {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 "},
	"a long header":          {"HTTP/1.1 200 OK\r\nLambda-Runtime-Client-Context: " + strings.Repeat("x", 20000) + "\r\nContent-Length: 1\r\n\r\na", "200 a"},
	"closed":                 {"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\na", "200 a, close"},
	"older":                  {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "200 a, close"},
	"older, kept":            {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", "200 a"},
	"length too short":       {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", "unexpected EOF"},
	"chunk too short":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc", "unexpected EOF"},
	"chunk too long":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "a chunk is longer than its size"},
	"chunks without end":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "unexpected EOF"},
	"chunk of no size":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n", `malformed size of a chunk "x"`},
	"chunk of too much":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nabc\r\n", `malformed size of a chunk "ffffffffff"`},
	"length negative":        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", `bad Content-Length "-1"`},
	"length too much":        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", `bad Content-Length "99999999999"`},
	"other encoding":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", `unsupported transfer encoding "gzip"`},
	"no status":              {"HTTP/1.1 OK\r\n\r\n", `malformed HTTP response "HTTP/1.1 OK"`},
	"other protocol":         {"SSH-2.0-OpenSSH\r\n", `malformed HTTP response "SSH-2.0-OpenSSH"`},
	"header without a colon": {"HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n", `malformed header of an HTTP response "Content-Length"`},
	"header with a space":    {"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na", `malformed header of an HTTP response "Content-Length : 1"`},
	"headers cut off":        {"HTTP/1.1 200 OK\r\nContent-Le", "unexpected EOF"},
	"headers too long":       {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n", "the headers of an HTTP response have more than 1048576 bytes"},
}

func TestReadResponse(t *testing.T) {
	const next = "HTTP/1.1 299 Next\r\nContent-Length: 0\r\n\r\n"
	for name, test := range responses {
		t.Run(name, func(t *testing.T) {
			good := test.want[0] == '2'
			text := test.response
			if good {
				text += next
			}
			readers := map[string]io.Reader{"whole": strings.NewReader(text), "by bytes": iotest.OneByteReader(strings.NewReader(text))}
			for how, reader := range readers {
				in := bufio.NewReader(reader)
				if got := describe(readResponse(in, nil)); got != test.want {
					t.Errorf("%s: %s, want %s", how, got, test.want)
				}
				if !good {
					continue
				}
				if got := describe(readResponse(in, make([]byte, 100))); got != "299 " {
					t.Errorf("%s: next = %s, want 299", how, got)
				}
			}
		})
	}
}

func TestAResponseWithoutALengthEndsWithTheConnection(t *testing.T) {
	got := describe(readResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\nto the end")), make([]byte, 3)))
	if want := "200 to the end, close"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func describe(r *response, err error) string {
	if err != nil {
		return err.Error()
	}
	s := fmt.Sprintf("%d %s", r.status, r.body)
	if r.close {
		s += ", close"
	}
	return s
}

// FuzzReadResponse: what readResponse takes, net/http takes for the same.
func FuzzReadResponse(f *testing.F) {
	for _, test := range responses {
		if len(test.response) < 1000 {
			f.Add([]byte(test.response))
		}
	}
	for _, name := range headerNames {
		f.Add([]byte("HTTP/1.1 200 OK\r\n" + name + ": 1\r\n\r\n"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readResponse(bufio.NewReader(bytes.NewReader(text)), nil)
		if err != nil {
			return
		}
		in := bufio.NewReader(bytes.NewReader(text))
		var want *http.Response
		for want == nil || want.StatusCode < 200 {
			if want, err = http.ReadResponse(in, &http.Request{Method: "POST"}); err != nil {
				if strings.Contains(err.Error(), "malformed MIME header") {
					return // names of other headers are not looked at so closely
				}
				t.Fatalf("readResponse(%q) = %s, want %v", text, describe(got, nil), err)
			}
		}
		body, err := io.ReadAll(want.Body)
		if err != nil && (strings.Contains(err.Error(), "chunk") || strings.Contains(err.Error(), "trailer")) {
			return // lines between chunks may end in LF alone, and say more after a ';'
		}
		if err != nil || got.status != want.StatusCode || !bytes.Equal(got.body, body) {
			t.Fatalf("readResponse(%q) = %s, want %d %s, %v", text, describe(got, nil), want.StatusCode, body, err)
		}
		for i, name := range headerNames[:extensionID+1] {
			if got.header[i] != want.Header.Get(name) {
				t.Fatalf("readResponse(%q): %s = %q, want %q", text, name, got.header[i], want.Header.Get(name))
			}
		}
	})
}
