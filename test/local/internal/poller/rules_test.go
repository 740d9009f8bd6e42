package poller

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/brokertest"
	"msklambda/test/local/internal/sandbox"
)

var update = flag.Bool("update", false, "write docs/poller.md")

func TestMain(m *testing.M) { brokertest.Main(m) }

const guide = "https://docs.aws.amazon.com/lambda/latest/dg/"

// page is docs/poller.md.
func page() string {
	var b bytes.Buffer
	documented := 0
	for _, r := range Rules {
		if r.Page != "" {
			documented++
		}
	}
	fmt.Fprintf(&b, `# What the local poller does

The poller of the [local loop](local.md) does what AWS documents of an event source mapping for Amazon MSK. Where AWS says nothing it
does what is the simplest, or the hardest for a function, and this page says so: %d of these %d rules are documented, and
%d are guesses, which nobody has compared with Lambda itself.

Each rule has a test. Those of the poller run twice: on a broker in the process of the test, and on one of a process of its own,
which is reached by TLS with a password. The table is written from the code:
`+"`go test ./test/local/internal/poller -run TestThePageOfRules -update`"+`.
`, documented, len(Rules), len(Rules)-documented)
	area := ""
	for _, r := range Rules {
		if r.Area != area {
			area = r.Area
			fmt.Fprintf(&b, "\n## %s\n\n| rule | AWS | test |\n|---|---|---|\n", area)
		}
		source := "not documented"
		if r.Page != "" {
			source = fmt.Sprintf("[%s](%s%s.html)", r.Page, guide, r.Page)
		}
		var tests []string
		for _, name := range r.Tests {
			tests = append(tests, "`"+name+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Rule, source, strings.Join(tests, ", "))
	}
	return b.String()
}

func TestThePageOfRules(t *testing.T) {
	const path = "../../../../docs/poller.md"
	if *update {
		if err := os.WriteFile(path, []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != page() {
		t.Error("docs/poller.md is not what the rules say; -update writes it")
	}
}

// Each rule names tests that there are, with their cases.
func TestEachRuleHasItsTest(t *testing.T) {
	for _, r := range Rules {
		if len(r.Tests) == 0 {
			t.Errorf("%s: has no test", r.Rule)
		}
		for _, name := range r.Tests {
			pkg, test, _ := strings.Cut(name, ".")
			function, sub, hasCase := strings.Cut(test, "/")
			dir := filepath.Join("..", pkg)
			if strings.Contains(pkg, "/") {
				dir = filepath.Join("../../../..", pkg)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
			if err != nil || len(files) == 0 {
				t.Errorf("%s: there is no package %s", r.Rule, pkg)
			}
			found := false
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(text), "\nfunc "+function+"(") && (!hasCase || strings.Contains(string(text), `"`+sub+`"`)) {
					found = true
				}
			}
			if !found {
				t.Errorf("%s: there is no test %s", r.Rule, name)
			}
		}
	}
}

// The same rules hold on a broker that nothing of this process can reach but by Kafka's
// protocol, with TLS and a password.
func TestTheRulesHoldOnABrokerOfItsOwnProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each case: go test without -short runs it")
	}
	ofItsOwn = true
	t.Cleanup(func() { ofItsOwn = false })
	for name, test := range map[string]func(*testing.T){
		"what is invoked with what":    TestWhatIsInvokedWithWhat,
		"six MB":                       TestAnEventIsAtMostSixMB,
		"what has failed":              TestAFailureSaysWhatHasFailed,
		"a topic as destination":       TestATopicGetsTheRecordsThemselves,
		"a destination that fails":     TestADestinationThatFailsIsTriedAgain,
		"throttling":                   TestAThrottledInvocationIsNoRetry,
		"windows":                      TestABatchEndsWithItsWindow,
		"partitions":                   TestPartitionsTakeTurns,
		"what is old":                  TestWhatIsOldGoesToTheDestination,
		"where a group begins":         TestWhereAGroupBegins,
		"what is handled is committed": TestWhatIsHandledIsCommitted,
		"what a transaction aborted":   TestWhatATransactionAbortedIsDelivered,
	} {
		t.Run(name, test)
	}
}

func TestAThrottledInvocationIsNoRetry(t *testing.T) {
	s := &script{answer: func(n int, _ []string) sandbox.Result { return sandbox.Result{Throttled: n <= 3} }}
	stats := poll(t, s, numbers(2), func(c *Config) { c.RetryAttempts = 0 })
	if want := []string{"0/00 0/01", "0/00 0/01", "0/00 0/01", "0/00 0/01"}; !slices.Equal(s.got, want) {
		t.Errorf("invocations = %q, want %q", s.got, want)
	}
	if stats.Throttles != 3 || stats.Invocations != 1 || stats.Handled != 2 || stats.Dropped != 0 {
		t.Errorf("stats = %+v, want 3 refused, and 2 handled by the one that was not", stats)
	}
}

func TestHowLongItWaits(t *testing.T) {
	var got []time.Duration
	for _, n := range []int{0, 1, 2, 6, 7, 1000} {
		got = append(got, backoff(n))
	}
	if want := "[100ms 200ms 400ms 6.4s 10s 10s]"; fmt.Sprint(got) != want {
		t.Errorf("waits = %v, want %s", got, want)
	}
}

