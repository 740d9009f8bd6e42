package test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"msklambda/constructs/msklambda"
)

var update = flag.Bool("update", false, "write testdata/golden.json anew")

// TestGolden pins one template whole: the ids, which are contract, and every
// default. It moves only when a change is meant to reach deployed stacks; see
// docs/CONTRIBUTING.md.
func TestGolden(t *testing.T) {
	const path = "testdata/golden.json"
	var got []byte
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		resources := (*assertions.Template_FromStack(stack, nil).ToJSON())["Resources"].(map[string]any)
		// What the function's code is decides this, and nothing else here.
		function := resources["ClusterOrdersFunction5B581DE7"].(map[string]any)
		function["Properties"].(map[string]any)["Code"].(map[string]any)["S3Key"] = "ASSET"
		delete(function["Metadata"].(map[string]any), "aws:asset:path")
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(resources); err != nil {
			t.Fatal(err)
		}
		got = out.Bytes()
	})
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the template moved from %s. If that is meant, go test ./test -run TestGolden -update, read the diff, and say why in the commit.\ngot %s", path, got)
	}
}

// TestNag runs cdk-nag's AwsSolutions pack over everything that the constructs
// can define, and wants no finding that is not suppressed with a reason.
func TestNag(t *testing.T) {
	long(t)
	noPanic(t, func() {
		app := newApp(t, nil)
		stack := newStack(app, "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1, sg2), func(p *msklambda.ClusterProps) {
			p.SecurityGroupRules = msklambda.SecurityGroupRulesAll
		}))
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) { p.RestrictNetworkInterfaces = true }))
		cluster.AddAdmin("Admin", nil)
		cluster.AddAdmin("Manager", adminProps(may(msklambda.AdminManage), func(p *msklambda.AdminProps) { p.Topics, p.Groups = []string{"orders-*", "x"}, []string{"*"} }))
		awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
			Verbose: jsii.Bool(true), LogIgnores: jsii.Bool(true), Reports: jsii.Bool(false),
		}), nil)
		tpl := read(t, stack)
		for _, finding := range tpl.warnings() {
			t.Errorf("cdk-nag: %s", finding)
		}
		// The pack did run: it says which findings the reasons suppress.
		ignored := *assertions.Annotations_FromStack(stack).FindInfo(jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-IAM5")))
		if len(ignored) == 0 {
			t.Error("cdk-nag found no wildcard, want those of the policies, suppressed")
		}
	})
}
