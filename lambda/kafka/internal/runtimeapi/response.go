package runtimeapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The headers of a response that mean something here.
const (
	requestID = iota
	deadline
	functionARN
	traceID
	clientContext
	cognitoIdentity
	tenantID
	extensionID
	contentLength
	transferEncoding
	connection
	headerCount
)

var headerNames = [headerCount]string{
	requestID:        "Lambda-Runtime-Aws-Request-Id",
	deadline:         "Lambda-Runtime-Deadline-Ms",
	functionARN:      "Lambda-Runtime-Invoked-Function-Arn",
	traceID:          "Lambda-Runtime-Trace-Id",
	clientContext:    "Lambda-Runtime-Client-Context",
	cognitoIdentity:  "Lambda-Runtime-Cognito-Identity",
	tenantID:         "Lambda-Runtime-Aws-Tenant-Id",
	extensionID:      "Lambda-Extension-Identifier",
	contentLength:    "Content-Length",
	transferEncoding: "Transfer-Encoding",
	connection:       "Connection",
}

// response is what was answered.
type response struct {
	status int
	reason string
	header [headerCount]string // the first of each
	has    [headerCount]bool
	body   []byte
	old    bool // HTTP/1.0, which has no transfer encodings
	close  bool // the connection cannot be used again
}

// bodyError is a response whose headers were read and whose body was not.
type bodyError struct{ error }

func (e *bodyError) Unwrap() error { return e.error }

// maxHeader is the most that the headers of a response may take. Lambda's own
// take about 500 bytes, a client context up to 3,583 more.
const maxHeader = 1 << 20

// readResponse reads a response, its body into buf if that has room.
func readResponse(in *bufio.Reader, buf []byte) (*response, error) {
	r := new(response)
	for r.status < 200 { // those before are not final
		if err := r.readHead(in); err != nil {
			return nil, err
		}
	}
	if err := r.readBody(in, buf[:0]); err != nil {
		return nil, &bodyError{err}
	}
	return r, nil
}

// readHead reads a status line and the headers after it.
func (r *response) readHead(in *bufio.Reader) error {
	*r = response{}
	left := maxHeader
	line, err := readLine(in, &left)
	if err != nil {
		return err
	}
	version, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	r.reason, r.old = reason, version == "HTTP/1.0"
	r.status, err = strconv.Atoi(code)
	if err != nil || len(code) != 3 || r.status < 100 || version != "HTTP/1.1" && version != "HTTP/1.0" {
		return fmt.Errorf("malformed HTTP response %q", line)
	}
	for {
		line, err := readLine(in, &left)
		if err != nil {
			return err
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return fmt.Errorf("malformed header of an HTTP response %q", line)
		}
		for i, known := range headerNames {
			if !r.has[i] && len(name) == len(known) && strings.EqualFold(name, known) {
				r.header[i], r.has[i] = strings.Trim(value, " \t"), true
			}
		}
	}
	r.close = strings.EqualFold(r.header[connection], "close") ||
		r.old && !strings.EqualFold(r.header[connection], "keep-alive")
	return nil
}

// readLine reads a line without its end. left is how long it may be, and all
// lines after it.
func readLine(in *bufio.Reader, left *int) (string, error) {
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		if *left -= len(part); *left < 0 {
			return "", fmt.Errorf("the headers of an HTTP response have more than %d bytes", maxHeader)
		}
		if err == bufio.ErrBufferFull {
			long = append(long, part...)
			continue
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		if long != nil {
			part = append(long, part...)
		}
		return string(bytes.TrimSuffix(part[:len(part)-1], []byte("\r"))), nil
	}
}

// readBody reads the body in the way that the headers say.
func (r *response) readBody(in *bufio.Reader, buf []byte) error {
	var err error
	encoded := r.has[transferEncoding] && !r.old
	switch encoding, length := r.header[transferEncoding], r.header[contentLength]; {
	case r.status == 204 || r.status == 304:
		r.body = buf
	case encoded && strings.EqualFold(encoding, "chunked"):
		r.body, err = readChunks(in, buf)
	case encoded:
		err = fmt.Errorf("unsupported transfer encoding %q", encoding)
	case r.has[contentLength]:
		n, parseErr := strconv.ParseUint(length, 10, 31)
		if parseErr != nil {
			return fmt.Errorf("bad Content-Length %q", length)
		}
		r.body, err = readMore(in, buf, int(n))
	default: // to the end of the connection
		r.close = true
		grown := bytes.NewBuffer(buf)
		_, err = grown.ReadFrom(in)
		r.body = grown.Bytes()
	}
	return err
}

// readChunks reads a chunked body and the trailers after it.
func readChunks(in *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		left := maxHeader
		line, err := readLine(in, &left)
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimRight(size, " \t"), 16, 31)
		if err != nil {
			return nil, fmt.Errorf("malformed size of a chunk %q", line)
		}
		if n == 0 {
			for line != "" {
				if line, err = readLine(in, &left); err != nil {
					return nil, err
				}
			}
			return buf, nil
		}
		if buf, err = readMore(in, buf, int(n)); err != nil {
			return nil, err
		}
		if line, err = readLine(in, &left); err != nil {
			return nil, err
		}
		if line != "" {
			return nil, errors.New("a chunk is longer than its size")
		}
	}
}

// readMore appends n bytes to buf.
func readMore(in *bufio.Reader, buf []byte, n int) ([]byte, error) {
	have := len(buf)
	if need := have + n; need > cap(buf) {
		// An eighth more, because the next event may be a little larger.
		grown := make([]byte, have, need+need/8)
		copy(grown, buf)
		buf = grown
	}
	buf = buf[:have+n]
	_, err := io.ReadFull(in, buf[have:])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return buf, err
}
