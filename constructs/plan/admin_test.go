package plan

import (
	"slices"
	"strings"
	"testing"
)

// adminFunction is one of a stack, with the rights and topics given.
func adminFunction(right, topics string, more ...string) string {
	return `"A":{"Type":"AWS::Lambda::Function","Metadata":{"aws:cdk:path":"Home/Cluster/Admin/Function/Resource"},"Properties":{` + strings.Join(more, "") +
		`"Environment":{"Variables":{"MSKLAMBDA_ADMIN_RIGHT":"` + right + `","MSKLAMBDA_ADMIN_TOPICS":"` + topics + `","MSKLAMBDA_ADMIN_GROUPS":"orders-fn",` +
		`"MSKLAMBDA_ADMIN_CLUSTER":"arn:aws:kafka:us-east-1:111122223333:cluster/demo/1-2","MSKLAMBDA_ADMIN_AUTHENTICATION":"iam"}}}}`
}

func TestAnAdminFunctionIsDescribedByWhatItLetsOthersDo(t *testing.T) {
	for right, want := range map[string]string{
		"read":    "lets whoever may invoke it read topics orders, refunds and see groups orders-fn of cluster demo, with IAM",
		"produce": "lets whoever may invoke it read and write topics orders, refunds and see groups orders-fn of cluster demo, with IAM",
		"manage":  "lets whoever may invoke it read and write topics orders, refunds and set the offsets of groups orders-fn of cluster demo, with IAM",
	} {
		reports := DescribeAll([]*Template{parsed(t, "Home", adminFunction(right, "orders,refunds"))})
		if len(reports) != 1 {
			t.Fatalf("%d reports, want one of a stack with an admin function alone", len(reports))
		}
		l := reports[0].Lines[0]
		if l.Section != Admins || l.Path != "Cluster/Admin" || l.Text != want {
			t.Errorf("%s: %s %s: %s, want %s", right, l.Section, l.Path, l.Text, want)
		}
	}
}

func TestWhatBecomesOfAnAdminFunction(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after string
		verdict       Verdict
		effects       []string
	}{
		"it comes":           {other, adminFunction("read", "orders"), New, nil},
		"it goes":            {adminFunction("read", "orders"), other, Removed, []string{"mskadmin finds no function in the stack by it any more"}},
		"it may more":        {adminFunction("read", "orders"), adminFunction("manage", "orders"), InPlace, []string{"it may read -> manage"}},
		"on more":            {adminFunction("read", "orders"), adminFunction("read", "orders,refunds"), InPlace, []string{"topics orders -> orders, refunds"}},
		"new code and limit": {adminFunction("read", "orders"), adminFunction("read", "orders", `"Code":{"S3Key":"x"},"Timeout":90,`), InPlace, []string{"new code", "Timeout is set to 90"}},
		"another name":       {adminFunction("read", "orders"), adminFunction("read", "orders", `"FunctionName":"mine",`), Replaced, []string{"a new one is made, then the old one deleted, because of FunctionName", "FunctionName is set to mine"}},
	} {
		report := compareAll(t, []*Template{parsed(t, "Home", tt.before)}, []*Template{parsed(t, "Home", tt.after)})[0]
		i := slices.IndexFunc(report.Lines, func(l Line) bool { return l.Section == Admins })
		if i < 0 {
			t.Errorf("%s: %+v, want a line of it", name, report.Lines)
			continue
		}
		if l := report.Lines[i]; l.Verdict != tt.verdict || !slices.Equal(l.Effects, tt.effects) || l.Path != "Cluster/Admin" {
			t.Errorf("%s: %s %s %q, want %s %q", name, l.Path, l.Verdict, l.Effects, tt.verdict, tt.effects)
		}
	}
}
