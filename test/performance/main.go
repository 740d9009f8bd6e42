// Command performance measures what a synth costs, and writes docs/performance.md
// and its picture with -update:
//
//	go run ./test/performance -update
//
// It builds three small apps, runs all cases one after the other in each round, so
// that a busy machine is busy for all of them, and reports medians of processor
// time, of the process and of all that it started. Processor time still grows on a
// busy machine: believe the ratios.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "rounds that count; one more goes before them")
	update := flag.Bool("update", false, "write docs/performance.md and docs/performance.svg anew")
	cli := flag.Bool("cli", true, "run the cases that need the CDK CLI, which npx gets from npm")
	flag.Parse()
	if err := run(*rounds, *update, *cli); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(rounds int, update, cli bool) error {
	dir, err := os.MkdirTemp("", "performance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBench(dir)
	if err != nil {
		return err
	}
	cases := b.synthCases()
	if cli {
		cases = append(cases, b.cliCases()...)
	}
	taken := map[string][]sample{}
	for round := range rounds + 1 {
		for _, c := range cases {
			s, err := b.run(c, round)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				taken[c.name] = append(taken[c.name], s)
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %-40s %5.2f CPU s %5.2f s\n", round, rounds, c.name, s.cpu, s.wall)
		}
	}
	report := newReport(cases, taken, rounds, machine())
	fmt.Println(report.table())
	if !update {
		return nil
	}
	return report.write("docs")
}

// sample is one run, in seconds.
type sample struct{ cpu, wall float64 }

// benchCase is something to run. Its group is what it is compared within.
type benchCase struct {
	name, group string
	what        string // it is, in the table

	prepare func(round int) error // not measured
	args    []string
	env     []string
}

type bench struct {
	root, dir  string
	apps       map[string]string
	flags      string // CDK's feature flags, as the CLI would pass them
	unbundled  string // the same, with no function built
	cliArgs    []string
	handlerDir string
}

// machine says where the figures are from.
func machine() string {
	node, err := exec.Command("node", "--version").Output()
	if err != nil {
		node = []byte("unknown")
	}
	return fmt.Sprintf("%s, Node %s, %d processors, %s", runtime.Version(), strings.TrimSpace(string(node)), runtime.NumCPU(), time.Now().Format("January 2006"))
}

func (b *bench) run(c benchCase, round int) (sample, error) {
	if c.prepare != nil {
		if err := c.prepare(round); err != nil {
			return sample{}, err
		}
	}
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Dir = b.dir
	cmd.Env = append(environment(), c.env...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	wall := time.Since(start)
	if err != nil {
		return sample{}, fmt.Errorf("%v: %w\n%s", c.args, err, out)
	}
	state := cmd.ProcessState
	return sample{(state.UserTime() + state.SystemTime()).Seconds(), wall.Seconds()}, nil
}

// environment is without what would send the CLI to an account, or change CDK.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "AWS_") || strings.HasPrefix(v, "CDK_") || strings.HasPrefix(v, "JSII_") || strings.HasPrefix(v, "MSKLAMBDA_")
	})
}

func (b *bench) in(name string) string { return filepath.Join(b.dir, name) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 && n > 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
