package test

import (
	"testing"

	"msklambda/constructs/msklambda"
)

// A setting that goes missing from a template stays in the service.
func TestPollersOffIsWrittenOut(t *testing.T) {
	for name, tt := range map[string]struct {
		pollers *msklambda.Pollers
		want    any
	}{
		"off":    {&msklambda.Pollers{Off: true}, map[string]any{}},
		"absent": {nil, nil},
		"on":     {&msklambda.Pollers{}, map[string]any{"MinimumPollers": 1, "MaximumPollers": 200}},
	} {
		got := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.Pollers = tt.pollers }).at("Cluster/Orders/Mapping").Properties["ProvisionedPollerConfig"]
		if !same(got, tt.want) {
			t.Errorf("%s: ProvisionedPollerConfig = %s, want %s", name, asJSON(got), asJSON(tt.want))
		}
	}
}
