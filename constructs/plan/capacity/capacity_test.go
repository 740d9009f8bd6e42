package capacity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"msklambda/constructs/plan"
	"msklambda/constructs/problem"
)

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// simulated counts what comes of a stream of records that arrive evenly: an
// invocation takes what is there, up to a batch, when the one before it has ended and
// the window since its first record is over.
func simulated(rate float64, batch int, window, call, each float64) (records, invocations float64) {
	const took = 200.0 // seconds
	free, next, handled, calls := 0.0, 0, 0, 0
	arrival := func(i int) float64 { return float64(i) / rate }
	for {
		first := max(free, arrival(next))
		// The window begins when the first record is read, and ends when it is over or the
		// batch is full.
		full := arrival(next + batch - 1)
		begin := max(free, min(arrival(next)+window, full))
		begin = max(begin, first)
		if begin > took {
			break
		}
		n := min(batch, max(1, int(math.Floor(begin*rate+1e-9))+1-next))
		free = begin + call + float64(n)*each
		next, handled, calls = next+n, handled+n, calls+1
	}
	return float64(handled) / float64(calls), float64(calls) / took
}

func TestAnInvocationHasWhatASimulationSays(t *testing.T) {
	for _, tt := range []struct {
		rate                float64
		batch               int
		window, call, each_ float64 // milliseconds
	}{
		{50, 100, 500, 1, 0.2}, {2000, 100, 500, 1, 0.1}, {2000, 1000, 500, 1, 0.4}, {100, 100, 500, 1, 5}, {100, 100, 500, 1, 8},
		{100, 100, 0, 20, 5}, {1000, 10000, 0, 50, 0.9}, {70, 100, 500, 1, 3}, {0.5, 100, 500, 1, 3}, {3000, 100, 500, 1, 0.3}, {300, 100, 2000, 1, 1},
	} {
		window := ms(tt.window)
		w := Workload{Records: tt.rate, Partitions: 1, Each: ms(tt.each_), Call: ms(tt.call), BatchSize: tt.batch, Window: &window}
		got := w.Ask().Apart
		records, invocations := simulated(tt.rate, tt.batch, tt.window/1000, tt.call/1000, tt.each_/1000)
		if math.Abs(got.Records-records) > 0.07*records+0.51 || !near(got.Invocations, invocations, 0.07) {
			t.Errorf("%v: %.2f records in each of %.2f invocations a second, want %.2f in %.2f", tt, got.Records, got.Invocations, records, invocations)
		}
	}
}

func near(a, b, share float64) bool { return math.Abs(a-b) <= share*max(a, b)+1e-6 }

