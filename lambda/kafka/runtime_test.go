package kafka

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The benchmarks of this file run whole functions, built as they are deployed,
// against a Lambda Runtime API on loopback. Their programs are in
// testdata/functions.

// build compiles a program of testdata/functions for Linux.
func build(b *testing.B, program, arch string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), program+"-"+arch)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w", "-o", out, "./testdata/functions/"+program)
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

// BenchmarkInvocation measures whole invocations, from the payload going in to
// the next request for work, of three functions that take turns: one that ignores
// its payload, and two that count the bytes of the values, with this package and
// with events.KafkaEvent.
func BenchmarkInvocation(b *testing.B) {
	for _, e := range benchEvents {
		b.Run(e.name, func(b *testing.B) {
			event := benchEvent(e.n, e.size, e.headers)
			programs := []string{"ignore", "ours", "stock"}
			functions := make([]*function, len(programs))
			for i, program := range programs {
				functions[i] = newRuntimeAPI(b).start(b, build(b, program, ""))
				defer functions[i].stop()
			}
			took := make([][]time.Duration, len(programs))
			for b.Loop() {
				for i, f := range functions {
					start := time.Now()
					f.invoke(b, event)
					took[i] = append(took[i], time.Since(start))
				}
			}
			for i, program := range programs {
				b.ReportMetric(median(took[i]).Seconds()*1000, program+"-ms")
			}
			b.ReportMetric(float64(median(took[2]))/float64(median(took[1])), "x-faster")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkPeak measures the peak memory of a process after 100 invocations, on
// average over 20 processes each: how much the runtime takes to grow its buffer
// depends on when garbage happens to be collected, and differs by a third and
// more from process to process, also for a function that ignores its payload.
func BenchmarkPeak(b *testing.B) {
	for _, e := range benchEvents {
		b.Run(e.name, func(b *testing.B) {
			event := benchEvent(e.n, e.size, e.headers)
			programs := []string{"ignore", "ours", "stock"}
			api := newRuntimeAPI(b)
			var bootstraps []string
			for _, program := range programs {
				bootstraps = append(bootstraps, build(b, program, ""))
			}
			mean := make([]float64, len(programs))
			const processes = 20
			for range processes {
				for i, bootstrap := range bootstraps {
					f := api.start(b, bootstrap)
					invocations := 100
					if programs[i] == "stock" {
						invocations = 10 // to save time
					}
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
			b.ReportMetric(mean[1]/mean[0], "x-memory")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkStart measures the time from starting a process to its first request
// for work, of an empty function and of one with this package in turns.
func BenchmarkStart(b *testing.B) {
	programs := []string{"empty", "ours"}
	took := make([][]time.Duration, len(programs))
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
			f.stop()
		}
	}
	for i, program := range programs {
		b.ReportMetric(median(took[i]).Seconds()*1000, program+"-ms")
	}
	b.ReportMetric(float64(median(took[1]))/float64(median(took[0])), "x-slower")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBundle reports the size of a bootstrap, in place of a time.
func BenchmarkBundle(b *testing.B) {
	for _, arch := range []string{"arm64", "amd64"} {
		for _, program := range []string{"empty", "ours"} {
			b.Run(arch+"/"+program, func(b *testing.B) {
				info, err := os.Stat(build(b, program, arch))
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
				}
				b.ReportMetric(float64(info.Size()), "bytes")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
