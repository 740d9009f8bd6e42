package connect

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return &authority{certificate, key, pool}
}

// issue returns a certificate and its key in PKCS #8, as PEM.
func (a *authority) issue(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func brokers(t *testing.T, a *authority, client tls.ClientAuthType, opts ...kfake.Opt) []string {
	t.Helper()
	certificate, key := a.issue(t, "brokers")
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: a.pool, ClientAuth: client})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func secret(fields map[string]string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		text, err := json.Marshal(fields)
		return string(text), err
	}
}

func ping(t *testing.T, w Way, addresses []string) error {
	t.Helper()
	opts, err := w.Options(t.Context())
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addresses...), kgo.RetryTimeout(time.Second), kgo.RequestRetries(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	return client.Ping(t.Context())
}

func TestSCRAM(t *testing.T) {
	a := newAuthority(t)
	at := brokers(t, a, tls.NoClientCert, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "admin", "right"))
	way := func(password string) Way {
		return Way{Method: SCRAM, Roots: a.pool, Secret: secret(map[string]string{"username": "admin", "password": password})}
	}
	if err := ping(t, way("right"), at); err != nil {
		t.Errorf("with the password: %v", err)
	}
	if err := ping(t, way("wrong"), at); err == nil {
		t.Error("with another password: it is let in")
	}
	if err := ping(t, Way{Method: TLS, Roots: a.pool}, at); err == nil {
		t.Error("without a user: it is let in")
	}
}

func TestMutualTLS(t *testing.T) {
	a := newAuthority(t)
	at := brokers(t, a, tls.RequireAndVerifyClientCert)
	certificate, key := a.issue(t, "admin")
	if err := ping(t, Way{Method: MTLS, Roots: a.pool, Secret: secret(map[string]string{"certificate": certificate, "privateKey": key})}, at); err != nil {
		t.Errorf("with a certificate: %v", err)
	}
	other, otherKey := newAuthority(t).issue(t, "admin")
	if err := ping(t, Way{Method: MTLS, Roots: a.pool, Secret: secret(map[string]string{"certificate": other, "privateKey": otherKey})}, at); err == nil {
		t.Error("with a certificate of somebody else: it is let in")
	}
	if err := ping(t, Way{Method: TLS, Roots: newAuthority(t).pool}, at); err == nil {
		t.Error("brokers of another authority are believed")
	}
}

func TestSecretsThatAreWrong(t *testing.T) {
	certificate, key := newAuthority(t).issue(t, "admin")
	for name, c := range map[string]struct {
		way  Way
		want string
	}{
		"no user":       {Way{Method: SCRAM, Secret: secret(map[string]string{"password": "hidden"})}, `must have "username" and "password"`},
		"no JSON":       {Way{Method: SCRAM, Secret: func(context.Context) (string, error) { return "hidden", nil }}, "not a JSON object"},
		"no key":        {Way{Method: MTLS, Secret: secret(map[string]string{"certificate": certificate})}, `must have "certificate" and "privateKey"`},
		"encrypted key": {Way{Method: MTLS, Secret: secret(map[string]string{"certificate": certificate, "privateKey": key, "privateKeyPassword": "hidden"})}, "key is encrypted"},
		"another key": {Way{Method: MTLS, Secret: secret(map[string]string{"certificate": certificate, "privateKey": func() string {
			_, other := newAuthority(t).issue(t, "x")
			return other
		}()})}, "private key does not match"},
		"no method": {Way{Method: "kerberos"}, `got "kerberos"`},
	} {
		_, err := c.way.Options(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v, want %q and nothing of the secret", name, err, c.want)
		}
	}
}

func TestCheckBroker(t *testing.T) {
	for address, ok := range map[string]bool{
		"b-1.demo.abc123.c2.kafka.eu-central-1.amazonaws.com:9098":     true,
		"boot-abc.c1.kafka-serverless.eu-central-1.amazonaws.com:9098": true,
		"b-1.demo.abc123.c2.kafka.us-east-1.amazonaws.com:9098":        false,
		"kafka.eu-central-1.amazonaws.com.example.com:9098":            false,
		"evil.example.com:9098":                                        false,
		"b-1.demo.abc123.c2.kafka.eu-central-1.amazonaws.com":          false,
		"127.0.0.1:9092":                        false,
		"kafka.eu-central-1.amazonaws.com:9098": false,
		"b-1.demo.abc123.c2.kafka.eu-central-1.amazonaws.com:9098/@evil:9098": false,
	} {
		if err := CheckBroker(address, "eu-central-1"); (err == nil) != ok {
			t.Errorf("CheckBroker(%q) = %v, want ok = %v", address, err, ok)
		}
	}
}
