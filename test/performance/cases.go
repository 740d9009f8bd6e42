package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	cliVersion = "2.1148.1"
	many       = 91 // consumers, to see what one of them costs; a stack has room for 98
)

func newBench(dir string) (*bench, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "cdk.json")); err != nil {
		return nil, fmt.Errorf("run it in the directory of cdk.json: %w", err)
	}
	b := &bench{root: root, dir: dir, apps: map[string]string{}, cliArgs: []string{"npx", "--yes", "aws-cdk@" + cliVersion}}
	for _, name := range []string{"empty", "plain", "ours"} {
		b.apps[name] = b.in(name)
		cmd := exec.Command("go", "build", "-ldflags=-s", "-o", b.apps[name], "./test/performance/"+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build of %s: %w\n%s", name, err, out)
		}
	}
	if err := b.readFlags(); err != nil {
		return nil, err
	}
	return b, b.copyHandler()
}

func (b *bench) readFlags() error {
	var config struct{ Context map[string]any }
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return err
	}
	delete(config.Context, "example")
	if text, err = json.Marshal(config.Context); err != nil {
		return err
	}
	b.flags = "CDK_CONTEXT_JSON=" + string(text)
	config.Context["aws:cdk:bundling-stacks"] = []string{}
	if text, err = json.Marshal(config.Context); err != nil {
		return err
	}
	b.unbundled = "CDK_CONTEXT_JSON=" + string(text)
	return nil
}

// copyHandler makes a module with the default function, which can be edited.
func (b *bench) copyHandler() error {
	b.handlerDir = b.in("handler")
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	mod = []byte(strings.Replace(string(mod), "module msklambda", "module handler", 1))
	mod = fmt.Appendf(mod, "\nrequire msklambda v0.0.0\n\nreplace msklambda => %s\n", b.root)
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(b.handlerDir, "lambda"), 0o755); err != nil {
		return err
	}
	for name, text := range map[string][]byte{"go.mod": mod, "go.sum": sum} {
		if err := os.WriteFile(filepath.Join(b.handlerDir, name), text, 0o644); err != nil {
			return err
		}
	}
	return b.editHandler(0)
}

// editHandler changes what the function does.
func (b *bench) editHandler(round int) error {
	text, err := os.ReadFile("lambda/main.go")
	if err != nil {
		return err
	}
	text = fmt.Appendf(text, "\nfunc init() { println(%q) }\n", fmt.Sprint("edit ", round, " ", os.Getpid()))
	return os.WriteFile(filepath.Join(b.handlerDir, "lambda", "main.go"), text, 0o644)
}

func (b *bench) synth(app, out, cache string, env ...string) benchCase {
	return benchCase{
		args: []string{b.apps[app]},
		env: append([]string{b.flags, "CDK_OUTDIR=" + b.in(out), "MSKLAMBDA_CACHE=" + b.in(cache),
			"ENTRY=" + filepath.Join(b.handlerDir, "lambda"), "GOFLAGS=-mod=mod"}, env...),
	}
}

func (c benchCase) called(group, name, what string) benchCase {
	c.group, c.name, c.what = group, name, what
	return c
}

func (c benchCase) after(prepare func(round int) error) benchCase {
	c.prepare = prepare
	return c
}

// forget removes what an earlier round left.
func (b *bench) forget(names ...string) func(int) error {
	return func(int) error {
		for _, name := range names {
			if err := os.RemoveAll(b.in(name)); err != nil {
				return err
			}
		}
		return nil
	}
}

const always = "CDK_VALIDATION=true" // CDK's own: each time

func (b *bench) synthCases() []benchCase {
	one, more := "CONSUMERS=1", fmt.Sprint("CONSUMERS=", many)
	return []benchCase{
		b.synth("empty", "empty.out", "none").called("synth", "empty", "an app with no resource of an AWS service"),
		b.synth("plain", "plain.out", "none").called("synth", "plain", "the same resources with CDK's own constructs"),
		b.synth("ours", "new.out", "new").called("synth", "new", "ours, a template that was never judged").after(b.forget("new")),
		b.synth("ours", "judged.out", "judged").called("synth", "judged", "ours, a template that was judged before"),
		b.synth("ours", "always.out", "none", always).called("synth", "always", "ours, judged each time, as CDK does"),
		b.synth("ours", "pending.out", "none2", "LOOKUP=true").called("synth", "pending", "ours, a run with look-ups pending"),
		b.synth("ours", "pending2.out", "none3", "LOOKUP=true", always).called("synth", "pending always", "the same, judged as CDK does"),

		b.synth("ours", "one.out", "one", b.unbundled, one).called("consumers", "ours, 1", "ours, 1 consumer, judged before, no function built"),
		b.synth("ours", "many.out", "many", b.unbundled, more).called("consumers", fmt.Sprint("ours, ", many), fmt.Sprint("ours, ", many, " consumers")),
		b.synth("plain", "pone.out", "none4", b.unbundled, one, "CDK_VALIDATION=false").called("consumers", "plain, 1", "CDK's own constructs, 1 consumer, no validation"),
		b.synth("plain", "pmany.out", "none5", b.unbundled, more, "CDK_VALIDATION=false").called("consumers", fmt.Sprint("plain, ", many), fmt.Sprint("CDK's own constructs, ", many, " consumers")),
	}
}

// cliCases run the real CLI, as users do.
func (b *bench) cliCases() []benchCase {
	var all []benchCase
	for _, v := range []struct{ name, env, what string }{{"ours", "NOTHING=", "edit the handler, synth and diff"}, {"always", always, "the same, judged each time"}} {
		out := "diff-" + v.name
		saved := b.in(out + ".json")
		c := b.synth("ours", out+".out", out, v.env)
		synth := c.args[0]
		c.args = []string{"bash", "-ec", fmt.Sprintf("%s\n%s diff --app %s --template %s Ours", synth, strings.Join(b.cliArgs, " "), b.in(out+".out"), saved)}
		all = append(all, c.called("edit", "edit, "+v.name, v.what).after(func(round int) error {
			if round == 0 {
				// Something to compare with: the template of a first synth.
				first := b.synth("ours", out+".out", out, v.env)
				if _, err := b.run(first, 0); err != nil {
					return err
				}
				text, err := os.ReadFile(filepath.Join(b.in(out+".out"), "Ours.template.json"))
				if err != nil {
					return err
				}
				if err := os.WriteFile(saved, text, 0o644); err != nil {
					return err
				}
			}
			return b.editHandler(round + 1)
		}))
	}
	return all
}
