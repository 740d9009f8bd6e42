package notice

import (
	"slices"
	"strings"
	"testing"
)

func TestTheDataStandsInTheText(t *testing.T) {
	n := EndpointService.For("SQSEndpoint", Data{"endpoint": "SQSEndpoint", "vpc": "vpc-{endpoint}"})
	if want := "msklambda:endpointServiceSQSEndpoint"; n.ID != want {
		t.Errorf("ID = %q, want %q", n.ID, want)
	}
	for _, want := range []string{"SQSEndpoint is not set, and", "in vpc-{endpoint} are cut off. Set its Source"} {
		if !strings.Contains(n.String(), want) {
			t.Errorf("text = %q, want %q in it", n, want)
		}
	}
	if got := EgressUnknown.With(nil).String(); !strings.Contains(got, "{group}") {
		t.Errorf("text = %q, want a name without data left alone", got)
	}
}

func TestEveryKindIsSaidOnceAndWhole(t *testing.T) {
	var ids []string
	for _, k := range slices.Concat(Warnings, Notes) {
		if !strings.HasPrefix(k.ID, "msklambda:") || slices.Contains(ids, k.ID) {
			t.Errorf("id %q, want one of its own that begins with msklambda:", k.ID)
		}
		ids = append(ids, k.ID)
		if k.On != "cluster" && k.On != "consumer" || k.When == "" || k.Text == "" {
			t.Errorf("%s lacks where, when or what: %+v", k.ID, k)
		}
	}
	if got, want := len(ids), 33; got != want {
		t.Errorf("%d kinds, want %d", got, want)
	}
}
