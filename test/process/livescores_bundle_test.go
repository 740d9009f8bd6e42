package process

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/gobuild"
)

// The functions of the live scores hold the SDK beside what every function may,
// and nothing that is for the local loop or for CDK.
func TestTheBundlesOfLiveScoresHoldTheSDKAndNoMore(t *testing.T) {
	long(t)
	for _, name := range []string{"livescores", "livescores/poster", "connections"} {
		path := filepath.Join(t.TempDir(), "bootstrap")
		if err := gobuild.Build(t.Context(), filepath.Join(entry, name), path, "linux", "arm64"); err != nil {
			t.Fatal(err)
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sdk := false
		for _, dep := range info.Deps {
			if dep.Path == "github.com/aws/smithy-go" || strings.HasPrefix(dep.Path, "github.com/aws/aws-sdk-go-v2") {
				sdk = true
			} else if !slices.Contains(bundled, dep.Path) {
				t.Errorf("the bundle of %s holds %s, want the SDK and %q", name, dep.Path, bundled)
			}
		}
		if !sdk {
			t.Errorf("the bundle of %s holds no SDK, so the check proves nothing", name)
		}
		file, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		const most = 20 << 20
		if file.Size() > most {
			t.Errorf("the bundle of %s has %d bytes, want at most %d", name, file.Size(), most)
		}
		t.Logf("%s: %.1f MB", name, float64(file.Size())/(1<<20))
	}
}
