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
	reports := Of(before, after, true)
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
	reports := Of(before, two(t, []func(*Template){network}, []func(*Template){provisioned}), true)
	if got := strings.Join(effects(reports, "Network", endpoint), "; "); !strings.Contains(got, "until then Cluster/Orders may read nothing") {
		t.Errorf("effects = %q, want that Orders waits", got)
	}
	after := two(t, []func(*Template){network}, []func(*Template){provisioned})
	after[1].After = nil
	if got := strings.Join(effects(Of(before, after, true), "Network", endpoint), "; "); strings.Contains(got, "until then") {
		t.Errorf("effects = %q, want nothing of a stack that does not wait", got)
	}
}
