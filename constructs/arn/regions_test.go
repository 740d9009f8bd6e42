package arn

import "testing"

func TestARegionThatNoneCanBeIsMisspelt(t *testing.T) {
	for region, want := range map[string]string{
		"eu-centrl-1": "eu-central-1", "eu-cnetral-1": "eu-central-1", "us-eats-1": "us-east-1", "us-gov-wst-1": "us-gov-west-1", "ap-southest-2": "ap-southeast-2",
		// Those that are there, and those that may come.
		"eu-central-1": "", "eu-west-9": "", "nz-north-1": "", "us-isog-east-1": "", "eu-northwest-1": "", "eu-atlantis-1": "", "nonsense": "", "": "",
	} {
		got, misspelt := MisspeltRegion(region)
		if got != want || misspelt != (want != "") {
			t.Errorf("MisspeltRegion(%q) = %q, %v, want %q", region, got, misspelt, want)
		}
	}
}
