package msklambda

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// aTurn is how many elements are looked at in one callback.
const aTurn = 50

// inTurns calls f for each element of a list, a turn of them in a callback of its own.
//
// A validation is a callback of jsii's kernel. The kernel takes each request that is
// made in a callback inside the one before, and gives nothing of its stack back before
// the callback returns: some thousand requests in one, which the validations of a hundred
// consumers need, end in "Maximum call stack size exceeded". What CDK asks a lazy value
// is a callback inside this one, and gives back what it took.
func inTurns[T any](scope constructs.Construct, list []T, f func(T)) {
	turns := []any{}
	for part := range slices.Chunk(list, aTurn) {
		turns = append(turns, awscdk.Lazy_UncachedAny(&turn{func() {
			for _, element := range part {
				f(element)
			}
		}}, nil))
	}
	if len(turns) > 0 {
		awscdk.Stack_Of(scope).Resolve(&turns)
	}
}

// turn is a lazy value that does something, and is nothing.
type turn struct{ do func() }

func (t *turn) Produce(awscdk.IResolveContext) any {
	t.do()
	return jsii.String("")
}
