// Package contract holds the names by which the construct and the handler
// understand each other. It imports nothing, so that a CDK app does not link the
// handler, nor a function the construct.
package contract

// ReportBatchItemFailures is the environment variable that tells a handler
// whether the mapping honours partial batch responses.
const ReportBatchItemFailures = "MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES"

// The environment variables that tell a function what it was given.
const (
	// OnceTable is the name of the DynamoDB table of package once, or its ARN where
	// it is another account's.
	OnceTable = "MSKLAMBDA_ONCE_TABLE"

	// OnceNamespace goes before the marks of package once: another one is another
	// beginning.
	OnceNamespace = "MSKLAMBDA_ONCE_NAMESPACE"

	// MetricsNamespace is the namespace of package metrics.
	MetricsNamespace = "MSKLAMBDA_METRICS_NAMESPACE"
)

// The key schema and the time to live of the table of package once.
const (
	OnceKey = "id" // its one key, a string
	OnceTTL = "expires"
)
