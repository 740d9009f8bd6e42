package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestAMessageNamesItsFieldsWithoutBraces(t *testing.T) {
	p := New("EndpointAccess", `needs {VPCCIDRs}, or {OnFailure.Queue} and {VPCCIDRs}, got %q`, "{Topic} Topic")
	if got, want := p.Error(), `EndpointAccess needs VPCCIDRs, or OnFailure.Queue and VPCCIDRs, got "{Topic} Topic"`; got != want {
		t.Errorf("Error = %s, want %s", got, want)
	}
	if got, want := p.Refers(), []string{"VPCCIDRs", "OnFailure.Queue"}; !slices.Equal(got, want) {
		t.Errorf("Refers = %q, want %q", got, want)
	}
}

func TestJSONInAFormatIsNoField(t *testing.T) {
	p := New("Filters[0]", `must be a pattern such as {"value":{"state":["paid"]}}, got %s`, `{"Value":[1]}`)
	if got, want := p.Message, `must be a pattern such as {"value":{"state":["paid"]}}, got {"Value":[1]}`; got != want {
		t.Errorf("Message = %s, want %s", got, want)
	}
	if got := p.Refers(); got != nil {
		t.Errorf("Refers = %q, want none", got)
	}
}

func TestOnlyFieldsAreRenamed(t *testing.T) {
	keys := strings.NewReplacer("Topic", "topic", "OnFailure", "onFailure")
	tests := map[string]struct {
		problem *Problem
		want    string
	}{
		"a field":            {New("Topic", "must be text"), "topic must be text"},
		"a word of prose":    {New("Role", "must not read one Topic twice"), "Role must not read one Topic twice"},
		"a field in a text":  {New("OnFailure.KafkaTopic", "must not be {Topic}: what fails would be read again"), "onFailure.Kafkatopic must not be topic: what fails would be read again"},
		"a value":            {New("Topic", "got %s and {OnFailure}", "Topic"), "topic got Topic and onFailure"},
		"a value with signs": {New("Topic", "got %q", "50% of {OnFailure}"), `topic got "50% of {OnFailure}"`},
		"one made by hand":   {&Problem{Field: "Topic", Message: "needs {OnFailure} %d"}, "topic needs {OnFailure} %d"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := tt.problem.Error()
			if got := tt.problem.Rename(keys.Replace).Error(); got != tt.want {
				t.Errorf("renamed = %s, want %s", got, tt.want)
			}
			if after := tt.problem.Error(); after != before {
				t.Errorf("the problem became %s, want %s", after, before)
			}
		})
	}
}

func TestAListIsAnErrorOfAllItsProblems(t *testing.T) {
	var l List
	if err := l.Err(); err != nil {
		t.Errorf("Err = %v, want nil", err)
	}
	l.Add("A", "is required")
	l.Add("B", "must be %d", 2)
	if got, want := l.Err().Error(), "A is required\nB must be 2"; got != want {
		t.Errorf("Err = %q, want %q", got, want)
	}
}

func TestProblemsAreFoundInJoinedAndWrappedErrors(t *testing.T) {
	a, b := New("A", "x"), New("B", "x")
	err := fmt.Errorf("cluster: %w", errors.Join(a, errors.New("no problem"), errors.Join(b)))
	if got, want := Of(err), (List{a, b}); !slices.Equal(got, want) {
		t.Errorf("Of = %v, want %v", got, want)
	}
	for _, err := range []error{nil, errors.New("x")} {
		if got := Of(err); got != nil {
			t.Errorf("Of(%v) = %v, want none", err, got)
		}
	}
}