func TestABatchEndsWithItsWindow(t *testing.T) {
	start := time.Now()
	s := &script{}
	poll(t, s, numbers(2), func(c *Config) { c.Window = 300 * time.Millisecond })
	if took := time.Since(start); took < 300*time.Millisecond || len(s.got) != 1 {
		t.Errorf("invocations = %q after %v, want one after the window", s.got, took)
	}
	full := &script{}
	start = time.Now()
	poll(t, full, numbers(2), func(c *Config) { c.Window, c.BatchSize = 5*time.Minute, 2 })
	if took := time.Since(start); took > time.Minute || len(full.got) != 1 {
		t.Errorf("invocations = %q after %v, want one at once: the batch is full", full.got, took)
	}
	if got, err := (&Config{Brokers: []string{"b"}, Topic: "t", Group: "g", Function: s, Window: -1}).complete(); err != nil || got.Window != 500*time.Millisecond {
		t.Errorf("window that is not set = %v, %v, want 500ms", got.Window, err)
	}
}

func TestWhatIsOldGoesToTheDestination(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failures")
	file, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stats := poll(t, &script{}, numbers(2), func(c *Config) { c.OnFailure, c.MaxRecordAge = file, time.Nanosecond })
	all := readFile(t, path)
	if stats.Delivered != 2 || len(all) != 1 || all[0].RequestContext.Condition != expired {
		t.Errorf("failures = %+v, %+v, want 2 records with %s", all, stats, expired)
	}
}

func TestPartitionsTakeTurns(t *testing.T) {
	k := startKafka(t, "orders:3")
	k.produce(t, func(client *kgo.Client, ctx context.Context) error {
		for i := range 12 {
			if err := client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Partition: int32(i / 4)}).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	}, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	s := &script{}
	k.poll(t, Config{Function: s, BatchSize: 6, Window: time.Second})
	want := []string{"0/00 0/01 1/00 1/01 2/00 2/01", "0/02 0/03 1/02 1/03 2/02 2/03"}
	if !slices.Equal(s.got, want) {
		t.Errorf("invocations = %q, want %q", s.got, want)
	}
}

func TestWhereAGroupBegins(t *testing.T) {
	k := startKafka(t, "orders:1")
	write := func(at int64) {
		k.produce(t, func(client *kgo.Client, ctx context.Context) error {
			return client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Timestamp: time.UnixMilli(at)}).FirstErr()
		})
	}
	for _, at := range []int64{1000, 2000, 3000} {
		write(at)
	}
	for name, tt := range map[string]struct {
		edit func(*Config)
		want []string
	}{
		"by default":   {func(*Config) {}, []string{"0/00 0/01 0/02"}},
		"TRIM_HORIZON": {func(c *Config) { c.From = TrimHorizon }, []string{"0/00 0/01 0/02"}},
		"AT_TIMESTAMP": {func(c *Config) { c.From, c.Since = AtTimestamp, time.UnixMilli(2000) }, []string{"0/01 0/02"}},
	} {
		s := &script{}
		c := Config{Function: s, Group: name}
		tt.edit(&c)
		k.poll(t, c)
		if !slices.Equal(s.got, tt.want) {
			t.Errorf("%s: invocations = %q, want %q", name, s.got, tt.want)
		}
		// What is committed wins.
		c.From, c.Since = TrimHorizon, time.Time{}
		s.got = nil
		k.poll(t, c)
		if len(s.got) != 0 {
			t.Errorf("%s: invocations of a group that has read all = %q, want none", name, s.got)
		}
	}
	// Where the end is the poller asks some time after it has begun: what is written
	// before is not for it, so there is more until it gets some.
	s := &script{}
	k.pollUntil(t, Config{Function: s, Group: "latest", From: Latest}, func() bool {
		write(4000)
		return s.count() > 0
	})
	for _, offset := range []string{"0/00", "0/01", "0/02"} {
		if strings.Contains(s.text(), offset) {
			t.Errorf("LATEST: invocations = %q, want none of what was there before", s.got)
		}
	}
	for _, c := range []Config{{From: "NEVER"}, {From: AtTimestamp}} {
		c.Brokers, c.Topic, c.Group, c.Function = []string{"b:1"}, "t", "g", s
		if _, err := New(c); err == nil {
			t.Errorf("From %q without a time = nil, want an error", c.From)
		}
	}
}

// A poller that ends while one record of a batch is tried again has committed those
// before it.
func TestWhatIsHandledIsCommitted(t *testing.T) {
	k := startKafka(t, "orders:1")
	k.produce(t, func(client *kgo.Client, ctx context.Context) error {
		for range 4 {
			if err := client.ProduceSync(ctx, &kgo.Record{Topic: "orders"}).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var p *Poller
	s := &script{answer: func(n int, _ []string) sandbox.Result {
		if n == 2 {
			p.Stop()
		}
		return named(2, 3)
	}}
	p = k.new(t, Config{Function: s, Window: 200 * time.Millisecond, RetryAttempts: -1, ReportBatchItemFailures: true})
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if all := k.offsets(t, "g"); all[0].Committed != 2 {
		t.Errorf("committed = %d, want 2: the first that was not handled", all[0].Committed)
	}
	if want := []string{"0/00 0/01 0/02 0/03", "0/02 0/03"}; !slices.Equal(s.got, want) {
		t.Errorf("invocations = %q, want %q", s.got, want)
	}
}

func TestWhatATransactionAbortedIsDelivered(t *testing.T) {
	k := startKafka(t, "orders:1")
	for _, commit := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		k.produce(t, func(client *kgo.Client, ctx context.Context) error {
			if err := client.BeginTransaction(); err != nil {
				return err
			}
			if err := client.ProduceSync(ctx, &kgo.Record{Topic: "orders"}).FirstErr(); err != nil {
				return err
			}
			return client.EndTransaction(ctx, commit)
		}, kgo.TransactionalID("t"))
	}
	s := &script{}
	k.pollUntil(t, Config{Function: s}, func() bool { return strings.Contains(s.text(), "0/02") })
	// Offsets 1 and 3 are the ends of the transactions.
	if got := s.text(); got != "0/00 0/02" {
		t.Errorf("invocations = %q, want both records", s.got)
	}
}
