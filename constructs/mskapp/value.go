package mskapp

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"msklambda/constructs/internal/retention"
	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// value is one context value: a string from -c, or any JSON from cdk.json.
// Each method reads it as one type and reports what does not fit.
type value struct {
	key string
	raw any
	ps  *problem.List
}

func (v value) bad(want string) {
	shown := v.raw
	if s, ok := v.raw.(string); ok {
		shown = strconv.Quote(s)
	} else if text, err := json.Marshal(v.raw); err == nil {
		shown = string(text)
	}
	v.ps.Add(v.key, "must be %s, got %v", want, shown)
}

func (v value) text() string {
	s, ok := v.raw.(string)
	if !ok {
		v.bad("text")
	}
	return strings.TrimSpace(s)
}

// list takes a JSON list, or text with commas between the elements.
func (v value) list() []string {
	var out []string
	switch raw := v.raw.(type) {
	case string:
		for part := range strings.SplitSeq(raw, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	case []any:
		for _, element := range raw {
			s, ok := element.(string)
			if !ok {
				v.bad("a list of texts")
				return nil
			}
			out = append(out, strings.TrimSpace(s))
		}
	default:
		v.bad("a list, or text with commas between its elements")
	}
	return out
}

func (v value) boolean() bool {
	switch raw := v.raw.(type) {
	case bool:
		return raw
	case string:
		switch strings.TrimSpace(raw) {
		case "true":
			return true
		case "false":
			return false
		}
	}
	v.bad("true or false")
	return false
}

func (v value) whole() (int, bool) {
	switch raw := v.raw.(type) {
	case int: // of a context that Go code made
		return raw, true
	case float64:
		if raw == math.Trunc(raw) && math.Abs(raw) < 1<<31 {
			return int(raw), true
		}
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(raw), 10, 32); err == nil {
			return int(n), true
		}
	}
	v.bad("a whole number")
	return 0, false
}

// positive refuses the 0 that the constructs take for "not given".
func (v value) positive() int {
	n, ok := v.whole()
	if ok && n <= 0 {
		v.bad("1 or more")
	}
	return max(n, 0)
}

// topic is one, where a list would be tried.
func (v value) topic() string {
	_, isList := v.raw.([]any)
	if s, _ := v.raw.(string); isList || strings.Contains(s, ",") {
		v.bad("one topic, because a mapping reads one: give each a consumer in " + consumersKey)
		return ""
	}
	return v.text()
}

// duration takes Go's notation. A number has no unit, and whoever writes 5 may
// mean minutes; but 0 is 0 of any.
func (v value) duration() (time.Duration, bool) {
	switch raw := v.raw.(type) {
	case float64:
		if raw == 0 {
			return 0, true
		}
	case string:
		if d, err := time.ParseDuration(strings.TrimSpace(raw)); err == nil {
			return d, true
		}
	}
	v.bad(`a duration with its unit, such as "30s" or "2m"`)
	return 0, false
}

func (v value) positiveDuration() time.Duration {
	d, ok := v.duration()
	if ok && d <= 0 {
		v.bad("more than 0s")
	}
	return max(d, 0)
}

func (v value) time() time.Time {
	if s, ok := v.raw.(string); ok {
		if at, err := time.Parse(time.RFC3339, strings.TrimSpace(s)); err == nil {
			return at
		}
	}
	v.bad(`a time such as "2026-11-01T00:00:00Z"`)
	return time.Time{}
}

