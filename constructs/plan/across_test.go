package plan

import (
	"strings"
	"testing"
)

// two stacks, of which the second is deployed after the first.
func two(t *testing.T, first, second []func(*Template)) []*Template {
	t.Helper()
	a, b := with(t, first...), with(t, second...)
	a.Stack, b.Stack, b.After = "Network", "Orders", []string{"Network"}
	return []*Template{a, b}
}

func compareAll(t *testing.T, before, after []*Template) []*Report {
	t.Helper()
	reports, err := CompareAll(before, after)
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

func effects(reports []*Report, stack string, is func(Line) bool) (out []string) {
	for _, r := range reports {
		for _, l := range r.Lines {
			if r.Stack == stack && is(l) {
				out = append(append(out, l.Effects...), "offsets "+l.Offsets)
			}
		}
	}
	return out
}

func ofMapping(l Line) bool { return l.Type == typeMapping }

func TestAConsumerMovesToAnotherStack(t *testing.T) {
	all := []string{mappingIDOfOrders, functionID, policyID, "ClusterOrdersRole507E0CA2", "ClusterOrdersLogGroup6EF63D98"}
	network := []string{lambdaID, stsID, sgID, ruleID}
	before := two(t, nil, []func(*Template){remove(all...), remove(network...)})
	after := two(t, []func(*Template){remove(all...)}, []func(*Template){remove(network...)})
	reports := compareAll(t, before, after)
	if got := strings.Join(effects(reports, "Network", ofMapping), "; "); !strings.Contains(got, "it goes to stack Orders") || !strings.Contains(got, "until the other is, nothing is read") || !strings.HasSuffix(got, "offsets kept") {
		t.Errorf("effects = %q", got)
	}
	if got := strings.Join(effects(reports, "Orders", ofMapping), "; "); !strings.Contains(got, "it comes from stack Network") || !strings.HasSuffix(got, "offsets kept") {
		t.Errorf("effects = %q", got)
	}
}

func TestTheNetworkGoesBeforeAConsumerOfALaterStackHasChanged(t *testing.T) {
	provisioned := set(mappingIDOfOrders, "ProvisionedPollerConfig", `{"MinimumPollers":1}`)
	network := remove(lambdaID, stsID, sgID)
	before := two(t, nil, nil)
	endpoint := func(l Line) bool { return l.LogicalID == stsID }
	reports := compareAll(t, before, two(t, []func(*Template){network}, []func(*Template){provisioned}))
	if got := strings.Join(effects(reports, "Network", endpoint), "; "); !strings.Contains(got, "until then Cluster/Orders may read nothing") {
		t.Errorf("effects = %q, want that Orders waits", got)
	}
	after := two(t, []func(*Template){network}, []func(*Template){provisioned})
	after[1].After = nil
	if got := strings.Join(effects(compareAll(t, before, after), "Network", endpoint), "; "); strings.Contains(got, "until then") {
		t.Errorf("effects = %q, want nothing of a stack that does not wait", got)
	}
}

func TestWhatAnotherStackHasIsRefused(t *testing.T) {
	network := remove(lambdaID, stsID, sgID, ruleID)
	endpoint := func(l Line) bool { return l.LogicalID == stsID || l.LogicalID == ruleID }
	for name, test := range map[string]struct {
		after   []*Template
		verdict Verdict
		says    string
	}{
		"it keeps it":      {two(t, nil, nil), Refused, "stack Network has it"},
		"it gives it up":   {two(t, []func(*Template){network}, nil), New, ""}, // and is deployed first
		"in another order": {two(t, []func(*Template){network}, nil), New, "deploy that one first"},
		"it is gone":       {two(t, nil, nil)[1:], Refused, "cdk destroy it first"},
	} {
		if name == "in another order" {
			test.after[1].After = nil
		}
		n := 0
		for _, r := range compareAll(t, two(t, nil, []func(*Template){network}), test.after) {
			for _, l := range r.Lines {
				if r.Stack == "Orders" && endpoint(l) {
					n++
					if got := strings.Join(l.Effects, "; "); l.Verdict != test.verdict || !strings.Contains(got, test.says) || test.says == "" && strings.Contains(got, "EC2") {
						t.Errorf("%s: %q, %q, want %q and %q", name, l.Verdict, got, test.verdict, test.says)
					}
				}
			}
		}
		if n != 2 {
			t.Errorf("%s: %d lines, want the endpoint and the rule", name, n)
		}
	}
}

// The name of a stack is changed: the old one stays until somebody destroys it.
func TestAStackThatLeavesTheAppStays(t *testing.T) {
	before, after := golden(t), golden(t)
	after.Stack = "Renamed"
	reports := compareAll(t, []*Template{before}, []*Template{after})
	if !strings.Contains(strings.Join(reports[1].Known, "; "), "no deploy deletes it") || !reports[0].Refused() {
		t.Errorf("reports = %+v %+v, want the new one refused for the old", reports[0], reports[1])
	}
	if got := strings.Join(effects(reports, "Renamed", ofMapping), "; "); !strings.Contains(got, "goes on polling until cdk destroy") {
		t.Errorf("effects = %q", got)
	}
}
