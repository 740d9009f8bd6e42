// Package connect is how a Kafka is reached: where its brokers are, whether by TLS,
// and as whom. One description serves every client of the loop.
package connect

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	awssasl "github.com/twmb/franz-go/pkg/sasl/aws"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Mechanisms are the names of the ways to say who one is, as -sasl takes them.
// AWS_MSK_IAM signs with the AWS credentials of this machine.
var Mechanisms = []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "AWS_MSK_IAM"}

// Kafka says how one is reached. Brokers is required; the zero value of all others
// is a connection in plain text as nobody.
type Kafka struct {
	Brokers []string // host:port

	TLS        bool
	CA         string // file of certificates in PEM to trust. Default: those of the system.
	ServerName string // that the certificate must have. Default: the host dialled.
	CertFile   string // of a client, in PEM, for mutual TLS. Default: none.
	KeyFile    string // of CertFile

	SASL     string // one of Mechanisms. Default: none.
	Username string
	Password string

	// Timeout is how long a connection, with TLS, may take. Default: 5s.
	Timeout time.Duration

	// Dial opens connections. Default: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// credentials of AWS_MSK_IAM, for tests. Default: the SDK's own search.
	credentials aws.CredentialsProvider
}

// Options are what a client of it needs. The error is of a file or of a mechanism;
// nothing is dialled.
func (k *Kafka) Options() ([]kgo.Opt, error) {
	dial, timeout := k.Dial, cmp.Or(k.Timeout, 5*time.Second)
	if dial == nil {
		dial = (&net.Dialer{Timeout: timeout}).DialContext
	}
	if k.TLS {
		c, err := k.tlsConfig()
		if err != nil {
			return nil, err
		}
		dial = overTLS(dial, c, timeout)
	}
	opts := []kgo.Opt{kgo.SeedBrokers(k.Brokers...), kgo.Dialer(dial)}
	if k.SASL != "" {
		m, err := k.mechanism()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}

// overTLS dials and shakes hands. A server that says nothing is a timeout, for
// which the client would else wait as long as it lives.
func overTLS(dial func(context.Context, string, string) (net.Conn, error), base *tls.Config, timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c := base.Clone()
		if c.ServerName == "" {
			if c.ServerName, _, err = net.SplitHostPort(address); err != nil {
				_ = raw.Close()
				return nil, err
			}
		}
		secure := tls.Client(raw, c)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, &handshakeError{err}
		}
		return secure, nil
	}
}

// handshakeError is that a server was there, and TLS was not agreed on.
type handshakeError struct{ cause error }

func (e *handshakeError) Error() string { return "tls: " + e.cause.Error() }
func (e *handshakeError) Unwrap() error { return e.cause }

func (k *Kafka) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: k.ServerName}
	if k.CA != "" {
		text, err := os.ReadFile(k.CA)
		if err != nil {
			return nil, fmt.Errorf("-tls-ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("-tls-ca must be a file of certificates in PEM, got %s, which has none", k.CA)
		}
	}
	if k.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(k.CertFile, k.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("-tls-cert and -tls-key: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

func (k *Kafka) mechanism() (sasl.Mechanism, error) {
	switch k.SASL {
	case "SCRAM-SHA-512":
		return scram.Auth{User: k.Username, Pass: k.Password}.AsSha512Mechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: k.Username, Pass: k.Password}.AsSha256Mechanism(), nil
	case "PLAIN":
		return plain.Auth{User: k.Username, Pass: k.Password}.AsMechanism(), nil
	case "AWS_MSK_IAM":
		return k.iam()
	}
	return nil, fmt.Errorf("-sasl must be one of %s, got %q", strings.Join(Mechanisms, ", "), k.SASL)
}

// credentialsError is that there are no AWS credentials to sign with.
type credentialsError struct{ error }

func (e credentialsError) Unwrap() error { return e.error }

// iam signs with whatever the SDK finds: variables, profiles, single sign-on. It
// looks once for each connection, so that credentials may be renewed.
func (k *Kafka) iam() (sasl.Mechanism, error) {
	provider := k.credentials
	if provider == nil {
		c, err := config.LoadDefaultConfig(context.Background())
		if err != nil {
			return nil, fmt.Errorf("-sasl AWS_MSK_IAM: %w", err)
		}
		provider = c.Credentials
	}
	return awssasl.ManagedStreamingIAM(func(ctx context.Context) (awssasl.Auth, error) {
		got, err := provider.Retrieve(ctx)
		if err != nil {
			return awssasl.Auth{}, credentialsError{err}
		}
		return awssasl.Auth{AccessKey: got.AccessKeyID, SecretKey: got.SecretAccessKey, SessionToken: got.SessionToken}, nil
	}), nil
}

// Check says what is wrong with the description itself, each in terms of its flag.
func (k *Kafka) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, b := range k.Brokers {
		host, port, err := net.SplitHostPort(b)
		if err != nil || host == "" || port == "" {
			bad("-brokers must be host:port, several with a comma, got %q", b)
		}
	}
	if !k.TLS {
		for flag, given := range map[string]string{"-tls-ca": k.CA, "-tls-server-name": k.ServerName, "-tls-cert": k.CertFile, "-tls-key": k.KeyFile} {
			if given != "" {
				bad("%s needs -tls, got %q", flag, given)
			}
		}
	}
	if (k.CertFile == "") != (k.KeyFile == "") {
		bad("-tls-cert and -tls-key need each other, got %q and %q", k.CertFile, k.KeyFile)
	}
	switch k.SASL {
	case "":
		if k.Username != "" {
			bad("-username needs -sasl, one of %s", strings.Join(Mechanisms, ", "))
		}
	case "AWS_MSK_IAM":
		if k.Username != "" {
			bad("-username must not be given with -sasl AWS_MSK_IAM, which takes the AWS credentials of this machine, got %q", k.Username)
		}
		if !k.TLS {
			bad("-sasl AWS_MSK_IAM needs -tls: MSK takes it on port 9098, by TLS only")
		}
	default:
		switch _, err := k.mechanism(); {
		case err != nil:
			errs = append(errs, err)
		case k.Username == "":
			bad("-sasl %s needs -username", k.SASL)
		case k.Password == "":
			bad("-sasl %s needs a password: in the file of -password-file, or in the variable %s", k.SASL, PasswordEnv)
		}
	}
	return errors.Join(errs...)
}

// PasswordEnv names the variable that holds the password of -username. It is no
// flag, because anybody on the machine sees the flags of a process.
const PasswordEnv = "KAFKA_PASSWORD"
