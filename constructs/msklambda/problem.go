package msklambda

import (
	"fmt"

	"msklambda/constructs/problem"
)

// Problem is one wrong value in a props struct. Validate joins all of them
// (see [errors.Join]), so a caller that knows its fields by other names, such
// as context keys, can find and rename each:
//
//	for _, p := range problem.Of(props.Validate()) {
//		fmt.Println(p.Rename(keyOf))
//	}
//
// A single one is found with [errors.As], as a *Problem.
type Problem = problem.Problem

// problems collects what is wrong with the props at hand.
type problems struct{ problem.List }

// fail is how every constructor of this package refuses its props.
func fail(kind, id string, err error) {
	panic(fmt.Errorf("msklambda: %s %q:\n%w", kind, id, err))
}
