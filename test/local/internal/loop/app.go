package loop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"msklambda/constructs/problem"
	"msklambda/test/local/internal/assembly"
)

// readApp reads the mappings of -app, if there is one.
func (l *session) readApp(ctx context.Context) error {
	if l.o.App == "" {
		return nil
	}
	app, err := assembly.Read(l.o.App, assembly.Options{
		Only: l.o.Only, Sources: l.o.Sources, Env: l.o.Env,
		Find: func(importPath string) string { return directoryOf(ctx, importPath) },
		Runs: func(goos, goarch string) bool { return goos == runtime.GOOS && goarch == runtime.GOARCH },
	})
	if err != nil {
		return err
	}
	for _, skipped := range app.Skipped {
		l.s.Line("app        %s: it is left out", skipped)
	}
	var errs []error
	for _, m := range app.Mappings {
		for _, note := range m.Notes {
			l.s.Line("app        %s: %s", m.Name, note)
		}
		if m.OnFailure == assembly.DestinationFile {
			m.OnFailure = filepath.Join(os.TempDir(), "msklambda-failures-"+m.Name+".jsonl")
			l.s.Line("app        %s: in place of its destination there is %s", m.Name, m.OnFailure)
		}
		if l.o.Kafka != nil {
			// That of the template is at work for those who have deployed it.
			m.Group += "-local"
		}
		var ps problem.List
		m.Check(&ps)
		for _, p := range ps {
			errs = append(errs, fmt.Errorf("-app: %s: %w", m.Name, p))
		}
	}
	l.o.Mappings = app.Mappings
	if err := l.chooseTarget(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// chooseTarget finds out which topic records are written to.
func (l *session) chooseTarget() error {
	if l.o.Target != "" {
		return nil
	}
	var topics []string
	for _, m := range l.o.Mappings {
		if !slices.Contains(topics, m.Topic) {
			topics = append(topics, m.Topic)
		}
	}
	if len(topics) == 1 || l.o.Rate == 0 && l.o.Records == "" {
		l.o.Target = topics[0]
		return nil
	}
	return fmt.Errorf("-rate and -records need -topic, to say which of %s is written to", strings.Join(topics, ", "))
}

func (l *session) names() (names []string) {
	for _, m := range l.o.Mappings {
		names = append(names, m.Name)
	}
	return names
}

// directoryOf is where the go command finds a package from here, "" = nowhere. A
// package of another module would be its copy in the module cache, which nobody edits.
func directoryOf(ctx context.Context, importPath string) string {
	cmd := exec.CommandContext(ctx, "go", "list", "-find", "-f", "{{if .Module.Main}}{{.Dir}}{{end}}", importPath)
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	dir := strings.TrimSpace(string(out))
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, dir); err == nil {
			return short
		}
	}
	return dir
}
