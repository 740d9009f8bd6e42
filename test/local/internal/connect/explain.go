package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Explain says in one line why the brokers do not do what they are asked for, and
// what to do about it. The cause is kept for errors.Is and errors.As.
func (k *Kafka) Explain(err error) error {
	if err == nil {
		return nil
	}
	return &explained{fmt.Sprintf("-brokers %s: %s", strings.Join(k.Brokers, ","), k.reason(err)), err}
}

type explained struct {
	text  string
	cause error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.cause }

func (k *Kafka) reason(err error) string {
	var (
		dns       *net.DNSError
		unknownCA x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		notTLS    tls.RecordHeaderError
		alert     tls.AlertError
		noKeys    credentialsError
		closed    *kgo.ErrFirstReadEOF
		handshake *handshakeError
	)
	switch {
	case errors.As(err, &noKeys):
		return fmt.Sprintf("there are no AWS credentials to sign with: aws sso login, AWS_PROFILE or AWS_ACCESS_KEY_ID (%v)", line(noKeys.error))
	case strings.Contains(err.Error(), "cannot determine the region"):
		return "these are no names of MSK, so the region to sign for is not known: set AWS_REGION"
	case errors.As(err, &dns):
		return fmt.Sprintf("there is no host %s: is the name right, and does it need a VPN or a tunnel?", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: start the broker or the tunnel, or give another address"
	case errors.As(err, &unknownCA):
		return "its certificate is signed by nobody known here: give the CA's with -tls-ca"
	case errors.As(err, &hostname):
		return fmt.Sprintf("its certificate is for %s and not for %s: give a name of it with -tls-server-name", names(hostname.Certificate), hostname.Host)
	case errors.As(err, &invalid):
		return fmt.Sprintf("its certificate is not valid: %v", line(invalid))
	case errors.As(err, &notTLS):
		return "it does not speak TLS on this port: leave out -tls, or give the port for TLS"
	case errors.As(err, &alert):
		return fmt.Sprintf("it refuses the TLS connection (%v): it may want a certificate of yours, -tls-cert and -tls-key", line(alert))
	case errors.As(err, &handshake):
		return "it does not answer to TLS: leave out -tls, or give the port for TLS"
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		if k.SASL == "AWS_MSK_IAM" {
			return fmt.Sprintf("it does not let these AWS credentials in: they need kafka-cluster:Connect (%v)", line(err))
		}
		return fmt.Sprintf("it does not let %s in by %s: user or password are wrong, or are of another mechanism", k.Username, k.SASL)
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return fmt.Sprintf("it does not offer -sasl %s: try another of %s, or the port for it", k.SASL, strings.Join(Mechanisms, ", "))
	case errors.Is(err, kerr.UnsupportedVersion), strings.Contains(err.Error(), "broker is too old"):
		return "it is too old: it must speak the protocol of Kafka 0.11 or newer"
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.GroupAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return fmt.Sprintf("%v: the user may not do this: see the ACLs of the cluster, or its IAM policy", line(err))
	case errors.As(err, &closed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "it closes the connection at once: " + k.missing()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return "it does not answer: is there a way to it (tunnel, VPN, security groups), and is it this port?"
	}
	return line(err)
}

// missing guesses what a broker wants that hangs up on who begins otherwise.
func (k *Kafka) missing() string {
	switch {
	case !k.TLS && k.SASL == "":
		return "it may want TLS (-tls) or a user (-sasl, -username); or it is older than Kafka 0.11"
	case !k.TLS:
		return "it may want TLS (-tls), or the user or the password is wrong"
	case k.SASL == "":
		return "it may want a user (-sasl, -username)"
	}
	return "user or password may be wrong, or the port is for something else"
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// names are those that a certificate is for.
func names(c *x509.Certificate) string {
	if c == nil {
		return "another host"
	}
	all := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no host"
	}
	return strings.Join(all, ", ")
}

// line is the text of an error on one line, not too long.
func line(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	const most = 200
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
