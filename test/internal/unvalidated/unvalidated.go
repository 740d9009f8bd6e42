// Package unvalidated turns CDK's template validation off in a test binary that
// imports it, where that would be most of what a synth takes. A process that has
// CDK_VALIDATION in its environment keeps what is said there.
//
// CDK reads the variable in its own process, and the jsii runtime copies the
// environment for that when its packages are initialized, before any TestMain. This
// package is initialized before them: Go takes packages by import path as soon as
// what they import is ready, and this one imports os alone, which the jsii runtime
// needs more than. TestTheSynthsOfTheseTestsAreNotValidated notices if that should
// ever change.
package unvalidated

import "os"

// Variable is what CDK reads.
const Variable = "CDK_VALIDATION"

func init() {
	if _, given := os.LookupEnv(Variable); !given {
		_ = os.Setenv(Variable, "false") // a name that is one
	}
}
