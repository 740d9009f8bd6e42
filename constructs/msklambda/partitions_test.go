package msklambda

import (
	"reflect"
	"testing"
)

// None of these tests starts Node: what is too many is plain data.

func TestWhichPollersAreMoreThanPartitions(t *testing.T) {
	for name, tt := range map[string]struct {
		pollers    *Pollers
		partitions int
		want       []tooMany
	}{
		"on demand":     {nil, 1, nil},
		"by default":    {&Pollers{}, 1, nil},
		"not known":     {&Pollers{Minimum: 9, Maximum: 9}, 0, nil},
		"as many":       {&Pollers{Minimum: 3, Maximum: 3}, 3, nil},
		"both too many": {&Pollers{Minimum: 4, Maximum: 5}, 3, []tooMany{{"Minimum", 4}, {"Maximum", 5}}},
		"at most":       {&Pollers{Minimum: 1, Maximum: 5}, 3, []tooMany{{"Maximum", 5}}},
	} {
		if got := morePollers(tt.pollers, tt.partitions); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestWhichGroupsAreLargerThanTheirTopics(t *testing.T) {
	of := func(group string, minimum, maximum, partitions int) member {
		return member{&Pollers{Minimum: minimum, Maximum: maximum, Group: group}, partitions}
	}
	for name, tt := range map[string]struct {
		members []member
		want    []largeGroup
	}{
		"none":                         {nil, nil},
		"by default":                   {[]member{of("a", 0, 0, 6), of("a", 0, 0, 300)}, nil},
		"one takes what another saves": {[]member{of("a", 0, 9, 6), of("a", 0, 3, 6)}, nil},
		"too many in all":              {[]member{of("b", 0, 9, 6), of("b", 0, 4, 6), of("a", 0, 7, 6)}, []largeGroup{{"a", 7, 6}, {"b", 13, 12}}},
		"of which one is not known":    {[]member{of("a", 0, 9, 6), of("a", 0, 4, 0)}, nil},
		"at least too many":            {[]member{of("a", 9, 0, 6)}, []largeGroup{{"a", 9, 6}}},
	} {
		if got := largeGroups(tt.members); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
