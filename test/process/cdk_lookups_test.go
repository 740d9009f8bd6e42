package process

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/account"
	"msklambda/test/internal/lookups"
	"msklambda/test/internal/synthtest"
)

// cdkLookUpsEnv makes the test binary an app whose look-ups are CDK's own.
const cdkLookUpsEnv = "MSKLAMBDA_CDK_LOOKUPS"

// runCDKLookUps has one stack with a cluster of which CDK looks everything up, and
// one in which its answers say what this package is to look up.
func runCDKLookUps() {
	outdir := os.Getenv("CDK_OUTDIR")
	app := awscdk.NewApp(&awscdk.AppProps{
		Outdir:         &outdir,
		PostCliContext: &map[string]any{"aws:cdk:bundling-stacks": []string{}},
	})
	value := func(stack awscdk.Stack, name string) string {
		return *awsssm.StringParameter_ValueFromLookup(stack, &name, nil, nil)
	}
	imported := synthtest.NewStack(app, "Imported")
	vpc := awsec2.Vpc_FromLookup(imported, jsii.String("Network"), &awsec2.VpcLookupOptions{VpcId: jsii.String(synthtest.VPC)})
	group := awsec2.SecurityGroup_FromLookupById(imported, jsii.String("Brokers"), jsii.String(synthtest.SG0))
	msklambda.ImportCluster(imported, "Cluster", &msklambda.ClusterProps{
		ClusterARN: value(imported, "/msk/orders/arn"), VPC: vpc, Subnets: *vpc.PrivateSubnets(), SecurityGroups: []awsec2.ISecurityGroup{group},
		EndpointAccess: msklambda.EndpointAccessVPC, VPCCIDRs: []string{*vpc.VpcCidrBlock()},
	}).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
		p.Entry, p.Topic = os.Getenv(cdkLookUpsEnv), value(imported, "/msk/orders/topic")
	}))

	looked := synthtest.NewStack(app, "Looked")
	msklambda.LookupCluster(looked, "Cluster", &msklambda.LookupProps{
		// The same cluster, whose network the other stack has.
		ClusterARN:         value(looked, "/msk/orders/arn"),
		LambdaEndpoint:     msklambda.Endpoint{Source: msklambda.EndpointExisting},
		STSEndpoint:        msklambda.Endpoint{Source: msklambda.EndpointExisting},
		SecurityGroupRules: msklambda.SecurityGroupRulesNone,
	}).AddConsumer("Refunds", consumerProps(func(p *msklambda.ConsumerProps) {
		p.Entry, p.Topic, p.GroupID = os.Getenv(cdkLookUpsEnv), "refunds", "refunds-fn"
	}))
	app.Synth(nil)
	jsii.Close()
}

// serveCDKLookUps answers what CDK's own look-ups ask of EC2 and SSM, in front of a
// stand-in for the rest of the account.
func serveCDKLookUps(t *testing.T, rest string) (endpoint string, asked func() []string) {
	t.Helper()
	behind, err := url.Parse(rest)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = behind.Scheme, behind.Host
		r.Out.Host = r.In.Host // S3 reads the bucket from it
	}}
	parameters := map[string]string{"/msk/orders/arn": synthtest.ARN, "/msk/orders/topic": "orders"}
	var mu sync.Mutex
	var log []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		form, _ := url.ParseQuery(string(body))
		action := form.Get("Action")
		mu.Lock()
		defer mu.Unlock()
		answer, isEC2 := ec2Answers[action]
		switch {
		case isEC2:
			log = append(log, "ec2:"+action)
			fmt.Fprintf(w, `%s<%sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>%s</%sResponse>`, xml.Header, action, answer, action)
		case r.Header.Get("X-Amz-Target") == "AmazonSSM.GetParameter" && strings.Contains(string(body), "/msk/"):
			log = append(log, "ssm:GetParameter")
			for name, value := range parameters {
				if strings.Contains(string(body), `"`+name+`"`) {
					w.Header().Set("Content-Type", "application/x-amz-json-1.1")
					io.WriteString(w, asJSON(map[string]any{"Parameter": map[string]any{"Name": name, "Type": "String", "Value": value}}))
				}
			}
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return log
	}
}

