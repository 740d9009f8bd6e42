package plan

import "fmt"

const typeTable = "AWS::DynamoDB::Table"

// describeTable says what a table is, how it is billed and what becomes of it.
func describeTable(r *Resource) string {
	out := "a DynamoDB table"
	if r.Properties["BillingMode"] == "PAY_PER_REQUEST" {
		out += ", billed by use"
	}
	if ttl := at(r.Properties["TimeToLiveSpecification"], "AttributeName"); ttl != nil {
		out += ", that forgets by " + text(ttl)
	}
	if r.stays() {
		out += "; it stays when it leaves the template"
	}
	return out
}

// compareTable says what a change of a table does to those who keep in it what is done.
func compareTable(before, after *Resource) []string {
	out := properties(before, after)
	if len(replacing(before, after)) > 0 {
		out = append(out, "the new one is empty: what the old one knows to be done is made again if its record comes again")
	}
	return out
}

// forgotten is what it means that a table goes.
const forgotten = "what it knows to be done is made again if its record comes again"

// tables are those of the stack that are billed by use.
func (s *stack) tables() (n int) {
	for _, r := range s.of(typeTable) {
		if r.Properties["BillingMode"] == "PAY_PER_REQUEST" {
			n++
		}
	}
	return n
}

// ofTables is what tables cost by use.
func (c Cost) ofTables() string {
	if c.Tables == 0 {
		return ""
	}
	return fmt.Sprintf(", such as %s at $%.3f a million writes, $%.3f a million reads and $%.2f a GB a month",
		plural(c.Tables, "table"), Prices.TableWrites, Prices.TableReads, Prices.TableGB)
}
