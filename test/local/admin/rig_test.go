package admin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msklambda/constructs/gobuild"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/invokeapi"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/pollertest"
	"msklambda/test/local/internal/sandbox"
)

// built are programs, each built once for all tests.
var built = struct {
	sync.Mutex
	dir   string
	paths map[string]string
}{paths: map[string]string{}}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(status)
}

// build builds a main package.
func build(t *testing.T, dir string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs: go test without -short runs it")
	}
	built.Lock()
	defer built.Unlock()
	if path := built.paths[dir]; path != "" {
		return path
	}
	if built.dir == "" {
		var err error
		if built.dir, err = os.MkdirTemp("", "msklambda-admin-"); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(built.dir, strings.ReplaceAll(filepath.Base(dir), ".", "_"), "bootstrap")
	if err := gobuild.Build(t.Context(), dir, out, runtime.GOOS, runtime.GOARCH); err != nil {
		t.Fatal(err)
	}
	built.paths[dir] = out
	return out
}

// rig is the local loop with a topic, a mapping and its function, and the function as
// it is after a deploy that mends it.
type rig struct {
	t       *testing.T
	broker  *broker.Broker
	ledger  string
	mended  *sandbox.Function
	api     *invokeapi.Server
	program string   // mskadmin
	env     []string // of it
	poll    poller.Config
	stop    func() // the pollers
}

func newRig(t *testing.T, destination func(*broker.Broker) poller.Destination) *rig {
	t.Helper()
	r := &rig{t: t, program: build(t, "../../../lambda/admin/mskadmin"), ledger: filepath.Join(t.TempDir(), "ledger")}
	program := build(t, "testdata/orders")
	var err error
	if r.broker, err = broker.Start(broker.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.broker.Close)
	for topic, partitions := range map[string]int{"orders": 2, "orders-failed": 1} {
		if err := r.broker.CreateTopic(topic, partitions); err != nil {
			t.Fatal(err)
		}
	}
	function := func(env ...string) *sandbox.Function {
		f := sandbox.New(sandbox.Config{Bootstrap: program, Name: "orders", Env: append(env, "LEDGER="+r.ledger, "MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES=true")})
		t.Cleanup(f.Close)
		return f
	}
	broken := function()
	r.mended = function("REFUNDS=true")
	if r.api, err = invokeapi.Start(0, map[string]invokeapi.Function{"orders": r.mended, "broken": broken}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.api.Close)
	r.poll = poller.Config{Brokers: r.broker.Addrs(), Topic: "orders", Group: "orders-fn", Function: broken, FunctionARN: broken.ARN(),
		SourceARN: "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1", BatchSize: 100, Window: 100 * time.Millisecond,
		ReportBatchItemFailures: true, OnFailure: destination(r.broker)}
	return r
}

// start starts the mapping.
func (r *rig) start() {
	r.t.Helper()
	r.stop = pollertest.Start(r.t, r.poll)
}

// admin runs mskadmin, and wants a status.
func (r *rig) admin(in string, want int, args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), r.program, args...)
	cmd.Stdin = strings.NewReader(in)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), r.env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		r.t.Fatalf("mskadmin %s: status %d, want %d\n%s", strings.Join(args, " "), got, want, out.String())
	}
	return out.String()
}

func (r *rig) brokers() string { return strings.Join(r.broker.Addrs(), ",") }

// settled waits until the group has read all.
func (r *rig) settled() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
	defer cancel()
	if err := r.broker.WaitForCommit(ctx, "orders", "orders-fn"); err != nil {
		r.t.Fatal(err)
	}
}

// handled are the lines of the function's ledger, sorted.
func (r *rig) handled() []string {
	r.t.Helper()
	text, err := os.ReadFile(r.ledger)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	lines := strings.Fields(strings.ReplaceAll(string(text), " ", "="))
	slices.Sort(lines)
	return lines
}

// wantOnce wants each of the values handled, once.
func (r *rig) wantOnce(values ...string) {
	r.t.Helper()
	var got []string
	for _, line := range r.handled() {
		_, value, _ := strings.Cut(line, "=")
		got = append(got, value)
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(values))
	if !slices.Equal(got, want) {
		r.t.Errorf("handled are\n%s\nwant each once of\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
