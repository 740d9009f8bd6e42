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
	fmt.Fprintf(&b, `# What faults do to records

%d records over %d partitions go through a Kafka broker, a poller that behaves as Lambda's does, and a function that is
built as the construct builds it and run over the Lambda Runtime API: for each fault, by a test that is part of
`+"`go test ./...`"+`. It compares this page with what it finds, and writes it with
`+"`go test ./test/local -run TestNoFaultLosesARecord -update`"+`.

`, faultRecords, faultPartitions)
	b.WriteString("| fault | what happens | records | faults | handled | in the destination | lost | out of order | handled again |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %s |\n", r.name, r.what, r.records, r.faults, r.handled, r.destination, r.lost, r.disordered, r.handledAgain)
	}
	b.WriteString(`
- **records** are produced, and **faults** is how many of them ask for one, or how often the broker or the poller does.
- **handled** and **in the destination** come from what the function and the destination have written, not from what the
  poller says. Together they are all records, and no record is in both.
- **out of order** counts each time that a record was handled for the first time, or tried in vain, after a later one of its
  partition had been handled. A record may come again after a failure, as everything in Lambda with Kafka is at least once.
- **handled again** says whether records were handled more than once. How many depends on where batches begin; "perhaps" is
  where even that depends on timing.

Restarts keep what the brokers hold. Records differ in key and value, some of which are null or empty; the function
compares a checksum of each.
`)
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
