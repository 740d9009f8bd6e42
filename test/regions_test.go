package test

import (
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/regioninfo"

	arns "msklambda/constructs/arn"
)

// A new version of CDK brings new regions: they go into the list.
func TestTheRegionsAreThoseOfCDK(t *testing.T) {
	var want []string
	for _, region := range *regioninfo.Fact_Regions() {
		want = append(want, *region)
	}
	slices.Sort(want)
	if got := arns.Regions; !slices.Equal(got, want) {
		t.Errorf("regions = %q, want those of CDK: %q", got, want)
	}
}
