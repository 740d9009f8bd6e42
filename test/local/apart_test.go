package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// dependencies are the packages that those of the patterns need, with themselves.
func dependencies(t *testing.T, patterns ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, patterns...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := strings.Fields(string(out))
	if len(found) < 50 {
		t.Errorf("packages of %v = %d, want all that they depend on", patterns, len(found))
	}
	return found
}

// TestTheLocalLoopStaysApart: the library and the functions know nothing of it,
// nor of the Kafka client and broker that it needs. That a bundle holds neither
// is tested with the bundle itself. The client is for those who write to a topic: the
// sink that does, and the examples.
func TestTheLocalLoopStaysApart(t *testing.T) {
	for _, pkg := range dependencies(t, "msklambda", "msklambda/constructs/...", "msklambda/lambda/...") {
		if strings.HasPrefix(pkg, "github.com/twmb/franz-go/pkg/kfake") || strings.HasPrefix(pkg, "msklambda/test") {
			t.Errorf("the library or a function depends on %s", pkg)
		}
	}
	for _, pkg := range dependencies(t, "msklambda", "msklambda/constructs/...", "msklambda/lambda", "msklambda/lambda/livescores/...", "msklambda/lambda/connections/...") {
		if strings.HasPrefix(pkg, "github.com/twmb/") {
			t.Errorf("the library or a function of this repository depends on %s", pkg)
		}
	}
}

// TestTheCoreKeepsItsDependencies: what is beside it costs nobody who does not import it.
func TestTheCoreKeepsItsDependencies(t *testing.T) {
	want := []string{
		"github.com/aws/aws-lambda-go/lambda/messages", "github.com/aws/aws-lambda-go/lambdacontext",
		"github.com/segmentio/asm/base64", "github.com/segmentio/asm/cpu", "github.com/segmentio/asm/cpu/arm", "github.com/segmentio/asm/cpu/arm64",
		"github.com/segmentio/asm/cpu/cpuid", "github.com/segmentio/asm/cpu/x86", "github.com/segmentio/asm/internal/unsafebytes",
		"golang.org/x/sys/cpu",
		"msklambda/lambda", "msklambda/lambda/kafka", "msklambda/lambda/kafka/contract", "msklambda/lambda/kafka/internal/runtimeapi",
		"msklambda/lambda/kafka/internal/testhook", "msklambda/lambda/lambdalog",
	}
	var got []string
	for _, pkg := range dependencies(t, "msklambda/lambda") {
		root, _, _ := strings.Cut(pkg, "/")
		switch {
		case strings.Contains(root, ".") || root == "msklambda":
			got = append(got, pkg)
		case root == "compress" || root == "crypto" || root == "hash" || pkg == "net/http":
			t.Errorf("the default function depends on %s", pkg)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the default function depends on\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestWhatIsBesideIsPaidForByWhoImportsIt: the client of one is in nothing else.
func TestWhatIsBesideIsPaidForByWhoImportsIt(t *testing.T) {
	clients := []string{"github.com/twmb/", "github.com/aws/aws-sdk-go-v2", "net/http", "compress/zlib", "github.com/hamba/", "google.golang.org/protobuf", "go.opentelemetry.io/"}
	for pkg, allowed := range map[string][]string{
		"msklambda/lambda":                          nil,
		"msklambda/lambda/kafka":                    nil,
		"msklambda/lambda/lambdalog":                nil,
		"msklambda/lambda/kafka/deadletter":         nil,
		"msklambda/lambda/kafka/deadletter/topic":   {"github.com/twmb/"},
		"msklambda/lambda/kafka/deadletter/queue":   {"github.com/aws/aws-sdk-go-v2", "net/http"},
		"msklambda/lambda/kafka/deadletter/bucket":  {"github.com/aws/aws-sdk-go-v2", "net/http"},
		"msklambda/lambda/kafka/wire":               {"compress/zlib"},
		"msklambda/lambda/kafka/registry":           {"compress/zlib"},
		"msklambda/lambda/kafka/registry/confluent": {"compress/zlib", "github.com/twmb/", "net/http"},
		"msklambda/lambda/kafka/registry/glue":      {"compress/zlib", "github.com/aws/aws-sdk-go-v2", "net/http"},
		"msklambda/lambda/kafka/metrics":            nil,
		"msklambda/lambda/kafka/traces":             {"go.opentelemetry.io/", "net/http"},
		"msklambda/lambda/kafka/once":               nil,
		"msklambda/lambda/kafka/once/table":         {"github.com/aws/aws-sdk-go-v2", "net/http"},
		"msklambda/lambda/kafka/avro":               {"compress/zlib", "github.com/hamba/"},
		"msklambda/lambda/kafka/protobuf":           {"compress/zlib", "google.golang.org/protobuf"},
	} {
		found := dependencies(t, pkg)
		for _, client := range clients {
			has := slices.ContainsFunc(found, func(p string) bool { return strings.HasPrefix(p, client) })
			if want := slices.Contains(allowed, client); has != want {
				t.Errorf("%s depends on %s: %v, want %v", pkg, client, has, want)
			}
		}
	}
}