// Four workloads whose figures were reckoned by hand.
func TestWorkloads(t *testing.T) {
	for name, tt := range map[string]struct {
		w     Workload
		check func(Answer) string
	}{
		"audit": {Workload{Records: 50, Value: 1000, Partitions: 6, Each: ms(0.2)}, func(a Answer) string {
			return fmt.Sprintf("%.0f %.0f-%.0f/s pollers %d $%.2f", a.EventBytes, a.Shared.Invocations, a.Apart.Invocations, a.Pollers, a.Cost.Endpoints)
		}},
		"orders": {Workload{Records: 2000, Value: 500, Partitions: 20, Each: ms(5), Mode: Provisioned}, func(a Answer) string {
			return fmt.Sprintf("%.0f %.0f at once, most %.0f, %d pollers %d unit $%.2f", a.EventBytes, a.Apart.Concurrent, a.Most, a.Pollers, a.Units, a.Cost.Way)
		}},
		"orders by key": {Workload{Records: 2000, Value: 500, Partitions: 20, Each: ms(5), Mode: Provisioned, AtOnce: 25, ByKey: true}, func(a Answer) string {
			return fmt.Sprintf("%.2f at once, most %.0f", a.Apart.Concurrent, a.Most)
		}},
		"telemetry": {Workload{Records: 50_000, Value: 300, Headers: 107, Partitions: 50, Each: ms(0.02), Mode: Provisioned, BatchSize: 10000}, func(a Answer) string {
			return fmt.Sprintf("%.0f batch %d, %.1f/s, %d pollers %d units $%.2f", a.EventBytes, a.MostBatch, a.Shared.Invocations, a.Pollers, a.Units, a.Cost.Pollers)
		}},
		"too slow": {Workload{Records: 500, Partitions: 4, Each: ms(10)}, func(a Answer) string {
			return fmt.Sprintf("keeps up %t, most %.0f, %.0f at once, drains in %.0f", a.KeepsUp, a.Most, a.Apart.Concurrent, a.DrainsIn)
		}},
		"with marks": {Workload{Records: 100, Partitions: 1, Each: ms(1), Once: OncePartitions}, func(a Answer) string {
			return fmt.Sprintf("%.2f %.2f", a.Cost.Once[0], a.Cost.Once[1]) // 262.8 M records and 2 x 2 a second
		}},
	} {
		want := map[string]string{
			"audit":         "1473 2-12/s pollers 0 $45.74",
			"orders":        "807 10 at once, most 3992, 3 pollers 1 unit $135.05",
			"orders by key": "0.44 at once, most 95238",
			"telemetry":     "925 batch 6485, 7.7/s, 10 pollers 3 units $405.15",
			"too slow":      "keeps up false, most 400, 4 at once, drains in 0",
			"with marks":    "170.82 170.82",
		}[name]
		if got := tt.check(tt.w.Ask()); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
}

// What holds of every workload.
func TestEveryAnswerHangsTogether(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		pick := func(list ...float64) float64 { return list[random.IntN(len(list))] }
		window := ms(pick(0, 500, 1000, 30_000))
		w := Workload{Records: pick(0.1, 3, 50, 2000, 100_000) * (0.5 + random.Float64()), Value: int(pick(0, 100, 2000, 1_000_000)), Key: int(pick(0, 36)),
			Headers: int(pick(0, 107)), Partitions: int(pick(1, 3, 20, 300)), Each: ms(pick(0, 0.02, 5, 900)), Call: ms(pick(1, 30)), AtOnce: int(pick(1, 8, 50)),
			ByKey: random.IntN(2) == 0, Mode: []Mode{OnDemand, Provisioned}[random.IntN(2)], BatchSize: int(pick(1, 100, 10_000)), Window: &window,
			Once: []Once{OnceNone, OnceKeys}[random.IntN(2)]}
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		a := w.Ask()
		c := a.Cost
		for what, holds := range map[string]bool{
			"a batch fits into an event":           float64(a.MostBatch)*a.EventBytes <= maxEvent || a.MostBatch == 1,
			"as few as keep up are not more":       a.Shared.Invocations <= a.Apart.Invocations*1.0001,
			"all records are in invocations":       !a.KeepsUp || near(a.Apart.Invocations*a.Apart.Records, w.Records, 0.001),
			"never more at once than partitions":   a.Apart.Concurrent <= float64(w.Partitions)+0.001 && a.Shared.Concurrent <= float64(w.Partitions)+0.001,
			"no more pollers than partitions":      a.Pollers <= w.Partitions,
			"pollers where they are provisioned":   (a.Pollers > 0) == (w.Mode == Provisioned) && (a.Units > 0) == (w.Mode == Provisioned),
			"what falls behind never drains":       a.KeepsUp == (a.DrainsIn > 0),
			"the total is its parts":               near(c.Total[0], c.Function[0]+c.Logs[0]+c.Once[0]+c.Way, 1e-9) && near(c.Total[1], c.Function[1]+c.Logs[1]+c.Once[1]+c.Way, 1e-9),
			"nothing is negative or not a number":  !slices.ContainsFunc([]float64{c.Function[0], c.Logs[1], c.Once[0], c.Endpoints, c.NAT, c.Pollers, a.Most}, func(f float64) bool { return !(f >= 0) || math.IsInf(f, 0) }),
			"a table costs where there is one":     (c.Once[0] > 0) == (w.Once != OnceNone),
			"the way is that of the mode":          c.Way == map[Mode]float64{OnDemand: c.Endpoints, Provisioned: c.Pollers}[w.Mode],
			"pollers are of whole units":           near(c.Pollers, math.Round(c.Pollers/plan.Prices.PollerUnitMonth())*plan.Prices.PollerUnitMonth(), 1e-9),
			"endpoints cost at least their hours":  c.Endpoints >= 43.8-0.001,
			"more at once never handles less":      Workload{Records: w.Records, Partitions: w.Partitions, Each: w.Each, AtOnce: w.AtOnce + 1, ByKey: true}.Ask().Most >= Workload{Records: w.Records, Partitions: w.Partitions, Each: w.Each, AtOnce: w.AtOnce, ByKey: true}.Ask().Most,
			"a record in an event is no more than": a.EventBytes >= recordBytes,
		} {
			if !holds {
				t.Fatalf("%+v: %s does not hold: %+v", w, what, a)
			}
		}
	}
}

func TestAWorkloadIsRefusedByFields(t *testing.T) {
	long := 6 * time.Minute
	err := Workload{Value: -1, Each: time.Hour, Call: -1, AtOnce: -1, Mode: "x", BatchSize: 10_001, Window: &long, Memory: 1, Subnets: -1, Backlog: -1, Once: "x"}.Validate()
	var fields []string
	for _, p := range problem.Of(err) {
		fields = append(fields, p.Field)
	}
	if got, want := strings.Join(fields, " "), "Records Partitions Value Each Call AtOnce Mode BatchSize Window Memory Subnets Backlog Once"; got != want {
		t.Errorf("fields = %s, want %s: %v", got, want, err)
	}
	good := Workload{Records: 1, Partitions: 1}
	for want, edit := range map[string]func(*Workload){
		"":                                  func(*Workload) {},
		"Value must fit into an event":      func(w *Workload) { w.Value = 5_000_000 },
		`Once must be keys with ByKey`:      func(w *Workload) { w.ByKey, w.Once = true, OnceBatches },
		`got "weekly"`:                      func(w *Workload) { w.Once = "weekly" },
		"Window must be 0s to 5m, got 6m0s": func(w *Workload) { w.Window = &long },
	} {
		w := good
		edit(&w)
		if err := w.Validate(); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
}
