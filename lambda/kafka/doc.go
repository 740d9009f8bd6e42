// Package kafka decodes and handles the events that Lambda makes of the
// records of an Amazon MSK or self-managed Apache Kafka topic.
//
//	func main() { kafka.Start(process) }
//
//	func process(ctx context.Context, r *kafka.Record) error {
//		return store(ctx, r.Key, r.Value)
//	}
//
// # Order
//
// The records of a partition are handled one after the other, in order. The
// partitions are handled in the order of their names, or several at once with
// [Concurrency]. A record that fails stops its partition and no other, unless
// [ContinueOnError] is given. With [ConcurrencyByKey] all this is so for each key of
// a partition: many records are handled at once, and one that fails stops its key.
//
// A record fails when the user's code returns an error, panics or ends its
// goroutine. Near the end of the invocation's time no further record is
// started ([DeadlineMargin]).
//
// # Errors
//
// What the user's code returns says what becomes of the record ([HandlerFunc]).
// [Permanent] says that no retry helps, and [Skip] that there is nothing to do; after
// [RetryAfter], and with [Retry] after any other error, the record is tried again in
// the same invocation, while other partitions or keys go on. [DeadLetter] gives a record
// that is permanent, or whose attempts are spent, to a sink, and goes on once that has
// it: packages beside this one are sinks for a Kafka topic, an SQS queue and an S3
// bucket. So one record does not hold up a partition, also with pollers that send a
// batch that failed again, whole and without end.
//
// # What Lambda is told
//
// Lambda retries just the records that the answer names, when the event source
// mapping asks for ReportBatchItemFailures. Whoever deploys the function says
// so in the environment variable [ReportBatchItemFailuresEnv]. With "true"
// the answer names every record that was not handled: those that failed, those
// that they stopped, and those not started. Otherwise a record that
// was not handled makes the invocation fail with one error that joins all that
// went wrong, and Lambda sends the whole batch again. Naming records to a mapping
// that does not ask for them would lose them.
//
// An event that cannot be decoded fails as a whole in both cases, before any
// record is handled: what is malformed is not a record's content but what Lambda
// wrote around it, so that nothing else of the event is to be trusted, and no
// record may be lost. Headers are decoded when they are asked for, and only then
// can be found malformed: see [Record.Headers].
//
// Kafka in Lambda is at least once: handlers see a record again after a
// failure, of theirs or of a neighbour's. [SkipDone] makes that rarer where a whole
// batch comes again. Package kafkatest tests a function with such repetitions.
//
// # Memory
//
// An event is decoded in place, in the payload that [Invoker] is handed, and takes
// a fixed handful of allocations however many records it has. The next event is
// read into the same memory. A record's byte slices, and the *Record, are
// therefore valid until the handler returns, and a *Record that is kept longer
// becomes an empty one. [Record.Clone] makes a record to keep. Strings may always
// be kept, and so may the values of headers, which are copies.
//
// # The runtime
//
// [Start] has a client of the Lambda Runtime API of its own, which does what that
// of aws-lambda-go does for about half of the processor time, and without
// net/http. lambda.Start(kafka.Handler(process)) serves the same handler by
// aws-lambda-go.
package kafka
