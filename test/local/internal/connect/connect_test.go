package connect

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The credentials of this machine are what MSK's IAM gets: signed for the host and its
// region, never sent.
func TestIAMSignsWithTheCredentialsOfTheMachine(t *testing.T) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	var mu sync.Mutex
	var mechanisms []string
	said := map[string]string{}
	fake.ControlKey(int16(kmsg.SASLHandshake), func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		mechanisms = append(mechanisms, r.(*kmsg.SASLHandshakeRequest).Mechanism)
		return r.ResponseKind(), nil, true
	})
	fake.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		one := map[string]string{}
		if err := json.Unmarshal(r.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes, &one); err == nil && len(said) == 0 {
			said = one
		}
		answer := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		answer.SASLAuthBytes = []byte(`{}`)
		return answer, nil, true
	})
	t.Setenv("AWS_REGION", "us-east-1") // of the address that the fake tells of, which is no name of MSK
	k := Kafka{
		Brokers: []string{"b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com:9098"}, SASL: "AWS_MSK_IAM",
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, fake.ListenAddrs()[0])
		},
		credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "very-secret", "token"),
	}
	opts, err := k.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if mechanisms[0] != "AWS_MSK_IAM" || said["action"] != "kafka-cluster:Connect" || said["host"] != "b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com" {
		t.Errorf("mechanism %s says %v, want AWS_MSK_IAM and kafka-cluster:Connect for the host", mechanisms, said)
	}
	if got := said["x-amz-credential"]; !strings.HasPrefix(got, "AKIDEXAMPLE/") || !strings.HasSuffix(got, "/eu-west-1/kafka-cluster/aws4_request") {
		t.Errorf("credential = %s, want AKIDEXAMPLE of the host's region", got)
	}
	if said["x-amz-security-token"] != "token" || len(said["x-amz-signature"]) != 64 {
		t.Errorf("said %v, want the session's token and a signature", said)
	}
	for name, value := range said {
		if strings.Contains(value, "very-secret") {
			t.Errorf("%s holds the secret key", name)
		}
	}
}

func TestWithoutCredentialsIAMSaysSo(t *testing.T) {
	k := Kafka{SASL: "AWS_MSK_IAM", credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no profile")
	})}
	m, err := k.mechanism()
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = m.Authenticate(t.Context(), "b-1.x.kafka.eu-west-1.amazonaws.com:9098")
	if got := k.Explain(err).Error(); !strings.Contains(got, "there are no AWS credentials to sign with") || !strings.Contains(got, "(no profile)") {
		t.Errorf("explained = %s, want that there are no credentials", got)
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	k.credentials = credentials.NewStaticCredentialsProvider("a", "b", "")
	if m, err = k.mechanism(); err != nil {
		t.Fatal(err)
	}
	_, _, err = m.Authenticate(t.Context(), "127.0.0.1:9098")
	if got := k.Explain(err).Error(); !strings.Contains(got, "set AWS_REGION") {
		t.Errorf("explained = %s, want that the region is not known", got)
	}
}

func TestWhatIsRefusedIsExplained(t *testing.T) {
	k := Kafka{Brokers: []string{"a:1", "b:2"}, SASL: "SCRAM-SHA-512", Username: "reader"}
	for err, want := range map[error]string{
		kerr.SaslAuthenticationFailed: "-brokers a:1,b:2: it does not let reader in by SCRAM-SHA-512: user or password are wrong",
		kerr.GroupAuthorizationFailed: "the user may not do this: see the ACLs of the cluster, or its IAM policy",
		context.DeadlineExceeded:      "it does not answer",
		errors.New("x\n  y"):          "-brokers a:1,b:2: x y",
	} {
		got := k.Explain(err)
		if !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("Explain(%v) = %v, want %s and the cause", err, got, want)
		}
	}
	if k.Explain(nil) != nil {
		t.Error("Explain(nil) is an error")
	}
}
