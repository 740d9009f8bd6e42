package loop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"msklambda/constructs/gobuild"
	"msklambda/test/local/internal/mapping"
	"msklambda/test/local/internal/procgroup"
)

// buildAll builds the functions of all mappings, each once.
func (l *session) buildAll(ctx context.Context) (map[*mapping.Mapping]string, error) {
	out := map[*mapping.Mapping]string{}
	done := map[string]string{}
	for _, m := range l.o.Mappings {
		if m.Entry == "" {
			out[m] = filepath.Join(m.Bundle, "bootstrap")
			continue
		}
		if done[m.Entry] == "" {
			if err := l.remember(ctx, m.Entry); err != nil {
				return nil, err
			}
			bootstrap, err := l.build(ctx, m.Entry)
			if err != nil {
				return nil, err
			}
			done[m.Entry] = bootstrap
		}
		out[m] = done[m.Entry]
		if m.Name == "" {
			m.Name = nameOf(m.Entry)
		}
	}
	return out, nil
}

// checkEntries finds out whether the functions are there to be built.
func (l *session) checkEntries() error {
	for _, m := range l.o.Mappings {
		if m.Entry == "" {
			continue
		}
		if info, err := os.Stat(m.Entry); err != nil {
			return fmt.Errorf("%w: run this in the repository, or give -entry", err)
		} else if !info.IsDir() {
			return fmt.Errorf("-entry must be the directory of a Go main package, got the file %s", m.Entry)
		}
	}
	return nil
}

func nameOf(entry string) string {
	if abs, err := filepath.Abs(entry); err == nil {
		entry = abs
	}
	return filepath.Base(entry)
}

// debugFlags keep what a debugger needs: names, lines, paths, and code as it was written.
const debugFlags = "GOFLAGS=-buildvcs=false -tags=lambda.norpc '-gcflags=all=-N -l'"

// build builds a function into a directory of its own.
func (l *session) build(ctx context.Context, entry string) (string, error) {
	how := "with the construct's flags"
	if l.o.Debug {
		how = "with debug information"
	}
	l.s.Line("building   %s for %s/%s, %s", entry, runtime.GOOS, runtime.GOARCH, how)
	return l.compile(ctx, entry)
}

func (l *session) compile(ctx context.Context, entry string) (string, error) {
	dir, err := os.MkdirTemp(l.dir, "function-")
	if err != nil {
		return "", err
	}
	bootstrap := filepath.Join(dir, "bootstrap")
	if runtime.GOOS == "windows" {
		bootstrap += ".exe"
	}
	cmd, err := gobuild.Command(ctx, entry, bootstrap, runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	// A go command that is ended leaves compilers and files behind: here they go with it,
	// and with the directory.
	cmd.Env = append(cmd.Env, "GOTMPDIR="+l.dir)
	if l.o.Debug {
		cmd.Env = append(cmd.Env, debugFlags)
	}
	procgroup.Own(cmd)
	cmd.Cancel = func() error { procgroup.Kill(cmd); return nil }
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build of %s: %w\n%s", entry, err, text)
	}
	return bootstrap, nil
}
