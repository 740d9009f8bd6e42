package msklambda

import (
	"strings"

	"msklambda/constructs/arn"
)

// Beside is a consumer of the same cluster, for [ConsumerProps.ValidateBeside].
type Beside struct {
	// Name is what messages call it.
	Name string

	// Props are those of the consumer.
	Props *ConsumerProps
}

// ValidateBeside reports what the service would refuse beside other consumers of
// the cluster, or what would split one topic's partitions between two functions,
// each as a [*Problem]. [NewConsumer] does it for those that are there.
func (p *ConsumerProps) ValidateBeside(others ...Beside) error {
	var all []taken
	if p == nil {
		p = &ConsumerProps{}
	}
	for _, other := range others {
		if other.Props == nil {
			continue
		}
		t := taken{name: other.Name, topic: other.Props.Topic, group: other.Props.GroupID, partial: other.Props.ReportBatchItemFailures}
		if other.Props.Function != nil {
			t.function = *other.Props.Function.FunctionArn()
		}
		t.pollerGroup, t.maximumPollers = other.Props.pollerGroup()
		all = append(all, t)
	}
	return p.conflicts(all)
}

// taken is what a consumer has of what there is once.
type taken struct {
	name, topic, group string
	function           string // what is invoked; "" = one of its own, which nobody else has
	behind             string // the function, where that is an alias of it
	partial            bool
	pollerGroup        string
	maximumPollers     int
}

func (c *Cluster) conflicts(props *ConsumerProps) error {
	var all []taken
	for _, other := range c.consumers {
		t := taken{name: other.path, topic: other.Topic, group: other.GroupID, partial: other.watched.partial,
			pollerGroup: other.pollerGroup, maximumPollers: other.maximumPollers}
		if props.Function != nil {
			t.function = *other.Function.FunctionArn() // a bundled one may be given to another consumer
			if other.Alias != nil {
				t.function, t.behind = *other.Alias.FunctionArn(), t.function
			}
		}
		all = append(all, t)
	}
	return props.conflicts(all)
}

// unqualified is the ARN of a function without an alias or version, where it is known.
func unqualified(function string) string {
	return strings.TrimSuffix(function, ":"+arn.Qualifier(function))
}

func (p *ConsumerProps) conflicts(others []taken) error {
	var ps problems
	function := ""
	if p.Function != nil {
		function = *p.Function.FunctionArn()
	}
	group, sum := p.pollerGroup()
	for _, other := range others {
		same := function != "" && other.function == function
		one := same || function != "" && (other.behind == function || other.function != "" && unqualified(other.function) == unqualified(function))
		if other.group == p.GroupID {
			ps.Add("GroupID", "must be the consumer's own, got %q, which %q has already", p.GroupID, other.name)
		}
		if same && other.topic == p.Topic {
			ps.Add("Function", "must not read one topic twice, got topic %q, which it reads for %q already", p.Topic, other.name)
		}
		if one && other.partial != p.ReportBatchItemFailures {
			ps.Add("ReportBatchItemFailures", "must be the same for all consumers of a function, which answers all in one way, got %v, and %v for %q",
				p.ReportBatchItemFailures, other.partial, other.name)
		}
		if other.pollerGroup == group {
			sum += other.maximumPollers
		}
	}
	if group != "" && sum > maximumOfPollerGroup {
		ps.Add("Pollers.Maximum", "must not make the maxima of {Pollers.Group} %q more than %d in all, got %d", group, maximumOfPollerGroup, sum)
	}
	return ps.Err()
}
