// Package contract holds the names by which the construct and the handler
// understand each other. It imports nothing, so that a CDK app does not link the
// handler, nor a function the construct.
package contract

// ReportBatchItemFailures is the environment variable that tells a handler
// whether the mapping honours partial batch responses.
const ReportBatchItemFailures = "MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES"
