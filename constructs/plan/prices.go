package plan

import "math"

// PriceList is what the parts of a stack cost: list prices in US dollars, of one
// region and date.
type PriceList struct {
	Region, Date string

	// Endpoint is an interface endpoint in one subnet, an hour.
	Endpoint float64

	// PollerUnit is an event poller unit of provisioned pollers, an hour.
	PollerUnit float64

	// TableWrites and TableReads are a million writes of at most 1 KB and strongly
	// consistent reads of at most 4 KB of a DynamoDB table that is billed by use, TableGB a
	// GB in it for a month.
	TableWrites, TableReads, TableGB float64

	// EndpointGB is a gigabyte through an endpoint, NAT a NAT gateway for an hour, NATGB a
	// gigabyte through it, and CrossZoneGB one from another zone.
	EndpointGB, NAT, NATGB, CrossZoneGB float64

	// Requests are a million invocations, GBSecond a gigabyte of memory for a second
	// (arm64), and LogsGB a gigabyte that is logged.
	Requests, GBSecond, LogsGB float64

	// Hours are those of a month, as AWS counts them.
	Hours float64
}

// Prices are the ones that plans are made with. docs/resources.md has the same, and a test
// holds it against these.
var Prices = PriceList{Region: "us-east-1", Date: "November 2026", Endpoint: 0.01, PollerUnit: 0.185,
	TableWrites: 0.625, TableReads: 0.125, TableGB: 0.25,
	EndpointGB: 0.01, NAT: 0.045, NATGB: 0.045, CrossZoneGB: 0.01,
	Requests: 0.20, GBSecond: 0.0000133334, LogsGB: 0.50, Hours: 730}

// EndpointMonth is an interface endpoint in one subnet, a month.
func (p PriceList) EndpointMonth() float64 { return p.Endpoint * p.Hours }

// PollerUnitMonth is an event poller unit, a month.
func (p PriceList) PollerUnitMonth() float64 { return p.PollerUnit * p.Hours }

// pollersOfUnit is how many event pollers a unit holds by default.
const pollersOfUnit = 10

// Cost is the least that a stack costs, whatever goes through it. What is billed by
// use, such as invocations, logs and traffic, comes on top.
type Cost struct {
	EndpointSubnets int     `json:"endpointSubnets"` // endpoints, each times its subnets
	PollerUnits     int     `json:"pollerUnits"`     // of the least pollers
	Month           float64 `json:"month"`           // US dollars

	Tables int `json:"tables,omitempty"` // of DynamoDB, billed by use alone
}

func (s *stack) cost() Cost {
	c := Cost{Tables: s.tables()}
	for _, r := range s.of(typeEndpoint) {
		if text(r.Properties["VpcEndpointType"]) == "Interface" {
			c.EndpointSubnets += len(list(r.Properties["SubnetIds"]))
		}
	}
	groups := map[string]int{}
	for _, m := range s.mappings() {
		if !m.Provisioned {
			continue
		}
		if m.PollerGroup != "" {
			groups[m.PollerGroup] += m.Minimum
			continue
		}
		c.PollerUnits += units(m.Minimum)
	}
	for _, pollers := range groups {
		c.PollerUnits += units(pollers)
	}
	month := float64(c.EndpointSubnets)*Prices.EndpointMonth() + float64(c.PollerUnits)*Prices.PollerUnitMonth()
	c.Month = math.Round(month*100) / 100
	return c
}

// units is how many are billed at least for so many pollers.
func units(pollers int) int { return max(1, (pollers+pollersOfUnit-1)/pollersOfUnit) }
