package loop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

// small is a function that says its version at each event, and knows nothing of this
// repository.
const small = `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			panic(err)
		}
		event, _ := io.ReadAll(next.Body)
		fmt.Println("version %s" , strings.Count(string(event), "\"offset\""), os.Getenv("BROKERS") != "")
		answer, err := http.Post(api+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", strings.NewReader("{}"))
		if err != nil {
			panic(err)
		}
		answer.Body.Close()
	}
}
`

func writeSmall(t *testing.T, dir, version string) {
	t.Helper()
	for name, text := range map[string]string{"go.mod": "module example.com/small\n\ngo 1.26\n", "main.go": strings.ReplaceAll(small, "%s", version)} {
		if old, err := os.ReadFile(filepath.Join(dir, name)); err == nil && string(old) == text {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A change of the source is at work for the next event. What does not compile changes
// nothing, and no record is lost over it.
func TestAChangeIsAtWork(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	dir := t.TempDir()
	writeSmall(t, dir, "one")
	o, err := options.Parse([]string{"-entry", dir, "-watch", "-port", "0", "-rate", "50", "-batch-window", "50ms"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stop := make(chan struct{})
	var changed, atWork time.Time
	var status int
	got := output(t, false, func(s *screen.Screen) { status, err = Run(ctx, o, s, stop) },
		"watching ", func() {}, // or the change would come before anybody looks
		"function   version one", func() { changed = time.Now(); writeSmall(t, dir, "two") },
		"function   version two", func() { atWork = time.Now(); writeSmall(t, dir, `three" does not compile`) },
		"runs on as it was", func() { writeSmall(t, dir, "four") },
		"function   version four", func() { close(stop) })
	if err != nil || status != 0 || !strings.Contains(got, "lost: none") {
		t.Errorf("status = %d, %v, want 0 and nothing lost\n%s", status, err, got)
	}
	if !regexp.MustCompile(`(?m)^function   version two \d+ true$`).MatchString(got) {
		t.Errorf("output = %s\nwant that the function knows the brokers", got)
	}
	if n := strings.Count(got, "reloaded "); n != 2 {
		t.Errorf("reloaded %d times, want 2\n%s", n, got)
	}
	t.Logf("from the change to its first event: %v", atWork.Sub(changed).Round(time.Millisecond))
	t.Log(fmt.Sprint(regexp.MustCompile(`(?m)^reloaded .*$`).FindAllString(got, -1)))
}
