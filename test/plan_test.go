package test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/plan"
)

// planOf synthesizes the app and reads the assembly as the command does.
func planOf(t *testing.T, context map[string]any) []*plan.Template {
	t.Helper()
	var all []*plan.Template
	noPanic(t, func() {
		app := newApp(t, context)
		if err := mskapp.Define(app); err != nil {
			t.Fatal(err)
		}
		var err error
		if all, err = plan.Load(*app.Synth(nil).Directory()); err != nil {
			t.Fatal(err)
		}
	})
	return all
}

// oneConsumer is the context of an app with the consumer Orders, and more.
func oneConsumer(cluster map[string]any, more ...map[string]any) map[string]any {
	orders := map[string]any{"name": "Orders", "topic": "orders", "consumerGroupId": "orders-fn"}
	for _, keys := range more {
		for key, value := range keys {
			orders[key] = value
		}
	}
	all := map[string]any{"topic": nil, "consumers": []any{orders}}
	for key, value := range cluster {
		all[key] = value
	}
	return given(all)
}

func keys(pairs ...string) map[string]any { return with(map[string]any{}, pairs...) }

// cell is a report in a cell of a table.
func cell(r *plan.Report) string {
	var out []string
	for _, l := range r.Lines {
		text := l.Text
		if len(l.Effects) > 0 && l.Verdict != plan.New && l.Verdict != plan.Removed {
			text = strings.Join(l.Effects, "; ")
		} else if len(l.Effects) > 0 {
			text += "; " + strings.Join(l.Effects, "; ")
		}
		if l.Offsets != "" {
			text += "; offsets " + l.Offsets
		}
		if l.CutsOff {
			text += "; **cuts off** whoever relies on it"
		}
		out = append(out, "*"+strings.ToLower(string(l.Verdict))+"* `"+l.Path+"`: "+strings.NewReplacer("on * to", "on all to", "|", `\|`).Replace(text))
	}
	if r.Before.Month != r.After.Month {
		out = append(out, "at least "+dollars(r.Before)+" a month, then "+dollars(r.After))
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, "<br>")
}

var price = regexp.MustCompile(`\$[0-9.]+ a month`)

// dollars is the cost as a plan writes it.
func dollars(c plan.Cost) string {
	var out strings.Builder
	if err := plan.Write(&out, plan.Text, []*plan.Report{{After: c, Before: c}}); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(price.FindString(out.String()), " a month")
}

// TestTheTenChanges writes the table of docs/review.md, and holds it against what
// comes of each change.
func TestTheTenChanges(t *testing.T) {
	long(t)
	two := oneConsumer(nil)
	two["consumers"] = append(two["consumers"].([]any), map[string]any{"name": "Refunds", "topic": "refunds", "consumerGroupId": "refunds-fn"})
	one := oneConsumer(nil)
	changes := []struct {
		name          string
		before, after map[string]any
		verdicts      string // of the mappings
	}{
		{"a new consumer", one, two, "new"},
		{"another `topic`", one, oneConsumer(nil, keys("topic", "orders-v2")), "replaced"},
		{"another `consumerGroupId`", one, oneConsumer(nil, keys("consumerGroupId", "orders-v2")), "REFUSED"},
		{"another `name`", one, oneConsumer(nil, keys("name", "Purchases")), "replaced"},
		{"`batchSize`", one, oneConsumer(nil, keys("batchSize", "500")), "in place"},
		{"the code (`entry`)", one, oneConsumer(nil, keys("entry", "../lambda/kafka/examples/payments")), ""},
		{"`endpointAccess` from `vpc` to `pollers`", oneConsumer(map[string]any{"endpointAccess": "vpc", "vpcCidrs": "10.0.0.0/16"}), one, ""},
		{"`authentication` `scram`", one, oneConsumer(nil, keys("authentication", "scram", "secretArn", secretARN)), "in place"},
		{"`pollers` `provisioned`", one, oneConsumer(nil, keys("pollers", "provisioned")), "in place"},
		{"a consumer removed", two, one, "removed"},
	}
	var rows strings.Builder
	rows.WriteString("| change | what the plan says |\n|---|---|\n")
	for _, c := range changes {
		reports, err := plan.CompareAll(planOf(t, c.before), planOf(t, c.after))
		if err != nil || len(reports) != 1 {
			t.Fatalf("%s: %d reports, %v, want one", c.name, len(reports), err)
		}
		var verdicts []string
		for _, l := range reports[0].Lines {
			if l.Type == "AWS::Lambda::EventSourceMapping" {
				verdicts = append(verdicts, string(l.Verdict))
			}
		}
		if got := strings.Join(verdicts, " "); got != c.verdicts {
			t.Errorf("%s: the mapping is %q, want %q", c.name, got, c.verdicts)
		}
		rows.WriteString("| " + c.name + " | " + cell(reports[0]) + " |\n")
	}
	const page, begin, end = "../docs/review.md", "<!-- changes: go test ./test -run TestTheTenChanges -update -->\n", "<!-- end of changes -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	got, tail, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(head+begin+rows.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != rows.String() {
		t.Errorf("%s has another table, want\n%s", page, rows.String())
	}
}

func TestThePlanSaysWhatThePlannerDecided(t *testing.T) {
	long(t)
	report := plan.DescribeAll(planOf(t, oneConsumer(nil)))[0]
	if got := strings.Join(report.Known, "\n"); !strings.Contains(got, "Cluster: nothing was looked up") {
		t.Errorf("known = %q, want that nothing was looked up", got)
	}
	for _, want := range []string{"Cluster/Orders: LambdaEndpoint is defined: nothing else was chosen", "Cluster/Orders: on-demand pollers reach the brokers on TCP 9098"} {
		if !strings.Contains(strings.Join(report.Why, "\n"), want) {
			t.Errorf("why = %q, want %q in it", report.Why, want)
		}
	}
	report = plan.DescribeAll(planOf(t, oneConsumer(map[string]any{"lambdaEndpoint": "none", "stsEndpoint": "existing"})))[0]
	for _, want := range []string{"no LambdaEndpoint: the broker subnets reach Lambda through a NAT gateway", "STSEndpoint is one that vpc-0123456789abcdef0 has"} {
		if !strings.Contains(strings.Join(report.Why, "\n"), want) {
			t.Errorf("why = %q, want %q in it", report.Why, want)
		}
	}
	report = plan.DescribeAll(planOf(t, given(map[string]any{"vpcId": nil, "subnetIds": nil, "securityGroupIds": nil})))[0]
	if !strings.Contains(report.Pending, "look-ups are pending for") || len(report.Lines) != 0 {
		t.Errorf("report = %+v, want pending look-ups and no more", report)
	}
}
