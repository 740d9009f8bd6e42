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
	// (arm64), LogsGB a gigabyte that is logged, and LogsKeptGB one that is kept, a month.
	Requests, GBSecond, LogsGB, LogsKeptGB float64

	// Dashboard is one for a month.
	Dashboard float64

	// Messages are a million messages of a WebSocket API, Connections a million minutes of
	// its connections, EdgeRequests a million requests of CloudFront; EventMessages and
	// EventConnections are those of AppSync Events. The live scores use them.
	Messages, Connections, EdgeRequests, EventMessages, EventConnections float64

	// Hours are those of a month, as AWS counts them.
	Hours float64
}

// Prices are the ones that plans are made with, and the figures of the pages: tests hold
// these against them, and docs/prices.md is written from [PriceList.All].
//
// AWS's own pages fill in their prices by script, so that what was read is somebody
// else's copy, each by its date in [PriceList.All].
var Prices = PriceList{Region: "us-east-1", Date: "November 2026", Endpoint: 0.01, PollerUnit: 0.185,
	TableWrites: 0.625, TableReads: 0.125, TableGB: 0.25,
	EndpointGB: 0.01, NAT: 0.045, NATGB: 0.045, CrossZoneGB: 0.01,
	Requests: 0.20, GBSecond: 0.0000133334, LogsGB: 0.50, LogsKeptGB: 0.03, Dashboard: 3,
	Messages: 1.00, Connections: 0.25, EdgeRequests: 1.00, EventMessages: 1.00, EventConnections: 0.08, Hours: 730}

// Price is one of a list, and who says so.
type Price struct {
	What, Per string
	USD       float64

	// Source is where it was read, and Read the date of that. Without a source it is from
	// memory, and not verified.
	Source, Read string
}

// All are the prices with their sources.
func (p PriceList) All() []Price {
	const (
		lambda   = "AWS's Price List API, offer AWSLambda of 2026-09-19, as a public transcript has it"
		dynamodb = "airbyte.com/data-engineering-resources/dynamodb-pricing"
		nat      = "cloudburn.io/blog/aws-nat-gateway-pricing"
	)
	return []Price{
		{"an interface endpoint in one subnet", "hour", p.Endpoint, "awsnegotiations.com/privatelink-cost-analysis.html", "May 2026"},
		{"through an interface endpoint", "GB", p.EndpointGB, "awsnegotiations.com/privatelink-cost-analysis.html", "May 2026"},
		{"an event poller unit of provisioned pollers", "hour", p.PollerUnit, lambda, "28 September 2026"},
		{"a NAT gateway", "hour", p.NAT, nat, "24 February 2026"},
		{"through a NAT gateway", "GB", p.NATGB, nat, "24 February 2026"},
		{"from another zone", "GB", p.CrossZoneGB, "wring.co/blog/aws-nat-gateway-pricing-guide", "undated"},
		{"invocations", "million", p.Requests, lambda, "28 September 2026"},
		{"memory of a function on arm64", "GB-second", p.GBSecond, lambda, "28 September 2026"},
		{"logged to CloudWatch Logs", "GB", p.LogsGB, "c3x.dev/blog/cloudwatch-logs-cost-optimization", "June 2026"},
		{"kept in CloudWatch Logs", "GB and month", p.LogsKeptGB, "c3x.dev/blog/cloudwatch-logs-cost-optimization", "June 2026"},
		{"a dashboard", "month", p.Dashboard, "factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards", "13 June 2026"},
		{"writes of DynamoDB, by use", "million", p.TableWrites, dynamodb, "21 July 2025"},
		{"reads of DynamoDB, by use", "million", p.TableReads, dynamodb, "21 July 2025"},
		{"in a table of DynamoDB", "GB and month", p.TableGB, "aws.amazon.com/dynamodb/pricing, which says from $0.25", "undated"},
		{"messages of a WebSocket API", "million", p.Messages, "awsforengineers.com/blog/aws-api-gateway-pricing-explained", "19 May 2025"},
		{"minutes of a WebSocket connection", "million", p.Connections, "amnic.com/blogs/aws-api-gateway-pricing", "undated"},
		{"HTTPS requests of CloudFront, in North America and Europe", "million", p.EdgeRequests, "kindatechnical.com, lesson 87: CloudFront Pricing", "undated"},
		{"messages of AppSync Events", "million", p.EventMessages, "", ""},
		{"minutes of a connection of AppSync Events", "million", p.EventConnections, "", ""},
	}
}

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
