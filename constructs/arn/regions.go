package arn

import (
	"regexp"
	"slices"
	"strings"
)

// Regions are those that CDK knows, against which a test holds this list. There
// may be more: a region opens a year before everybody has a CDK that knows it.
var Regions = strings.Fields(`
	af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2
	ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1
	eu-central-1 eu-central-2 eu-isoe-west-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1
	me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1 us-iso-west-1
	us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 us-west-1 us-west-2`)

// places are the words that a region's name has before its number.
var places = []string{"central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"}

var lastWord = regexp.MustCompile(`^(.*-)([a-z]+)(-[0-9]+)$`)

// KnownRegion reports whether a region is in the list of [Regions].
func KnownRegion(region string) bool { return slices.Contains(Regions, region) }

// MisspeltRegion returns the region that was meant by one whose name no region can
// have: eu-central-1 for eu-centrl-1. A name that a new region could have, in
// another country or with another number, is not misspelt.
func MisspeltRegion(region string) (meant string, misspelt bool) {
	parts := lastWord.FindStringSubmatch(region)
	if parts == nil || slices.Contains(places, parts[2]) {
		return "", false
	}
	for slips := 1; slips <= 2; slips++ {
		for _, place := range places {
			if meant := parts[1] + place + parts[3]; KnownRegion(meant) && distance(parts[2], place) == slips {
				return meant, true
			}
		}
	}
	return "", false
}

// distance is the number of letters to insert, delete or replace that make a into
// b, where two neighbours that changed places count as two.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			if a[i-1] == b[j-1] {
				row[j] = diagonal
			} else {
				row[j] = 1 + min(diagonal, above, row[j-1])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
