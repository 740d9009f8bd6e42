package kafka

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The benchmarks of this file run whole functions, built as they are deployed,
// against a Lambda Runtime API on loopback. Their programs are in
// testdata/functions.

// build compiles a program of testdata/functions for Linux. base is the one of
// this package in another checkout.
func build(b *testing.B, program, arch string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), program+"-"+arch)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w", "-o", out)
	if program == "base" {
		program = "ours"
		cmd.Dir = filepath.Join(os.Getenv(baseEnv), "lambda", "kafka")
	}
	cmd.Args = append(cmd.Args, "./testdata/functions/"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if arch != "" {
		cmd.Env = append(cmd.Env, "GOARCH="+arch)
	}
	if msg, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, msg)
	}
	return out
}

// runtimeAPI is a Lambda Runtime API for one function at a time.
type runtimeAPI struct {
	server *http.Server
	addr   string
	next   chan []byte   // payloads to hand out
	asked  chan struct{} // a request for the next one has come in
	done   chan string   // the answer to one, or the error
}

func newRuntimeAPI(b *testing.B) *runtimeAPI {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	api := &runtimeAPI{
		addr:  l.Addr().String(),
		next:  make(chan []byte),
		asked: make(chan struct{}, 1),
		done:  make(chan string, 1),
	}
	api.server = &http.Server{Handler: api}
	go api.server.Serve(l)
	b.Cleanup(func() { api.server.Close() })
	return api
}

func (api *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const prefix = "/2018-06-01/runtime/"
	path := strings.TrimPrefix(r.URL.Path, prefix)
	if path == "invocation/next" {
		api.asked <- struct{}{}
		select {
		case payload := <-api.next:
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("Content-Length", fmt.Sprint(len(payload)))
			h.Set("Lambda-Runtime-Aws-Request-Id", "1")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:111122223333:function:bench")
			w.Write(payload)
		case <-r.Context().Done():
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusAccepted)
	if err != nil || !strings.HasSuffix(path, "/response") {
		api.done <- fmt.Sprintf("%s: %s, %v", path, body, err)
		return
	}
	api.done <- ""
}

// function is a running bootstrap.
type function struct {
	*exec.Cmd
	api *runtimeAPI
}

// start starts a bootstrap and waits for its first request for work.
func (api *runtimeAPI) start(b *testing.B, bootstrap string) *function {
	b.Helper()
	f := &function{Cmd: exec.Command(bootstrap), api: api}
	f.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + api.addr, "AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512"}
	if err := f.Start(); err != nil {
		b.Fatal(err)
	}
	<-api.asked
	return f
}

func (f *function) stop() {
	f.Process.Kill()
	f.Wait()
}

// invoke sends a payload and waits for the next request for work, which is when
// Lambda takes an invocation for finished.
func (f *function) invoke(b *testing.B, payload []byte) {
	b.Helper()
	f.api.next <- payload
	if msg := <-f.api.done; msg != "" {
		b.Fatal(msg)
	}
	<-f.api.asked
}

