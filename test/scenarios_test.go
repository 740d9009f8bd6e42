package test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"msklambda/test/internal/lookups"
)

func TestWhatALookUpMakes(t *testing.T) {
	long(t)
	for _, s := range lookups.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			s.Region = cmp.Or(s.Region, region)
			got := lookUp(t, newCloud(s.Cloud).Move(s.Region), s.Build)
			if got.runs != s.Runs {
				t.Errorf("the app ran %d times, want %d", got.runs, s.Runs)
			}
			if s.Refused != nil {
				for _, want := range s.Refused {
					if !strings.Contains(got.text, want) {
						t.Errorf("refused with %q, want %q in it", got.text, want)
					}
				}
				return
			}
			if got.text != "" {
				t.Fatal(got.text)
			}
			if rules, _ := got.first["Rules"].(map[string]any); rules["LookUpsArePending"] == nil {
				t.Errorf("the first run made %s, want what CloudFormation refuses before the look-ups are done", asJSON(got.first))
			}
			slices.Sort(s.Rules)
			if rules := got.rules(); !slices.Equal(rules, s.Rules) {
				t.Errorf("rules = %q, want %q", rules, s.Rules)
			}
			var endpoints []string
			for path, r := range got.Resources {
				if r.Type == "AWS::EC2::VPCEndpoint" {
					endpoints = append(endpoints, path)
				}
			}
			slices.Sort(endpoints)
			if !slices.Equal(endpoints, s.Endpoints) {
				t.Errorf("endpoints = %q, want %q", endpoints, s.Endpoints)
			}
			warnings := got.warnings()
			if len(warnings) != len(s.Warnings) {
				t.Errorf("warnings = %q, want %q", warnings, s.Warnings)
			}
			for _, want := range s.Warnings {
				if !strings.Contains(strings.Join(warnings, "\n"), want) {
					t.Errorf("warnings = %q, want %q in them", warnings, want)
				}
			}
			// With the answers at hand, no cloud is asked.
			again := lookUpAgain(t, &cloud{Region: s.Region}, got.context, s.Build)
			if again.runs != 1 || !same(again.Resources, got.Resources) {
				t.Errorf("again, after %d runs = %s, want %s", again.runs, asJSON(again.Resources), asJSON(got.Resources))
			}
		})
	}
}
