package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/prices.md anew")

const docs = "../../docs/"

func TestThePageOfPricesIsTheList(t *testing.T) {
	const begin, end = "<!-- prices: go test ./constructs/plan -update -->\n", "<!-- end of prices -->\n"
	all := Prices.All()
	// Each number of the list has its row.
	fields := reflect.ValueOf(Prices)
	numbers := 0
	for i := range fields.NumField() {
		if field := fields.Field(i); field.Kind() == reflect.Float64 && fields.Type().Field(i).Name != "Hours" {
			numbers++
			if !slices.ContainsFunc(all, func(p Price) bool { return p.USD == field.Float() }) {
				t.Errorf("no row has %s", fields.Type().Field(i).Name)
			}
		}
	}
	if len(all) != numbers {
		t.Errorf("%d rows of %d prices", len(all), numbers)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "| what, in %s, %s | $ | a | read at | which is of |\n|---|--:|---|---|---|\n", Prices.Region, Prices.Date)
	for _, p := range all {
		source, read := p.Source, p.Read
		if source == "" {
			source, read = "**not verified**", ""
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", p.What, figure(p.USD), p.Per, source, read)
	}
	text, err := os.ReadFile(docs + "prices.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	was, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/prices.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile(docs+"prices.md", []byte(before+begin+table.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was != table.String() {
		t.Errorf("docs/prices.md has another table than this, -update writes it:\n%s", table.String())
	}
}

// figure is a price with as many decimals as it has, but two at least.
func figure(usd float64) string {
	text := strings.TrimRight(fmt.Sprintf("%.10f", usd), "0")
	for len(text)-strings.Index(text, ".") < 3 {
		text += "0"
	}
	return text
}

// live is what the live scores' table is worked out from: viewers, each connected for
// 120 minutes of 100 events, with 16 messages of its own and 200 questions.
func live(viewers float64) []float64 {
	million := viewers / 1e6
	return []float64{million * 100 * Prices.Messages, million * 120 * Prices.Connections, million * 16 * Prices.Messages, million * 200 * Prices.EdgeRequests,
		million*100*Prices.EventMessages + million*120*Prices.EventConnections}
}

// figures are those that pages may have: prices, and what is worked out of them.
func figures() map[string]bool {
	all := map[string]bool{"0.00": true}
	add := func(values ...float64) {
		for _, v := range values {
			for _, form := range []string{figure(v), fmt.Sprintf("%.2f", v), fmt.Sprintf("%.0f", v), fmt.Sprintf("%.7f", v)} {
				if form != "0" && form != "0.00" {
					all[form] = true
				}
			}
		}
	}
	for _, p := range Prices.All() {
		add(p.USD)
	}
	endpoint, unit := Prices.EndpointMonth(), Prices.PollerUnitMonth()
	add(endpoint, 2*2*endpoint, 2*3*endpoint, unit, 3*Prices.NAT*Prices.Hours)
	for _, viewers := range []float64{1e3, 1e5, 1e6} {
		add(live(viewers)...)
	}
	return all
}

// made are figures of the live scores that are estimates of the page: functions, with the
// wait for a quota, and table, queue, bucket and logs together; and the sums.
var made = map[string][]string{"live-scores.md": {"0.01", "2", "3", "12", "1", "7", "0.37", "38", "356"}}

// TestEachFigureIsOfTheList holds every dollar figure of README and pages against the
// list. What a command prints is in blocks, which the tests of the command write.
func TestEachFigureIsOfTheList(t *testing.T) {
	pages, err := filepath.Glob(docs + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	known := figures()
	dollars := regexp.MustCompile(`\$([0-9][0-9,]*(?:\.[0-9]+)?)`)
	block := regexp.MustCompile("(?s)\n```.*?\n```")
	found := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range dollars.FindAllStringSubmatch(block.ReplaceAllString(string(text), ""), -1) {
			found++
			value := strings.TrimSuffix(strings.ReplaceAll(m[1], ",", ""), ",")
			if base := filepath.Base(page); !known[value] && !slices.Contains(made[base], value) {
				t.Errorf("%s has $%s, which is none of the list of prices, nor worked out of it here", base, m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("%d figures are found, want those of the pages", found)
	}
}