// ec2Answers are of a VPC with two private subnets, in EC2's own query protocol.
var ec2Answers = func() map[string]string {
	const owner = "<ownerId>" + synthtest.Account + "</ownerId>"
	var subnets, routes strings.Builder
	for i, zone := range []string{"us-east-1a", "us-east-1b"} {
		fmt.Fprintf(&subnets, `<item><subnetId>subnet-0123456789abcdef%d</subnetId><vpcId>%s</vpcId><cidrBlock>10.0.%d.0/24</cidrBlock><availabilityZone>%s</availabilityZone>`+
			`<mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>%s</item>`, i, synthtest.VPC, i, zone, owner)
	}
	fmt.Fprintf(&routes, `<item><routeTableId>rtb-0123456789abcdef0</routeTableId><vpcId>%s</vpcId><routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>`+
		`<natGatewayId>nat-0123456789abcdef0</natGatewayId><state>active</state></item></routeSet><associationSet><item><main>true</main></item></associationSet></item>`, synthtest.VPC)
	return map[string]string{
		"DescribeVpcs":        `<vpcSet><item><vpcId>` + synthtest.VPC + `</vpcId><cidrBlock>10.0.0.0/16</cidrBlock>` + owner + `</item></vpcSet>`,
		"DescribeSubnets":     `<subnetSet>` + subnets.String() + `</subnetSet>`,
		"DescribeRouteTables": `<routeTableSet>` + routes.String() + `</routeTableSet>`,
		"DescribeVpnGateways": `<vpnGatewaySet/>`,
		"DescribeSecurityGroups": `<securityGroupInfo><item><groupId>` + synthtest.SG0 + `</groupId><groupName>brokers</groupName><groupDescription>brokers</groupDescription><vpcId>` + synthtest.VPC +
			`</vpcId>` + owner + `<ipPermissions/><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissionsEgress></item></securityGroupInfo>`,
	}
}()

// TestCDKsOwnLookUpsAndOursWorkTogether has the real CLI ask what CDK wants to know,
// then what this package does, and deploy what comes of it.
func TestCDKsOwnLookUpsAndOursWorkTogether(t *testing.T) {
	long(t)
	a := account.New(synthtest.Account, synthtest.Region, lookups.NewCloud().Resources)
	endpoint, asked := serveCDKLookUps(t, a.Serve(t).URL)
	p := newProject(t, endpoint)
	p.Env = append(p.Env, "CDK_VALIDATION=false", cdkLookUpsEnv+"="+emptyFunction(t))
	command := func(command string, more ...string) (string, bool) {
		return p.Run(append([]string{command, "--app", os.Args[0], "--all"}, more...)...)
	}

	command("synth", "--no-lookups", "--quiet") // which fails, and leaves an assembly
	out, ok := p.Run("deploy", "--app", "cdk.out", "--all", "--require-approval", "never")
	if ok || !strings.Contains(out, "LookUpsArePendingSynthesizeWithCredentials") {
		t.Errorf("deploy of a run with CDK's dummies = %v, want CloudFormation to refuse it:\n%s", ok, out)
	}
	if log := a.TakeLog(); len(log) != 0 {
		t.Errorf("it did %q, want nothing", log)
	}

	if out, ok := command("deploy", "--require-approval", "never"); !ok {
		t.Fatalf("deploy failed:\n%s", out)
	}
	types := strings.Join(made(a.TakeLog()), " ")
	for _, want := range []string{"AWS::Lambda::EventSourceMapping AWS::Lambda::EventSourceMapping", "AWS::EC2::VPCEndpoint"} {
		if !strings.Contains(types, want) {
			t.Errorf("the deploy made %s, want %s", types, want)
		}
	}
	context := p.Read("cdk.context.json")
	for _, want := range []string{"vpc-provider:", "ssm:", "security-group:", "cc-api-provider:"} {
		if !strings.Contains(context, want) {
			t.Errorf("cdk.context.json = %s, want %s in it", context, want)
		}
	}
	for _, dummy := range []string{"vpc-12345", "dummy-value-for", "1.2.3.4/5"} {
		for _, stack := range []string{"Imported", "Looked"} {
			if text := p.Read("cdk.out/" + stack + ".template.json"); strings.Contains(text, dummy) {
				t.Errorf("%s = %s, want no %s in it", stack, text, dummy)
			}
		}
	}
	t.Logf("asked: %q", asked())
}