// peak returns the most memory that the function has had, in bytes.
func (f *function) peak(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.Process.Pid))
	if err != nil {
		b.Skip(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kB float64
	if _, err := fmt.Sscanf(rest, "%f kB", &kB); err != nil {
		b.Fatal(err)
	}
	return kB * 1024
}

// baseEnv names another checkout of this module, to compare with: its function of
// testdata takes part in the benchmarks then, as base.
const baseEnv = "MSKLAMBDA_BENCH_BASE"

// processorTime is the processor time that the function has had.
func (f *function) processorTime(b *testing.B) time.Duration {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", f.Process.Pid))
	if err != nil || len(threads) == 0 {
		b.Skipf("the system does not tell the processor time of threads: %v", err)
	}
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			b.Fatal(err)
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

// BenchmarkInvocation measures the processor time of whole functions for an
// invocation. They take turns: one that ignores its payload, and those that count
// the bytes of the values: with this package, with this package served by
// aws-lambda-go, and with events.KafkaEvent.
func BenchmarkInvocation(b *testing.B) {
	for _, e := range benchmarks {
		b.Run(e.name, func(b *testing.B) {
			event := e.event()
			programs := []string{"ours", "handler", "ignore", "stock"}
			if os.Getenv(baseEnv) != "" {
				programs = append(programs, "base")
			}
			functions := make([]*function, len(programs))
			for i, program := range programs {
				functions[i] = newRuntimeAPI(b).start(b, build(b, program, ""))
				defer functions[i].stop()
			}
			// As many at once as make the costs of a look at the clock small.
			invocations := max(1, 200/(1+len(event)/10000))
			took, cpu := make([][]time.Duration, len(programs)), make([][]time.Duration, len(programs))
			for b.Loop() {
				for i, f := range functions {
					before, start := f.processorTime(b), time.Now()
					for range invocations {
						f.invoke(b, event)
					}
					took[i] = append(took[i], time.Since(start)/time.Duration(invocations))
					cpu[i] = append(cpu[i], (f.processorTime(b)-before)/time.Duration(invocations))
				}
			}
			ours := float64(quartile(cpu[0]))
			for i, program := range programs {
				b.ReportMetric(float64(quartile(cpu[i]).Nanoseconds())/1000, program+"-us")
				b.ReportMetric(float64(quartile(took[i]).Nanoseconds())/1000, program+"-wall-us")
				if i > 0 {
					b.ReportMetric(float64(quartile(cpu[i]))/ours, "x-"+program)
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkPeak measures the peak memory of a process after 100 invocations, on
// average over 10 processes each: how much aws-lambda-go takes to grow its buffer
// depends on when garbage happens to be collected, and differs by a third and
// more from process to process.
func BenchmarkPeak(b *testing.B) {
	for _, e := range benchmarks {
		b.Run(e.name, func(b *testing.B) {
			event := e.event()
			programs := []string{"ours", "ignore"}
			if os.Getenv(baseEnv) != "" {
				programs = append(programs, "base")
			}
			api := newRuntimeAPI(b)
			var bootstraps []string
			for _, program := range programs {
				bootstraps = append(bootstraps, build(b, program, ""))
			}
			mean := make([]float64, len(programs))
			const processes, invocations = 10, 100
			for range processes {
				for i, bootstrap := range bootstraps {
					f := api.start(b, bootstrap)
					for range invocations {
						f.invoke(b, event)
					}
					mean[i] += f.peak(b) / (1 << 20) / processes
					f.stop()
				}
			}
			for b.Loop() {
			}
			for i, program := range programs {
				b.ReportMetric(mean[i], program+"-MiB")
			}
			b.ReportMetric(mean[0]/mean[1], "x-of-ignore")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkStart measures the processor time and the time from starting a process
// to its first request for work, of a function that ignores its payload and of one
// with this package in turns.
func BenchmarkStart(b *testing.B) {
	programs := []string{"ours", "ignore"}
	took, cpu := make([][]time.Duration, len(programs)), make([][]time.Duration, len(programs))
	api := newRuntimeAPI(b)
	var bootstraps []string
	for _, program := range programs {
		bootstraps = append(bootstraps, build(b, program, ""))
	}
	for b.Loop() {
		for i := range programs {
			start := time.Now()
			f := api.start(b, bootstraps[i])
			took[i] = append(took[i], time.Since(start))
			cpu[i] = append(cpu[i], f.processorTime(b))
			f.stop()
		}
	}
	for i, program := range programs {
		b.ReportMetric(float64(quartile(cpu[i]).Nanoseconds())/1e6, program+"-ms")
		b.ReportMetric(quartile(took[i]).Seconds()*1000, program+"-wall-ms")
	}
	b.ReportMetric(float64(quartile(cpu[0]))/float64(quartile(cpu[1])), "x-of-ignore")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBundle reports the size of a bootstrap, in place of a time.
func BenchmarkBundle(b *testing.B) {
	for _, arch := range []string{"arm64", "amd64"} {
		b.Run(arch, func(b *testing.B) {
			var sizes []float64
			for _, program := range []string{"ours", "ignore"} {
				info, err := os.Stat(build(b, program, arch))
				if err != nil {
					b.Fatal(err)
				}
				sizes = append(sizes, float64(info.Size()))
			}
			for b.Loop() {
			}
			b.ReportMetric(sizes[0], "ours-bytes")
			b.ReportMetric(sizes[1], "ignore-bytes")
			b.ReportMetric(sizes[0]/sizes[1], "x-of-ignore")
			b.ReportMetric(0, "ns/op")
		})
	}
}
