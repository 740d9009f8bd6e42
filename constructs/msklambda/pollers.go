package msklambda

import (
	"cmp"
	"regexp"

	"msklambda/constructs/mode"
)

// The service's own, for Kafka.
const (
	defaultMinimumPollers = 1
	defaultMaximumPollers = 200
)

// maximumOfPollerGroup is how many pollers the mappings of a group may have in
// all.
const maximumOfPollerGroup = 2000

// Pollers are dedicated event pollers (provisioned mode). They are billed by the
// hour, and need no endpoint and no NAT gateway. The zero value is 1
// to 200 pollers.
type Pollers struct {
	// Minimum is 1 to 200. Default: 1.
	Minimum int

	// Maximum is 1 to 2000 and not less than Minimum; Lambda never runs more
	// than the topic has partitions. Default: 200.
	Maximum int

	// Group lets up to 100 mappings of one VPC share their capacity, with maxima
	// of 2000 pollers in all: up to 128 letters, digits, '-' or '_'.
	// Default: none.
	Group string

	// Off switches provisioned mode off in a mapping that has it. Leaving
	// Pollers out does not: CloudFormation has nothing to send for a setting
	// that went missing, and the mapping keeps it, and its cost. Deploy once
	// with Off, then remove Pollers. The mapping is on-demand from then on, so
	// it gets the endpoints. Do not use it for a mapping that never had pollers.
	Off bool
}

var pollerGroup = regexp.MustCompile(`^[A-Za-z0-9_-]{0,128}$`)

func (p *Pollers) validate(ps *problems) {
	if p == nil {
		return
	}
	if p.Off && (p.Minimum != 0 || p.Maximum != 0 || p.Group != "") {
		ps.Add("Pollers.Off", "must not be set together with {Pollers.Minimum}, {Pollers.Maximum} or {Pollers.Group}")
	}
	if p.Minimum < 0 || p.Minimum > 200 {
		ps.Add("Pollers.Minimum", "must be 1 to 200, got %d", p.Minimum)
	}
	if p.Maximum < 0 || p.Maximum > 2000 {
		ps.Add("Pollers.Maximum", "must be 1 to 2000, got %d", p.Maximum)
	}
	if p.Maximum > 0 && p.Maximum < p.Minimum {
		ps.Add("Pollers.Maximum", "must not be less than {Pollers.Minimum} %d, got %d", p.Minimum, p.Maximum)
	}
	if !isToken(p.Group) && !pollerGroup.MatchString(p.Group) {
		ps.Add("Pollers.Group", "must be up to 128 letters, digits, '-' or '_', got %q", p.Group)
	}
}

// provisioned tells the two modes apart, which need different networks and
// offer different settings.
func (p *ConsumerProps) provisioned() bool { return p.Pollers != nil && !p.Pollers.Off }

// pollerGroup returns the group and what this consumer may take of it.
func (p *ConsumerProps) pollerGroup() (group string, maximum int) {
	if !p.provisioned() || p.Pollers.Group == "" {
		return "", 0
	}
	return p.Pollers.Group, cmp.Or(p.Pollers.Maximum, defaultMaximumPollers)
}

// validateMode refuses what Lambda has in provisioned mode only.
func (p *ConsumerProps) validateMode(ps *problems) {
	if p.provisioned() {
		return
	}
	mode.CheckOnDemand(&ps.List, mode.Settings{
		RetryAttempts:           p.RetryAttempts,
		MaxRecordAge:            p.MaxRecordAge,
		BisectOnError:           p.BisectOnError,
		ReportBatchItemFailures: p.ReportBatchItemFailures,
		KafkaTopic:              p.OnFailure.KafkaTopic,
		SchemaRegistry:          p.SchemaRegistry != nil,
		PollerLogLevel:          p.PollerLogLevel != "",
	})
}
