// Package mode is which settings of a mapping Lambda has in provisioned mode only.
// The construct refuses them without pollers, and the local loop does with the same
// words.
package mode

import (
	"time"

	"msklambda/constructs/problem"
)

// Settings are those of a mapping that on-demand pollers do not have. The zero value
// is a mapping with none of them.
type Settings struct {
	RetryAttempts           *int // nil and -1 are what on-demand pollers do anyway
	MaxRecordAge            time.Duration
	BisectOnError           bool
	ReportBatchItemFailures bool
	KafkaTopic              string // that failures go to
	SchemaRegistry          bool
	PollerLogLevel          bool
}

// CheckOnDemand adds a problem for each setting that is given. The fields are those
// of the construct's ConsumerProps.
func CheckOnDemand(ps *problem.List, s Settings) {
	for _, f := range []struct {
		field string
		given bool
	}{
		{"RetryAttempts", s.RetryAttempts != nil && *s.RetryAttempts != -1},
		{"MaxRecordAge", s.MaxRecordAge != 0},
		{"BisectOnError", s.BisectOnError},
		{"ReportBatchItemFailures", s.ReportBatchItemFailures},
		{"OnFailure.KafkaTopic", s.KafkaTopic != ""},
		{"SchemaRegistry", s.SchemaRegistry},
		{"PollerLogLevel", s.PollerLogLevel},
	} {
		if f.given {
			ps.Add(f.field, "needs {Pollers}: Lambda has it in provisioned mode only")
		}
	}
}
