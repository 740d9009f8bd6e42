package test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// TestAFleetOfConsumersIsSynthesized has more consumers than jsii's kernel could look
// at in one callback.
func TestAFleetOfConsumersIsSynthesized(t *testing.T) {
	long(t)
	const all, inAStack = 200, 90
	fleet := func(app constructs.Construct, home awscdk.Stack, cluster *msklambda.Cluster) awscdk.Stack {
		stack, scope := home, constructs.Construct(cluster)
		for i := range all {
			if i > 0 && i%inAStack == 0 {
				stack = newStackIn(app, fmt.Sprint("More", i/inAStack))
				scope = stack
			}
			id := fmt.Sprint("C", i)
			msklambda.NewConsumer(scope, id, cluster, consumerProps(func(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = id, id }))
		}
		return home
	}
	t.Run("imported", func(t *testing.T) {
		noPanic(t, func() {
			app := newApp(t, nil)
			home := newStackIn(app, "Home")
			fleet(app, home, msklambda.ImportCluster(home, "Cluster", clusterProps()))
			if got := read(t, home).count("AWS::Lambda::EventSourceMapping"); got != inAStack {
				t.Errorf("mappings in the first stack = %d, want %d", got, inAStack)
			}
		})
	})
	t.Run("looked up", func(t *testing.T) {
		c := newCloud(func(c *cloud) {
			for i := range all {
				c.Topic(arn, fmt.Sprint("C", i), 6)
				c.Mapping(fmt.Sprint("u", i), "by-hand", fmt.Sprint("C", i), fmt.Sprint("C", i))
			}
		})
		got := lookUpIn(t, c, map[string]any{}, func(app awscdk.App) awscdk.Stack {
			home := newStackIn(app, "Home")
			return fleet(app, home, msklambda.LookupCluster(home, "Cluster", lookupProps()))
		})
		if got.text != "" {
			t.Fatal(got.text)
		}
		if n := strings.Count(strings.Join(got.warnings(), "\n"), "[ack: msklambda:groupInUse"); n != inAStack {
			t.Errorf("warnings of mappings in the first stack = %d, want %d", n, inAStack)
		}
	})
}

// TestMoreThanAStackTakesIsSaid fills a stack up to what CloudFormation takes, and
// beyond.
func TestMoreThanAStackTakesIsSaid(t *testing.T) {
	long(t)
	one := len(mustRead(t, filled(t, 0, 0, 0)).Resources)
	for name, tt := range map[string]struct {
		resources, outputs, elsewhere int
		refused                       string
	}{
		"as many as it takes":             {500 - one, 200, 0, ""},
		"as many as it takes, and others": {500 - one, 200, 501, ""},
		"a resource more": {501 - one, 0, 0, "Test has 501 resources, for 1 consumers and what else is there, and CloudFormation takes 500 in a stack: put some of the consumers into another, " +
			"by NewConsumer with a scope there, or in the app by consumerStack; new ones, because one that runs would be made anew there"},
		"an output more": {0, 201, 0, "Test has 201 outputs, for 1 consumers and what else is there, and CloudFormation takes 200 in a stack: put some of the consumers into another, "},
	} {
		t.Run(name, func(t *testing.T) {
			stack := filled(t, tt.resources, tt.outputs, tt.elsewhere)
			refused := panicText(func() {
				if tt.refused != "" || tt.elsewhere > 0 {
					awscdk.App_Of(stack).Synth(nil)
				} else {
					read(t, stack)
				}
			})
			if tt.elsewhere > 0 && !strings.Contains(refused, "allowed maximum of 500") {
				t.Errorf("refused with %q, want it left to CDK: none of the consumers is in that stack", refused)
			} else if tt.elsewhere == 0 && !strings.Contains(refused, tt.refused) || tt.refused == "" && strings.Contains(refused, "consumerStack") {
				t.Errorf("refused with %q, want %q", refused, tt.refused)
			}
			if tt.refused == "" && tt.elsewhere == 0 && refused != "" {
				t.Errorf("refused with %q, want none", refused)
			}
		})
	}
}

// filled is a stack with a consumer, and with that many resources and outputs more,
// beside another of the app.
func filled(t *testing.T, resources, outputs, elsewhere int) (stack awscdk.Stack) {
	t.Helper()
	noPanic(t, func() {
		app := newApp(t, nil)
		stack = newStackIn(app, "Test")
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		fill := func(stack awscdk.Stack, n int) {
			for i := range n {
				awscdk.NewCfnResource(stack, jsii.String("More"+strconv.Itoa(i)), &awscdk.CfnResourceProps{Type: jsii.String("AWS::CloudFormation::WaitConditionHandle")})
			}
		}
		fill(stack, resources)
		if elsewhere > 0 {
			fill(newStackIn(app, "Other"), elsewhere)
		}
		for i := range outputs {
			awscdk.NewCfnOutput(stack, jsii.String("Output"+strconv.Itoa(i)), &awscdk.CfnOutputProps{Value: jsii.String("x")})
		}
	})
	return stack
}

func mustRead(t *testing.T, stack awscdk.Stack) (tpl *template) {
	t.Helper()
	noPanic(t, func() { tpl = read(t, stack) })
	return tpl
}
