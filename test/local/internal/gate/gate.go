// Package gate is what stands before the brokers of MSK where IAM authentication is
// on: TLS, and the mechanism AWS_MSK_IAM of SASL. It lets a connection through to the
// brokers behind it once the signature has been checked, with the secret key and AWS'
// own signer, and refuses all else as MSK does.
package gate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// Key is an access key that the gate knows, as of a role: with a session token.
type Key struct{ ID, Secret, Token string }

// Gate lets in who signs with one of its keys.
type Gate struct {
	Region string

	mu      sync.Mutex
	keys    []Key
	refused []string
	let     int

	certificate tls.Certificate
	pem         []byte
}

// New makes a gate with a certificate of its own for 127.0.0.1.
func New(region string, keys ...Key) (*Gate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "brokers"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &Gate{
		Region: region, keys: keys,
		certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem:         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}

// Certificate is the certificate that a client must trust, as PEM.
func (g *Gate) Certificate() []byte { return g.pem }

// SetKeys makes these the keys from now on.
func (g *Gate) SetKeys(keys ...Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keys = keys
}

// Refused is why connections were refused, so far.
func (g *Gate) Refused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.refused...)
}

// Let is how many connections were let in, so far.
func (g *Gate) Let() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.let
}

func (g *Gate) refuse(why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = append(g.refused, why)
}

// Before puts the gate before a listener of brokers.
func (g *Gate) Before(l net.Listener) net.Listener {
	return &listener{Listener: l, gate: g}
}

type listener struct {
	net.Listener
	gate *Gate
}

// Accept returns a connection at once: what comes through it is what the gate lets
// through.
func (l *listener) Accept() (net.Conn, error) {
	outside, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	broker, inside := net.Pipe()
	go l.gate.serve(tls.Server(outside, &tls.Config{Certificates: []tls.Certificate{l.gate.certificate}}), inside)
	return &passed{broker, outside}, nil
}

// passed is a connection that has the addresses of the one outside.
type passed struct {
	net.Conn
	outside net.Conn
}

func (c *passed) LocalAddr() net.Addr  { return c.outside.LocalAddr() }
func (c *passed) RemoteAddr() net.Addr { return c.outside.RemoteAddr() }
