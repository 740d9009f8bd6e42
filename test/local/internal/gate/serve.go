package gate

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const mechanism = "AWS_MSK_IAM"

// maxFrame is the largest request before authentication.
const maxFrame = 64 << 10

// serve passes the client's requests to the broker, but first those of SASL to the
// gate.
func (g *Gate) serve(client, broker net.Conn) {
	defer client.Close()
	defer broker.Close()
	for shook := false; ; {
		frame, err := readFrame(client)
		if err != nil {
			return
		}
		if len(frame) < 8 {
			g.refuse("a request of less than a header")
			return
		}
		key, version, id := int16(binary.BigEndian.Uint16(frame)), int16(binary.BigEndian.Uint16(frame[2:])), frame[4:8]
		switch {
		case key == int16(kmsg.ApiVersions):
			if err := exchange(client, broker, frame); err != nil {
				return
			}
		case key == int16(kmsg.SASLHandshake):
			if shook, err = g.handshake(client, frame, version, id); err != nil {
				return
			}
		case key == int16(kmsg.SASLAuthenticate) && shook:
			in, err := g.authenticate(client, frame, version, id)
			if err != nil || !in {
				return
			}
			go func() {
				_, _ = io.Copy(client, broker)
				client.Close()
			}()
			_, _ = io.Copy(broker, client) // until one of the two ends it
			return
		default:
			g.refuse(fmt.Sprintf("%s before authentication", kmsg.NameForKey(key)))
			return
		}
	}
}

func readFrame(c net.Conn) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return nil, fmt.Errorf("%d bytes before authentication", n)
	}
	frame := make([]byte, n)
	_, err := io.ReadFull(c, frame)
	return frame, err
}

func writeFrame(c net.Conn, frame []byte) error {
	_, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

// exchange has the broker itself answer.
func exchange(client, broker net.Conn, frame []byte) error {
	if err := writeFrame(broker, frame); err != nil {
		return err
	}
	answer, err := readFrame(broker)
	if err != nil {
		return err
	}
	return writeFrame(client, answer)
}

// body is a request without its header: key, version, id, the client's name, and, in
// flexible versions, tags, of which the client has none here.
func body(frame []byte, flexible bool) ([]byte, error) {
	rest := frame[8:]
	if len(rest) < 2 {
		return nil, io.ErrUnexpectedEOF
	}
	n := max(int(int16(binary.BigEndian.Uint16(rest))), 0)
	rest = rest[2:]
	if flexible {
		n++
	}
	if len(rest) < n {
		return nil, io.ErrUnexpectedEOF
	}
	return rest[n:], nil
}

func (g *Gate) handshake(client net.Conn, frame []byte, version int16, id []byte) (bool, error) {
	req := kmsg.NewPtrSASLHandshakeRequest()
	req.SetVersion(version)
	text, err := body(frame, false)
	if err == nil {
		err = req.ReadFrom(text)
	}
	if err != nil {
		return false, err
	}
	resp := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
	resp.SupportedMechanisms = []string{mechanism}
	if req.Mechanism != mechanism {
		g.refuse("the mechanism " + req.Mechanism)
		resp.ErrorCode = kerr.UnsupportedSaslMechanism.Code
	}
	return req.Mechanism == mechanism, writeFrame(client, resp.AppendTo(append([]byte{}, id...)))
}

func (g *Gate) authenticate(client net.Conn, frame []byte, version int16, id []byte) (bool, error) {
	req := kmsg.NewPtrSASLAuthenticateRequest()
	req.SetVersion(version)
	text, err := body(frame, req.IsFlexible())
	if err == nil {
		err = req.ReadFrom(text)
	}
	if err != nil {
		return false, err
	}
	resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
	why := g.check(req.SASLAuthBytes)
	if why == nil {
		resp.SASLAuthBytes = []byte(`{"version":"2020_10_22","request-id":"00000000-0000-4000-8000-000000000000"}`)
		g.mu.Lock()
		g.let++
		g.mu.Unlock()
	} else {
		g.refuse(why.Error())
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		denied := "[00000000-0000-4000-8000-000000000000]: Access denied"
		resp.ErrorMessage = &denied
	}
	answer := append([]byte{}, id...)
	if resp.IsFlexible() {
		answer = append(answer, 0) // no tags
	}
	return why == nil, writeFrame(client, resp.AppendTo(answer))
}
