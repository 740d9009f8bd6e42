package runtimeapi

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// conn sends requests over one connection at a time, which it makes when there is
// none, and again when the old one turns out to be closed.
type conn struct {
	address string
	out     []byte // memory for a request
	in      *bufio.Reader

	mu          sync.Mutex // of what interrupt needs
	conn        net.Conn
	interrupted bool
}

func newConn(address string) *conn {
	return &conn{address: address, in: bufio.NewReader(nil)}
}

func (c *conn) url(path string) string { return "http://" + c.address + path }

// request is what is sent. Its fields hold no line breaks.
type request struct {
	method, path string
	contentType  string
	cause        []byte // for X-Ray
	extension    string // a header of the Extensions API, whole
	body         []byte
}

// do sends a request and reads the response, its body into buf if that has room.
// It may send the request again: if a connection that has been used before ends
// without an answer, then most likely because nobody was there any more to read
// it.
func (c *conn) do(q request, buf []byte) (*response, error) {
	for {
		again := c.conn != nil
		if err := c.dial(); err != nil {
			return nil, c.failed(q, err)
		}
		r, err := c.exchange(q, buf)
		if err != nil || r.close {
			c.close()
		}
		if _, none := err.(*noAnswer); none && again && !c.stopped() {
			continue
		}
		return r, c.failed(q, err)
	}
}

// failed says of an error what was asked for.
func (c *conn) failed(q request, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w", q.method, c.url(q.path), err)
}

// noAnswer is why not a byte of an answer could be read.
type noAnswer struct{ error }

func (e *noAnswer) Unwrap() error { return e.error }

// exchange sends a request and reads the response. It reads also what comes if
// the request cannot be sent to its end: that says why.
func (c *conn) exchange(q request, buf []byte) (*response, error) {
	writeErr := c.write(q)
	if _, err := c.in.Peek(1); err != nil {
		if writeErr != nil {
			err = writeErr
		}
		return nil, &noAnswer{err}
	}
	r, err := readResponse(c.in, buf)
	if err == nil && writeErr != nil {
		r.close = true
	}
	return r, err
}

// maxOut is how much memory for a request is kept for the next. Only a cause for
// X-Ray takes more.
const maxOut = 64 << 10

func (c *conn) write(q request) error {
	b := c.out[:0]
	b = append(append(append(append(b, q.method...), ' '), q.path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, c.address...), "\r\nUser-Agent: "...)
	b = append(append(b, userAgent...), "\r\n"...)
	if q.contentType != "" {
		b = append(append(append(b, "Content-Type: "...), q.contentType...), "\r\n"...)
	}
	if q.cause != nil {
		b = append(append(append(b, "Lambda-Runtime-Function-Xray-Error-Cause: "...), q.cause...), "\r\n"...)
	}
	if q.extension != "" {
		b = append(append(b, q.extension...), "\r\n"...)
	}
	if q.method == "POST" {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(q.body)), 10), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	long := len(q.body) > 4096
	if !long {
		b = append(b, q.body...)
	}
	if c.out = b; cap(b) > maxOut {
		c.out = nil
	}
	if !long {
		_, err := c.conn.Write(b)
		return err
	}
	parts := net.Buffers{b, q.body}
	_, err := parts.WriteTo(c.conn)
	return err
}

// dial makes the connection, if there is none.
func (c *conn) dial() error {
	if c.conn != nil {
		return nil
	}
	nc, err := (&net.Dialer{Timeout: 30 * time.Second}).Dial("tcp", c.address)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = nc
	c.in.Reset(nc)
	if c.interrupted {
		_ = nc.SetDeadline(time.Unix(1, 0)) // a connection that is closed needs none
	}
	return nil
}

// interrupt ends the request that is waiting for an answer, and all later ones.
func (c *conn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interrupted = true
	if c.conn != nil {
		_ = c.conn.SetDeadline(time.Unix(1, 0)) // as above
	}
}

func (c *conn) stopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.interrupted
}

func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
