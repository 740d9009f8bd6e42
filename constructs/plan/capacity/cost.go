package capacity

import (
	"math"

	"msklambda/constructs/plan"
)

// Cost is US dollars a month. What has two ends is of the view with fewer and of that
// with more invocations.
type Cost struct {
	Function [2]float64 `json:"function"`
	Logs     [2]float64 `json:"logs"`
	Once     [2]float64 `json:"once"` // 0 without

	// The three ways to the brokers, of which one is paid: by endpoints, by a NAT
	// gateway in each zone, and by provisioned pollers, which need neither.
	Endpoints float64 `json:"endpoints"`
	NAT       float64 `json:"nat"`
	Pollers   float64 `json:"pollers"`

	// Way is that of the workload's mode, and Total with it.
	Way   float64    `json:"way"`
	Total [2]float64 `json:"total"`

	// CrossZone is what the records would cost at the price of traffic between
	// zones, two thirds of them being read from another. It is in no total: AWS does
	// not say whether it is billed.
	CrossZone float64 `json:"crossZone"`
}

const gigabyte = 1e9

func (w Workload) cost(a Answer) (c Cost) {
	p := plan.Prices
	events := w.Records * a.EventBytes * month / gigabyte
	for i, v := range []View{a.Shared, a.Apart} {
		calls := v.Invocations * month
		billed := math.Ceil(v.Duration.Seconds()*1000) / 1000
		c.Function[i] = calls/1e6*p.Requests + calls*billed*float64(w.Memory)/1024*p.GBSecond
		c.Logs[i] = (calls*float64(w.LogCall) + w.Records*month*float64(w.LogRecord)) / gigabyte * p.LogsGB
		switch w.Once {
		case OnceKeys:
			c.Once[i] = 2*w.Records*month/1e6*p.TableWrites + w.Records*rowDays*86400*rowBytes/gigabyte*p.TableGB
		case OncePartitions:
			c.Once[i] = (w.Records*month + 2*v.Partitions*calls) / 1e6 * p.TableWrites
		case OnceBatches:
			c.Once[i] = 2 * v.Partitions * calls / 1e6 * p.TableWrites
		}
	}
	subnets := float64(w.Subnets)
	c.Endpoints = 2*subnets*p.EndpointMonth() + events*p.EndpointGB
	c.NAT = subnets*p.NAT*p.Hours + events*p.NATGB
	provisioned := w
	provisioned.Mode = Provisioned
	units := a.Units
	if w.Mode != Provisioned {
		units = provisioned.Ask().Units
	}
	c.Pollers = float64(units) * p.PollerUnitMonth()
	if c.Way = c.Endpoints; w.Mode == Provisioned {
		c.Way = c.Pollers
	}
	for i := range c.Total {
		c.Total[i] = c.Function[i] + c.Logs[i] + c.Once[i] + c.Way
	}
	c.CrossZone = w.Records * float64(w.Key+w.Value+w.Headers) * month / gigabyte * 2 / 3 * p.CrossZoneGB
	return c
}
