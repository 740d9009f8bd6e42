// Package connect makes clients of MSK's brokers, for each way in which those let one
// in.
package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/aws"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Method is how a client proves to the brokers who it is, called as the construct's
// AuthenticationMethod.
type Method string

// The methods.
const (
	IAM       Method = "iam"
	SCRAM     Method = "scram"
	MTLS      Method = "mtls"
	TLS       Method = "tls"
	Plaintext Method = "plaintext"
)

// Methods are all of them.
var Methods = []Method{IAM, SCRAM, MTLS, TLS, Plaintext}

// NeedsSecret reports whether a method needs a secret.
func (m Method) NeedsSecret() bool { return m == SCRAM || m == MTLS }

// Auth are credentials of AWS.
type Auth = aws.Auth

// Way is how to get in.
type Way struct {
	Method Method

	// Credentials are asked for at each connection, with IAM. Signing calls nobody.
	Credentials func(context.Context) (Auth, error)

	// Secret is the text of the secret, with SCRAM and mutual TLS, in the form that
	// Lambda's mappings take it too.
	Secret func(context.Context) (string, error)

	// Roots are who certificates of brokers must be of.
	// Default: those of the system.
	Roots *x509.CertPool
}

// Options are those of a client of franz-go.
func (w Way) Options(ctx context.Context) ([]kgo.Opt, error) {
	if !slices.Contains(Methods, w.Method) {
		return nil, fmt.Errorf("authentication must be one of %q, got %q", Methods, w.Method)
	}
	if w.Method == Plaintext {
		return nil, nil
	}
	config := &tls.Config{RootCAs: w.Roots, MinVersion: tls.VersionTLS12}
	var opts []kgo.Opt
	switch w.Method {
	case IAM:
		opts = append(opts, kgo.SASL(aws.ManagedStreamingIAM(w.Credentials)))
	case SCRAM:
		auth, err := w.scram(ctx)
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(auth.AsSha512Mechanism()))
	case MTLS:
		certificate, err := w.certificate(ctx)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: config}
	return append(opts, kgo.Dialer(dialer.DialContext)), nil
}

func (w Way) scram(ctx context.Context) (scram.Auth, error) {
	var secret struct{ Username, Password string }
	if err := w.secret(ctx, &secret); err != nil {
		return scram.Auth{}, err
	}
	if secret.Username == "" || secret.Password == "" {
		return scram.Auth{}, errors.New(`the secret must have "username" and "password"`)
	}
	return scram.Auth{User: secret.Username, Pass: secret.Password}, nil
}

func (w Way) certificate(ctx context.Context) (tls.Certificate, error) {
	var secret struct{ Certificate, PrivateKey, PrivateKeyPassword string }
	if err := w.secret(ctx, &secret); err != nil {
		return tls.Certificate{}, err
	}
	switch {
	case secret.Certificate == "" || secret.PrivateKey == "":
		return tls.Certificate{}, errors.New(`the secret must have "certificate" and "privateKey"`)
	case secret.PrivateKeyPassword != "" || strings.Contains(secret.PrivateKey, "ENCRYPTED"):
		return tls.Certificate{}, errors.New("the private key is encrypted, which only Lambda's pollers can use: give a secret of its own, without a password")
	}
	certificate, err := tls.X509KeyPair([]byte(secret.Certificate), []byte(secret.PrivateKey))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the certificate and key in the secret: %w", err)
	}
	return certificate, nil
}

// secret reads the secret as JSON. What is in it stands in no error.
func (w Way) secret(ctx context.Context, into any) error {
	text, err := w.Secret(ctx)
	if err != nil {
		return fmt.Errorf("the secret cannot be read: %w", err)
	}
	if json.Unmarshal([]byte(text), into) != nil {
		return errors.New("the secret is not a JSON object of texts")
	}
	return nil
}
