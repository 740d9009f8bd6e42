package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type report struct {
	cases   []benchCase
	cpu     map[string]float64
	wall    map[string]float64
	rounds  int
	machine string
}

func newReport(cases []benchCase, taken map[string][]sample, rounds int, machine string) *report {
	r := &report{cases: cases, cpu: map[string]float64{}, wall: map[string]float64{}, rounds: rounds, machine: machine}
	for name, samples := range taken {
		var cpu, wall []float64
		for _, s := range samples {
			cpu, wall = append(cpu, s.cpu), append(wall, s.wall)
		}
		r.cpu[name], r.wall[name] = median(cpu), median(wall)
	}
	return r
}

// base is what the cases of a group are held against.
var base = map[string]string{"synth": "plain", "consumers": "ours, 1", "edit": "edit, always", "first": "first, always"}

func (r *report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; medians of %d interleaved rounds.\n\n| what | CPU s | s | CPU, against |\n|---|---:|---:|---|\n", r.machine, r.rounds)
	for _, c := range r.cases {
		against := ""
		if to := base[c.group]; to != c.name {
			against = fmt.Sprintf("%.2f of %q", r.cpu[c.name]/r.cpu[to], to)
		}
		fmt.Fprintf(&b, "| %s: %s | %.2f | %.2f | %s |\n", c.name, c.what, r.cpu[c.name], r.wall[c.name], against)
	}
	further := func(app string) float64 {
		return (r.cpu[fmt.Sprint(app, ", ", many)] - r.cpu[app+", 1"]) / (many - 1) * 1000
	}
	fmt.Fprintf(&b, "\nA further consumer costs %.0f ms of CPU, and %.0f ms with CDK's own constructs, before validation.\n", further("ours"), further("plain"))
	return b.String()
}

const begin, end = "<!-- figures: go run ./test/performance -update -->\n", "<!-- end of figures -->\n"

// write puts the table and the picture into the documentation.
func (r *report) write(dir string) error {
	path := filepath.Join(dir, "performance.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no %q and %q to put the figures between", path, begin, end)
	}
	if err := os.WriteFile(path, []byte(before+begin+"\n"+r.table()+"\n"+end+after), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "performance.svg"), []byte(r.picture()), 0o644)
}

// picture is a bar for each case but those of many consumers, by CPU seconds.
func (r *report) picture() string {
	const left, width, row = 330, 420, 24
	var shown []benchCase
	longest := 0.0
	for _, c := range r.cases {
		if c.group != "consumers" {
			shown = append(shown, c)
			longest = max(longest, r.cpu[c.name])
		}
	}
	var b strings.Builder
	height := row*len(shown) + 50
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img" aria-label="CPU seconds of each case">`+"\n",
		left+width+60, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="10" y="22" font-weight="bold" fill="#222">CPU seconds, medians of %d interleaved rounds</text>`+"\n", r.rounds)
	for i, c := range shown {
		y := 40 + row*i
		colour := "#2a6fb0"
		if strings.Contains(c.name, "always") || c.name == "plain" {
			colour = "#b8b8b8" // what it is held against
		}
		bar := int(r.cpu[c.name] / longest * width)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" fill="#222">%s</text><rect x="%d" y="%d" width="%d" height="15" fill="%s"/><text x="%d" y="%d" fill="#222">%.2f</text>`+"\n",
			left-8, y+12, escape(c.what), left, y, max(bar, 1), colour, left+max(bar, 1)+6, y+12, r.cpu[c.name])
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
