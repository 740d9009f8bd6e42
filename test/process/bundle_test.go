package process

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"msklambda/constructs/gobuild"
	"msklambda/constructs/msklambda"
	"msklambda/test/internal/synthtest"
)

type consumerEdit = func(*msklambda.ConsumerProps)

// bundle bundles a function for real and returns the asset's hash and binary.
func bundle(t *testing.T, dir string, edit ...consumerEdit) (hash, binary string) {
	t.Helper()
	synthtest.NoPanic(t, func() {
		app := newApp(t, map[string]any{"aws:cdk:bundling-stacks": []string{"**"}})
		stack := synthtest.NewStack(app, "Test")
		props := consumerProps(append(edit, func(p *msklambda.ConsumerProps) { p.Entry = dir })...)
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", props)
		key := synthtest.Read(t, stack).At("Cluster/Orders/Function").Properties["Code"].(map[string]any)["S3Key"].(string)
		hash = strings.TrimSuffix(key, ".zip")
		binary = filepath.Join(*app.Outdir(), "asset."+hash, "bootstrap")
	})
	return hash, binary
}

// checkout copies what a clone of this repository has of the function.
func checkout(t *testing.T, to string) string {
	t.Helper()
	if err := os.CopyFS(filepath.Join(to, "lambda"), os.DirFS(entry)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(to, name), string(text))
	}
	return filepath.Join(to, "lambda")
}

func TestTheSameSourceGivesTheSameAssetAnywhere(t *testing.T) {
	long(t)
	here := checkout(t, t.TempDir())
	there := checkout(t, filepath.Join(t.TempDir(), "a", "deeper", "place"))
	first, _ := bundle(t, here)
	if second, _ := bundle(t, there); second != first {
		t.Errorf("asset = %s in one directory and %s in another, want the same", first, second)
	}

	for name, value := range map[string]string{
		"GOTOOLCHAIN": "go1.26.1", "GOARM64": "v9.0", "GOAMD64": "v3", "GOEXPERIMENT": "noswissmap", "GOFIPS140": "latest", "GOFLAGS": "-tags=mine",
	} {
		t.Setenv(name, value)
		if got, _ := bundle(t, here); got != first {
			t.Errorf("asset = %s for a caller with %s=%s, want %s still", got, name, value, first)
		}
		if err := os.Unsetenv(name); err != nil { // the end of the test has it as before
			t.Fatal(err)
		}
	}
	other, _ := bundle(t, here, func(p *msklambda.ConsumerProps) {
		p.BuildEnvironment = map[string]string{"GOTOOLCHAIN": "go1.26.1"}
	})
	if other == first {
		t.Errorf("asset = %s by go1.26.1 and by %s, want another, or the toolchain would not matter", other, gobuild.DefaultToolchain)
	}
	t.Logf("asset %s by %s, %s by go1.26.1", first, gobuild.DefaultToolchain, other)

	write(t, filepath.Join(here, "main_more_test.go"), "package main\n")
	write(t, filepath.Join(here, "README.md"), "words\n")
	write(t, filepath.Join(here, "other", "main.go"), "package main\n\nfunc main() { println(\"other\") }\n")
	if got, _ := bundle(t, here); got != first {
		t.Errorf("asset = %s after a change of a test, a README and another function, want %s still", got, first)
	}

	write(t, filepath.Join(here, "more.go"), "package main\n\nfunc init() { println(\"more\") }\n")
	if got, _ := bundle(t, here); got == first {
		t.Errorf("asset = %s after a change of the function, want another", got)
	}
}

// bundled are the modules that a function may hold: what the runtime tells, and
// base64 in vector instructions with what tells which of them the processor has.
var bundled = []string{"github.com/aws/aws-lambda-go", "github.com/segmentio/asm", "golang.org/x/sys"}

func TestTheBundleIsSmallAndStatic(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		edit    consumerEdit
		machine elf.Machine
	}{
		"arm64":  {func(*msklambda.ConsumerProps) {}, elf.EM_AARCH64},
		"x86_64": {func(p *msklambda.ConsumerProps) { p.Architecture = awslambda.Architecture_X86_64() }, elf.EM_X86_64},
	} {
		t.Run(name, func(t *testing.T) {
			_, path := bundle(t, entry, tt.edit)
			file, err := elf.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if file.Machine != tt.machine {
				t.Errorf("machine = %v, want %v", file.Machine, tt.machine)
			}
			if _, err := file.Symbols(); !errors.Is(err, elf.ErrNoSymbols) {
				t.Errorf("symbols: %v, want none", err)
			}
			if libs, _ := file.ImportedLibraries(); len(libs) != 0 {
				t.Errorf("libraries = %q, want a static binary", libs)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, pkg := range []string{"net/rpc.", "net/http."} {
				if bytes.Contains(text, []byte(pkg)) {
					t.Errorf("%s is in the bundle", pkg)
				}
			}
			if !bytes.Contains(text, []byte("encoding/json.")) {
				t.Error("encoding/json is not in the bundle, so the checks for other packages prove nothing")
			}
			info, err := buildinfo.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, setting := range info.Settings {
				if strings.HasPrefix(setting.Key, "vcs") {
					t.Errorf("build setting %s=%s, want no commit in the bundle", setting.Key, setting.Value)
				}
				if setting.Key == "CGO_ENABLED" && setting.Value != "0" {
					t.Errorf("CGO_ENABLED = %s, want 0", setting.Value)
				}
			}
			for _, dep := range info.Deps {
				if !slices.Contains(bundled, dep.Path) {
					t.Errorf("the bundle holds %s, want none but %q", dep.Path, bundled)
				}
			}
		})
	}
}

// TestTheLocalProgramIsTheBundle: what runs on this machine, in test/local, is
// for the same architecture the same to the byte as what is deployed.
func TestTheLocalProgramIsTheBundle(t *testing.T) {
	long(t)
	_, path := bundle(t, entry)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(t.TempDir(), "bootstrap")
	if err := gobuild.Build(t.Context(), entry, local, "linux", "arm64"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the local program has %d bytes and differs from the bundle, which has %d", len(got), len(want))
	}
}

func TestTheBuildEnvironmentIsYours(t *testing.T) {
	long(t)
	_, path := bundle(t, entry, func(p *msklambda.ConsumerProps) {
		p.BuildEnvironment = map[string]string{"GOFLAGS": "-trimpath -buildvcs=false -tags=mine"}
	})
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range info.Settings {
		if setting.Key == "-tags" && setting.Value == "mine" {
			return
		}
	}
	t.Errorf("build settings = %v, want -tags=mine", info.Settings)
}
