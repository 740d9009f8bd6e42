package confluent

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"
)

// BasicAuth returns the option of a client for a secret of Secrets Manager as Lambda's
// own registry integration takes it, so that both can share one:
// {"username": "...", "password": "..."}.
func BasicAuth(secret string) (sr.ClientOpt, error) {
	var s struct{ Username, Password string }
	if err := json.Unmarshal([]byte(secret), &s); err != nil {
		return nil, errors.New("confluent: the secret must be JSON with username and password, got none")
	}
	if s.Username == "" || s.Password == "" {
		return nil, fmt.Errorf("confluent: the secret must have username and password, got %s", has(s.Username != "", s.Password != ""))
	}
	return sr.BasicAuth(s.Username, s.Password), nil
}

func has(first, second bool) string {
	switch {
	case first:
		return "only the first"
	case second:
		return "only the second"
	}
	return "neither"
}

// TLS returns the option of a client for secrets as Lambda's own registry integration
// takes them: {"certificate": "...", "privateKey": "..."} is what the function shows
// the registry, both as PEM, and {"certificate": "..."} who has signed the
// registry's. Either may be empty: none is shown, or the registry's is one that the
// system knows. A private key with a password, which Lambda takes, is refused here.
func TLS(clientCertificate, rootCA string) (sr.ClientOpt, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if clientCertificate != "" {
		var s struct{ Certificate, PrivateKey, PrivateKeyPassword string }
		if err := json.Unmarshal([]byte(clientCertificate), &s); err != nil {
			return nil, errors.New("confluent: the secret of the client certificate must be JSON with certificate and privateKey, got none")
		}
		if s.PrivateKeyPassword != "" {
			return nil, errors.New("confluent: the private key of the client certificate must have no password, got one")
		}
		pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.PrivateKey))
		if err != nil {
			return nil, fmt.Errorf("confluent: the client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if rootCA != "" {
		var s struct{ Certificate string }
		if err := json.Unmarshal([]byte(rootCA), &s); err != nil {
			return nil, errors.New("confluent: the secret of the root certificate must be JSON with certificate, got none")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(s.Certificate)) {
			return nil, errors.New("confluent: the root certificate must be PEM, got none in it")
		}
	}
	return sr.DialTLSConfig(config), nil
}
