package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/test/internal/lookups"
)

// What is shared with test/process, by the names that it has here.
type (
	cloud      = lookups.Cloud
	properties = lookups.Properties
)

const (
	sgApp  = lookups.SGApp
	sgEnds = lookups.SGEnds
	subnet = lookups.Subnet
)

var (
	newCloud      = lookups.NewCloud
	vpcConfig     = lookups.VPCConfig
	brokers       = lookups.Brokers
	tcp           = lookups.TCP
	allowAll      = lookups.AllowAll
	serverlessARN = lookups.ServerlessARN
	ingress       = lookups.Ingress
	orders        = lookups.Orders
	ordersOf      = lookups.OrdersOf
	lookupProps   = lookups.Props
)

// looked is what became of a synth with look-ups.
type looked struct {
	*template
	runs    int
	context map[string]any
	first   map[string]any
	text    string
}

func lookUp(t *testing.T, c *cloud, build func(awscdk.Stack)) *looked {
	t.Helper()
	return lookUpAgain(t, c, map[string]any{}, build)
}

// mustLookUp fails the test where lookUp ends in a panic.
func mustLookUp(t *testing.T, c *cloud, build func(awscdk.Stack)) *looked {
	t.Helper()
	out := lookUp(t, c, build)
	if out.text != "" {
		t.Fatal(out.text)
	}
	return out
}

func lookUpAgain(t *testing.T, c *cloud, context map[string]any, build func(awscdk.Stack)) *looked {
	t.Helper()
	return newLooked(lookups.LookUpAgain(t, c, context, build))
}

func lookUpIn(t *testing.T, c *cloud, context map[string]any, build func(awscdk.App) awscdk.Stack) *looked {
	t.Helper()
	return newLooked(lookups.LookUpIn(t, c, context, build))
}

func newLooked(l *lookups.Looked) *looked {
	return &looked{&template{l.Template}, l.Runs, l.Context, l.First, l.Text}
}
