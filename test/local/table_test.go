package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/faults.md")

const tablePath = "../../docs/faults.md"

// tableRow is a line of docs/faults.md. How many records are handled again
// depends on timing, so the page has no number for it.
type tableRow struct {
	name, what, handledAgain              string
	records, faults, handled, destination int
	lost, disordered, again               int
}

// table is the page. The counts in it do not depend on timing.
func table(rows []tableRow) string {
	var b strings.Builder
	b.WriteString(`# What faults do to records

`)
	fmt.Fprintf(&b, "Written by `go test ./test/local -run TestNoFaultLosesARecord -update`, and compared with each run of the test. %d records\nover %d partitions go through a Kafka broker, a poller that behaves as Lambda's does, and a function that is built as the\nconstruct builds it and run over the Lambda Runtime API.\n\n", faultRecords, faultPartitions)
	b.WriteString("| fault | what happens | records | faults | handled | in the destination | lost | out of order | handled again |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %s |\n", r.name, r.what, r.records, r.faults, r.handled, r.destination, r.lost, r.disordered, r.handledAgain)
	}
	return b.String()
}

func checkTable(t *testing.T, rows []tableRow) {
	t.Helper()
	want := table(rows)
	if *update {
		if err := os.WriteFile(tablePath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(tablePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/faults.md is not what this run found; -update writes it:\n%s", want)
	}
}
