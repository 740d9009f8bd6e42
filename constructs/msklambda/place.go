package msklambda

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"msklambda/constructs/arn"
)

// Where a construct may be, and under which id.

// checkStack refuses a stack in which the service would refuse the mapping. A
// stack with no account or region of its own passes: they are not known here.
func checkStack(scope constructs.Construct, kind, id, source string) {
	account, region := arn.Env(source)
	if account == "" {
		return
	}
	stack := awscdk.Stack_Of(scope)
	field := "ClusterARN"
	if strings.Contains(source, ":vpc-connection/") {
		field = "VPCConnectionARN"
	}
	var ps problems
	if got := *stack.Account(); !isToken(got) && got != account {
		ps.Add(field, "must be of the stack's account %s, got %s in %q", got, account, source)
	}
	if got := *stack.Region(); !isToken(got) && got != region {
		ps.Add(field, "must be of the stack's region %s, got %s in %q", got, region, source)
	}
	if err := ps.Err(); err != nil {
		fail(kind, id, err)
	}
}

// reserved are the ids of what the cluster defines inside itself.
var reserved = func() []string {
	ids := []string{"VPC", "Subnets", "SecurityGroups", "EndpointSecurityGroup", "Rules", memoryID, atSynth, topicsID}
	for _, s := range services {
		ids = append(ids, s.Field())
	}
	return ids
}()

// checkID refuses an id that CDK would refuse with a trace of its own.
func checkID(scope constructs.Construct, kind, id string) {
	var ps problems
	switch {
	case id == "":
		ps.Add("id", "must not be empty")
	case isToken(id):
		ps.Add("id", "must not hold a token, got %q", id)
	case scope.Node().TryFindChild(&id) != nil:
		ps.Add("id", "must be unique in %q, which has a child of that name already", *scope.Node().Path())
	}
	if err := ps.Err(); err != nil {
		fail(kind, id, err)
	}
}

// place is where a construct is. Paths never change, and each costs two messages to
// Node, so that of a cluster is kept for its consumers.
type place struct{ path, stack, stage string }

func placeOf(scope constructs.Construct) place {
	return place{*scope.Node().Path(), *awscdk.Stack_Of(scope).Node().Path(), *awscdk.Stage_Of(scope).Node().Path()}
}
