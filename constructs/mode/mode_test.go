package mode

import (
	"strings"
	"testing"
	"time"

	"msklambda/constructs/problem"
)

func TestOnDemandPollersHaveNoneOfThese(t *testing.T) {
	forever, twice := -1, 2
	var none problem.List
	CheckOnDemand(&none, Settings{RetryAttempts: &forever})
	if len(none) != 0 {
		t.Errorf("problems of -1 attempts = %v, want none: it is what on-demand pollers do", none)
	}
	var all problem.List
	CheckOnDemand(&all, Settings{
		RetryAttempts: &twice, MaxRecordAge: time.Hour, BisectOnError: true, ReportBatchItemFailures: true,
		KafkaTopic: "dead", SchemaRegistry: true, PollerLogLevel: true,
	})
	var fields []string
	for _, p := range all {
		fields = append(fields, p.Field)
		if got, want := p.Rename(func(f string) string { return "-" + f }).Message, "needs -Pollers: Lambda has it in provisioned mode only"; got != want {
			t.Errorf("message = %q, want %q", got, want)
		}
	}
	want := "RetryAttempts MaxRecordAge BisectOnError ReportBatchItemFailures OnFailure.KafkaTopic SchemaRegistry PollerLogLevel"
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("fields = %s, want %s", got, want)
	}
}
