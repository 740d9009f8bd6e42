// Package kafkatest tests handlers of package kafka without a broker, a poller or
// an account: it makes the events that Lambda makes, delivers them as Lambda does,
// and says which records would come again.
//
//	h := kafka.Handler(process)
//	event := kafkatest.Event(kafkatest.Records("orders", 0, 7, "a", "b")...)
//	result := kafkatest.Run(t, h, event, kafkatest.OnDemand)
//	if got := result.Failed(); len(got) > 0 { ... } // [orders[0]@7 orders[0]@8]
//
// [Run] delivers once, [Redeliver] until nothing is left, and [AtEachRecord] once
// for each record and each way an invocation can go wrong there.
package kafkatest
