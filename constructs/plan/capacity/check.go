package capacity

import (
	"time"

	"msklambda/constructs/problem"
)

// Validate reports every problem of a workload at once.
func (w Workload) Validate() error {
	var ps problem.List
	if w.Records <= 0 {
		ps.Add("Records", "must be more than 0 a second, got %g", w.Records)
	}
	if w.Partitions < 1 {
		ps.Add("Partitions", "must be at least 1, got %d", w.Partitions)
	}
	for _, f := range []struct {
		field string
		value int
	}{{"Value", w.Value}, {"Key", w.Key}, {"Headers", w.Headers}, {"LogCall", w.LogCall}, {"LogRecord", w.LogRecord}} {
		if f.value < 0 {
			ps.Add(f.field, "must be 0 bytes or more, got %d", f.value)
		}
	}
	if w.EventBytes() > maxEvent {
		ps.Add("Value", "must fit into an event of %d bytes with {Key} and {Headers}, got %.0f", maxEvent, w.EventBytes())
	}
	if w.Each < 0 || w.Each > 14*time.Minute {
		ps.Add("Each", "must be 0 to 14m, got %v", w.Each)
	}
	if w.Call < 0 {
		ps.Add("Call", "must be 0 or more, got %v", w.Call)
	}
	if w.AtOnce < 0 {
		ps.Add("AtOnce", "must be at least 1, got %d", w.AtOnce)
	}
	if w.Mode != "" && w.Mode != OnDemand && w.Mode != Provisioned {
		ps.Add("Mode", "must be %s or %s, got %q", OnDemand, Provisioned, w.Mode)
	}
	if w.BatchSize < 0 || w.BatchSize > 10000 {
		ps.Add("BatchSize", "must be 1 to 10000, got %d", w.BatchSize)
	}
	if w.Window != nil && (*w.Window < 0 || *w.Window > 5*time.Minute) {
		ps.Add("Window", "must be 0s to 5m, got %v", *w.Window)
	}
	if w.Memory != 0 && (w.Memory < 128 || w.Memory > 10240) {
		ps.Add("Memory", "must be 128 to 10240 MB, got %d", w.Memory)
	}
	if w.Subnets < 0 {
		ps.Add("Subnets", "must be at least 1, got %d", w.Subnets)
	}
	if w.Backlog < 0 {
		ps.Add("Backlog", "must be 0 or more, got %g", w.Backlog)
	}
	switch w.Once {
	case OnceNone, OnceKeys, OncePartitions, OnceBatches:
	default:
		ps.Add("Once", "must be %s, %s or %s, got %q", OnceKeys, OncePartitions, OnceBatches, w.Once)
	}
	if w.ByKey && (w.Once == OncePartitions || w.Once == OnceBatches) {
		ps.Add("Once", "must be %s with {ByKey}: marks of partitions need their order, got %q", OnceKeys, w.Once)
	}
	return ps.Err()
}