// pairs takes a JSON object of texts, or name=value with commas between.
func (v value) pairs() map[string]string {
	out := map[string]string{}
	given := v.raw
	if s, ok := given.(string); ok && strings.HasPrefix(strings.TrimSpace(s), "{") && json.Unmarshal([]byte(s), &given) != nil {
		v.bad("name=value with commas between, or an object of texts")
		return nil
	}
	switch raw := given.(type) {
	case string:
		for _, part := range (value{v.key, raw, v.ps}).list() {
			name, val, ok := strings.Cut(part, "=")
			if !ok {
				v.bad("name=value with commas between, or an object of texts")
				return nil
			}
			out[strings.TrimSpace(name)] = strings.TrimSpace(val)
		}
	case map[string]any:
		for name, element := range raw {
			s, ok := element.(string)
			if !ok {
				v.bad("name=value with commas between, or an object of texts")
				return nil
			}
			out[name] = s
		}
	default:
		v.bad("name=value with commas between, or an object of texts")
	}
	return out
}

func (v value) architecture() awslambda.Architecture {
	if v.raw == "arm64" || v.raw == "x86_64" {
		return namedArchitecture{name: v.raw.(string)}
	}
	v.bad(`"arm64" or "x86_64"`)
	return nil
}

func (v value) retention() awslogs.RetentionDays {
	days, ok := v.whole()
	if !ok {
		return ""
	}
	kept, ok := retention.ByDays[days]
	if !ok {
		v.ps.Add(v.key, "must be one of %v, got %d", slices.Sorted(maps.Keys(retention.ByDays)), days)
	}
	return kept
}

// endpoint leaves Statements alone: they have a key of their own.
func (v value) endpoint(e *msklambda.Endpoint) {
	s := v.text()
	if strings.HasPrefix(s, "vpce-") {
		e.ID = s
		return
	}
	e.Source = msklambda.EndpointSource(s)
}

func (v value) pollers(c *ConsumerConfig) {
	switch v.raw {
	case "on-demand":
		if c.Props.Pollers != nil {
			v.bad("provisioned with minimumPollers, maximumPollers or pollerGroup")
		}
	case "provisioned":
		c.pollers()
	case "off":
		c.pollers().Off = true
	default:
		v.bad(`"on-demand", "provisioned" or "off"`)
	}
}

func (v value) validated(r *msklambda.SchemaRegistry) {
	for _, what := range v.list() {
		switch what {
		case "key":
			r.ValidateKey = true
		case "value":
			r.ValidateValue = true
		default:
			v.bad(`"key", "value" or both`)
		}
	}
}

// metrics takes the names that AWS has for the groups.
func (v value) metrics() (out []awslambda.MetricType) {
	names := map[string]awslambda.MetricType{
		"EventCount": awslambda.MetricType_EVENT_COUNT, "ErrorCount": awslambda.MetricType_ERROR_COUNT, "KafkaMetrics": awslambda.MetricType_KAFKA_METRICS}
	for _, name := range v.list() {
		group, ok := names[name]
		if !ok {
			v.bad(`of "EventCount", "ErrorCount" and "KafkaMetrics"`)
			return nil
		}
		out = append(out, group)
	}
	return out
}

// filters takes a JSON list of patterns, each an object or a text.
func (v value) filters() (out []string) {
	raw := v.raw
	if s, ok := raw.(string); ok && json.Unmarshal([]byte(s), &raw) != nil {
		raw = nil
	}
	list, ok := raw.([]any)
	if !ok {
		v.bad("a JSON list of filter patterns")
		return nil
	}
	for _, element := range list {
		if s, ok := element.(string); ok {
			out = append(out, s)
			continue
		}
		text, err := json.Marshal(element)
		if err != nil {
			panic(err) // it came from JSON
		}
		out = append(out, string(text))
	}
	return out
}

// statements are read by CDK only once all else is right.
func (v value) statements() (out []awsiam.PolicyStatement) {
	raw := v.raw
	if s, ok := raw.(string); ok && json.Unmarshal([]byte(s), &raw) != nil {
		raw = nil
	}
	list, ok := raw.([]any)
	for _, element := range list {
		object, isObject := element.(map[string]any)
		ok = ok && isObject
		out = append(out, writtenStatement{object: object})
	}
	if !ok {
		v.bad("a JSON list of IAM statements")
		return nil
	}
	return out
}
