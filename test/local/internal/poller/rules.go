package poller

// Rule is something that the poller does, where AWS says so, and the test that it is so.
type Rule struct {
	Area string
	Rule string

	// Page is of the Lambda Developer Guide, "" = AWS documents nothing, and the rule
	// is a guess: the simplest, or the hardest for a function.
	Page string

	// Tests are names of tests, with their packages below test/local/internal (or the module), and a case
	// behind the last slash.
	Tests []string
}

// Rules are all of them. docs/poller.md is written from them, and a test holds both
// against the tests.
var Rules = []Rule{
	{"Batches", "A batch ends with `BatchSize` records.", "invocation-eventsourcemapping", []string{"poller.TestWhatIsInvokedWithWhat/batch size"}},
	{"Batches", "A batch ends when its window has passed since its first record came in; without one set, after 500 ms.", "invocation-eventsourcemapping", []string{"poller.TestABatchEndsWithItsWindow"}},
	{"Batches", "A batch ends before the record that would make the event larger than 6 MB.", "invocation-eventsourcemapping", []string{"poller.TestAnEventIsAtMostSixMB"}},
	{"Batches", "6 MB are 6 * 1024 * 1024 bytes of the event's JSON.", "", []string{"poller.TestAnEventIsAtMostSixMB"}},
	{"Batches", "An event may hold records of several partitions, each with its records in order, under `topic-partition`.", "with-msk-configure", []string{"poller.TestAnEventIsWhatHandlersDecode"}},
	{"Batches", "A record of each partition in turn, and another partition first each time.", "", []string{"poller.TestPartitionsTakeTurns"}},
	{"Batches", "A poller has one invocation at a time, and so no partition two.", "", []string{"poller.TestPartitionsTakeTurns"}},

	{"Events", "Keys and values are base64, and headers lists of signed bytes.", "with-msk", []string{"poller.TestARecordIsWrittenAsLambdaDoes/signed headers, in order, twice"}},
	{"Events", "A null key or value is null at even offsets and absent at odd ones: both have been reported of Lambda.", "", []string{"poller.TestARecordIsWrittenAsLambdaDoes/null at an even offset", "poller.TestARecordIsWrittenAsLambdaDoes/null at an odd offset"}},
	{"Events", "A header that is null is null.", "", []string{"poller.TestARecordIsWrittenAsLambdaDoes/signed headers, in order, twice"}},
	{"Events", "Records of a transaction that is open, or was aborted, are delivered: the poller reads what is not committed.", "", []string{"poller.TestWhatATransactionAbortedIsDelivered"}},

	{"Retries", "After an error, a timeout or a crash the whole batch is tried again, until it succeeds or its records expire.", "with-msk-configure", []string{"poller.TestWhatIsInvokedWithWhat/an error: the batch again"}},
	{"Retries", "Later records of the batch's partitions wait meanwhile.", "with-msk-configure", []string{"test/local.TestNoFaultLosesARecord"}},
	{"Retries", "`MaximumRetryAttempts` counts what comes after the first attempt.", "kafka-retry-configurations", []string{"poller.TestWhatIsInvokedWithWhat/retries end", "poller.TestWhatIsInvokedWithWhat/no retries"}},
	{"Retries", "With a destination and no limit there are 10 retries.", "kafka-retry-configurations", []string{"poller.TestAFailureSaysWhatHasFailed"}},
	{"Retries", "An invocation that Lambda refuses (429) is no retry, and is tried again after a while, for ever.", "", []string{"poller.TestAThrottledInvocationIsNoRetry"}},
	{"Retries", "Between tries it waits 100 ms, then twice as long each time, up to 10 s.", "", []string{"poller.TestHowLongItWaits"}},
	{"Retries", "A record older than `MaximumRecordAge` is given up on before the next try.", "kafka-retry-configurations", []string{"poller.TestWhatIsInvokedWithWhat/record age"}},
	{"Retries", "`BisectBatchOnFunctionError` halves a batch that failed, and retries each half.", "kafka-retry-configurations", []string{"poller.TestWhatIsInvokedWithWhat/bisect"}},
	{"Retries", "To halve a batch is no retry, and the first half is done with before the second is tried.", "", []string{"poller.TestWhatIsInvokedWithWhat/bisect", "poller.TestWhatIsInvokedWithWhat/bisect, partial answers"}},

	{"Partial answers", "Only the records that the answer names are tried again.", "kafka-retry-configurations", []string{"poller.TestWhatIsInvokedWithWhat/a partial answer"}},
	{"Partial answers", "An answer that is empty, null, or names none is a success.", "kafka-retry-configurations", []string{"poller.TestAnAnswerNamesRecords"}},
	{"Partial answers", "A name that is not in the batch fails all of it.", "kafka-retry-configurations", []string{"poller.TestWhatIsInvokedWithWhat/one with an unknown offset"}},
	{"Partial answers", "An answer that is not in the form fails all of the batch.", "", []string{"poller.TestWhatIsInvokedWithWhat/one that is malformed"}},
	{"Partial answers", "Without `ReportBatchItemFailures` names count for nothing.", "kafka-retry-configurations", []string{"poller.TestWhatIsInvokedWithWhat/one that is not asked for"}},
	{"Partial answers", "That part of a batch was handled does not begin the count of retries anew.", "", []string{"poller.TestWhatIsInvokedWithWhat/retries end, partial answers"}},

	{"Destinations", "What is given up on goes to the destination; without one it is lost.", "kafka-on-failure", []string{"poller.TestAFailureSaysWhatHasFailed", "poller.TestWhatIsInvokedWithWhat/no retries"}},
	{"Destinations", "A record over 6 MB goes there alone, with `MaximumPayloadSizeExceeded`.", "kafka-on-failure", []string{"poller.TestAnEventIsAtMostSixMB"}},
	{"Destinations", "A record that is too old goes there with `RecordAgeExceeded`, which is Kinesis' word.", "", []string{"poller.TestWhatIsOldGoesToTheDestination"}},
	{"Destinations", "A queue or topic of SNS gets offsets, a bucket the event as well. Here a file gets what a bucket does.", "kafka-on-failure", []string{"poller.TestAFailureSaysWhatHasFailed"}},
	{"Destinations", "A Kafka topic gets the records, one by one, with the condition `RetriesExhausted`.", "kafka-on-failure-destination", []string{"poller.TestATopicGetsTheRecordsThemselves"}},
	{"Destinations", "There, the value is the document with the record as it stood in the event, and the key is the record's.", "", []string{"poller.TestATopicGetsTheRecordsThemselves"}},
	{"Destinations", "A destination that fails is tried again, for ever, and the batch waits.", "", []string{"poller.TestADestinationThatFailsIsTriedAgain"}},

	{"Offsets", "A group begins where it has committed, and else at the starting position.", "kafka-consumer-group-id", []string{"poller.TestWhereAGroupBegins"}},
	{"Offsets", "`TRIM_HORIZON`, `LATEST` and `AT_TIMESTAMP` are the oldest record, the next one, and the first since a time.", "kafka-starting-positions", []string{"poller.TestWhereAGroupBegins"}},
	{"Offsets", "Offsets are committed after each batch.", "with-msk-configure", []string{"test/local.TestNoFaultLosesARecord"}},
	{"Offsets", "What is handled of a batch is committed while the rest is tried again, up to the first record that is not.", "", []string{"poller.TestWhatIsHandledIsCommitted"}},
	{"Offsets", "Whoever gets a partition begins at the offset committed: a record may come twice, and none is passed over.", "invocation-eventsourcemapping", []string{"test/local.TestNoFaultLosesARecord"}},

	{"Filters", "A record that matches no filter is skipped. Only `value` is matched.", "kafka-filtering", []string{"poller.TestWhatIsInvokedWithWhat/filter", "poller.TestARecordIsWantedIfOneOfTheFiltersMatches"}},
	{"Filters", "Records that are skipped count for no batch.", "", []string{"poller.TestWhatIsInvokedWithWhat/filter out all"}},

	{"Modes", "Retry limits, record age, bisect, partial answers, a Kafka destination and schema registries need provisioned mode.", "kafka-scaling-modes", []string{"constructs/mode.TestOnDemandPollersHaveNoneOfThese", "options.TestWhatIsWrongWithFlags"}},
	{"Modes", "Provisioned mode has `MinimumPollers` from the start. That more are added with the lag is not imitated.", "kafka-scaling-modes", []string{"loop.TestFaultsAtAChosenRecord"}},
	{"Modes", "On-demand mode has one poller, and does not scale.", "", []string{"loop.TestTheLoopFromStartToEnd"}},

	{"The function", "The Runtime API, errors, exits and timeouts are AWS's, in the words of its emulator.", "runtimes-api", []string{"rie.TestOurRuntimeAPIIsAWSs"}},
	{"The function", "A process that ended is started anew for the next event.", "lambda-runtime-environment", []string{"sandbox.TestTroubleHitsOneInvocation"}},
}
