// Package reload notices that the source of a Go program has changed. It looks at the
// files again and again, which works alike on every system and file system.
package reload

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Source is what a program is built of.
type Source struct {
	dir   string   // of its main package
	dirs  []string // of all its packages that may be edited, and of what they embed
	files []string // such as go.mod
	seen  map[string]stamp
}

// stamp tells one version of a file from another.
type stamp struct {
	at   time.Time
	size int64
}

// New looks at the source of the main package in dir as it is now.
func New(ctx context.Context, dir string) (*Source, error) {
	s := &Source{dir: dir}
	if err := s.list(ctx); err != nil {
		return nil, err
	}
	s.seen = s.look()
	return s, nil
}

// format has go list say where the packages are, but for those of the standard library.
const format = `{{if not .Standard}}{{.Dir}}{{range .EmbedFiles}}
{{$.Dir}}/{{.}}{{end}}{{with .Module}}
{{.GoMod}}{{end}}
{{end}}`

// list finds out what there is to look at. What is in the module cache never changes.
func (s *Source) list(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOWORK")
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	cache, work, _ := strings.Cut(strings.TrimRight(string(out), "\r\n"), "\n")
	var said bytes.Buffer
	// -e, so that a package that does not compile is looked at too, until it does.
	cmd = exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-tags=lambda.norpc", "-f", format, ".")
	cmd.Dir, cmd.Stderr = s.dir, &said
	if out, err = cmd.Output(); err != nil {
		return fmt.Errorf("go list of %s: %w: %s", s.dir, err, strings.TrimSpace(said.String()))
	}
	dirs, files := map[string]bool{}, map[string]bool{}
	if work = strings.TrimSpace(work); work != "" && work != "off" {
		files[work] = true
	}
	for line := range strings.Lines(string(out)) {
		path := filepath.FromSlash(strings.TrimSpace(line))
		if path == "" || strings.HasPrefix(path, strings.TrimSpace(cache)+string(filepath.Separator)) {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			dirs[path] = true
		} else {
			files[path] = true
		}
	}
	s.dirs, s.files = slices.Sorted(maps.Keys(dirs)), slices.Sorted(maps.Keys(files))
	return nil
}

// look returns the versions of all files.
func (s *Source) look() map[string]stamp {
	now := map[string]stamp{}
	see := func(path string) {
		if info, err := os.Stat(path); err == nil {
			now[path] = stamp{info.ModTime(), info.Size()}
		}
	}
	for _, dir := range s.dirs {
		entries, _ := os.ReadDir(dir) // one that is gone has no files
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, ".") {
				see(filepath.Join(dir, name))
			}
		}
	}
	for _, file := range s.files {
		see(file)
	}
	return now
}

// Changed returns a file that is not as it was the last time, "" = all are. Its
// caller builds, and then calls [Source.Built].
func (s *Source) Changed() string {
	now := s.look()
	before := s.seen
	s.seen = now
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if now[path] != before[path] {
			return path
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[path]; !ok {
			return path
		}
	}
	return ""
}

// Built looks anew which packages there are: an import may have come or gone. What
// changed meanwhile is told by the next Changed.
func (s *Source) Built(ctx context.Context) error {
	before, known := s.seen, map[string]bool{}
	for _, dir := range s.dirs {
		known[dir] = true
	}
	if err := s.list(ctx); err != nil {
		return err
	}
	s.seen = s.look()
	for path := range s.seen {
		if was, ok := before[path]; ok {
			s.seen[path] = was
		} else if known[filepath.Dir(path)] {
			delete(s.seen, path) // it came meanwhile
		}
	}
	for path, was := range before {
		if _, ok := s.seen[path]; !ok && slices.Contains(s.dirs, filepath.Dir(path)) {
			s.seen[path] = was // it went meanwhile
		}
	}
	return nil
}

// Interval is how often to ask for changes.
const Interval = 100 * time.Millisecond

// settle is how long files stay as they are before a change counts as made: editors
// and version control write more than one.
const settle = 60 * time.Millisecond

// Wait waits for a change, and until it is made. It returns a file that changed; the
// error is the context's.
func (s *Source) Wait(ctx context.Context) (string, error) {
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		changed := s.Changed()
		for more := changed; more != ""; more = s.Changed() {
			select {
			case <-time.After(settle):
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		if changed != "" {
			return changed, nil
		}
	}
}
