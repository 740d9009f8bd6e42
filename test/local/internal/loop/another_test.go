package loop

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/brokertest"
	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

func TestMain(m *testing.M) { brokertest.Main(m) }

// flagsOf are the flags that lead to a broker of its own process.
func flagsOf(t *testing.T, k *connect.Kafka) []string {
	t.Helper()
	t.Setenv(connect.PasswordEnv, k.Password)
	return []string{"-brokers", strings.Join(k.Brokers, ","), "-tls", "-tls-ca", k.CA, "-sasl", k.SASL, "-username", k.Username}
}

func clientOf(t *testing.T, k *connect.Kafka, more ...kgo.Opt) *kgo.Client {
	t.Helper()
	opts, err := k.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func run(t *testing.T, args []string, when ...any) (string, int, error) {
	t.Helper()
	o, err := options.Parse(args, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var status int
	got := output(t, false, func(s *screen.Screen) { status, err = Run(t.Context(), o, s, nil) }, when...)
	return got, status, err
}

// Existing topics are read as a group of one's own that goes on where it was, and nothing
// is written to them.
func TestAKafkaThatRunsAlready(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	root(t)
	k := brokertest.Apart(t, "orders:3")
	client := clientOf(t, k, kgo.DefaultProduceTopic("orders"))
	write := func(n int) {
		for range n {
			if err := client.ProduceSync(t.Context(), &kgo.Record{Value: []byte(`{"id":1}`)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(5)
	args := append(flagsOf(t, k), "-duration", "100ms", "-batch-window", "0s")
	got, status, err := run(t, args)
	if err != nil || status != 0 || !strings.Contains(got, "topic orders with 3 partitions") || !strings.Contains(got, "produced 0, handled 5") || !strings.Contains(got, "lost: none") {
		t.Errorf("status = %d, %v\n%s\nwant 5 records handled, none of them written by the loop", status, err, got)
	}
	write(2)
	if got, status, err = run(t, args); err != nil || status != 0 || !strings.Contains(got, "handled 2 ") {
		t.Errorf("the second time: status = %d, %v\n%s\nwant the 2 records since", status, err, got)
	}

	c, err := cluster.Open(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if all, err := c.Offsets(t.Context(), "orders", "orders-fn"); err != nil || cluster.Lag(all) != 7 {
		t.Errorf("lag of the group orders-fn = %v, %v, want 7: it is not the loop's", all, err)
	}

	_, _, err = run(t, append(args, "-topic", "refunds"))
	if want := `topic "refunds" is not on the brokers: make it, or have it made with -create`; err == nil || err.Error() != want {
		t.Errorf("a topic that is not there = %v, want %s", err, want)
	}
	if got, status, err = run(t, append(args, "-topic", "refunds", "-create", "-rate", "50")); err != nil || status != 0 || !regexp.MustCompile(`handled [1-9][^\n]*\nlost: none`).MatchString(got) {
		t.Errorf("with -create: status = %d, %v\n%s\nwant samples handled", status, err, got)
	}
}

// A group of somebody who is at work would lose partitions to the loop.
func TestAGroupAtWorkIsLeftAlone(t *testing.T) {
	root(t)
	k := brokertest.Apart(t, "orders:1")
	clientOf(t, k, kgo.ConsumerGroup("orders-fn"), kgo.ConsumeTopics("orders"), kgo.ClientID("theirs"))
	c, err := cluster.Open(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		if members, err := c.Members(ctx, "orders-fn"); err != nil {
			t.Fatal(err)
		} else if len(members) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, _, err = run(t, append(flagsOf(t, k), "-group", "orders-fn"))
	if err == nil || !strings.HasPrefix(err.Error(), `group "orders-fn" is at work already (theirs at `) || !strings.Contains(err.Error(), "give another -group") {
		t.Errorf("the group of another = %v, want it refused", err)
	}
}
