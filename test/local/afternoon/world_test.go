// Package afternoon has the story of docs/afternoon.md, from a mapping that fails to
// a stack that is taken down, with the commands that a person would type: the real CDK
// CLI, the doctor, the plan, the local loop and mskadmin. What AWS would do is stood
// in for, each part by what is nearest to it; the page says by what.
package afternoon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"msklambda/lambda/admin/contract"
	"msklambda/test/internal/account"
	"msklambda/test/internal/cdkcli"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/gate"
	"msklambda/test/local/internal/invokeapi"
	"msklambda/test/standin"
)

// What is there before anybody begins.
const (
	clusterARN = "arn:aws:kafka:eu-central-1:111122223333:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3"
	vpcID      = "vpc-0a1b2c3d4e5f60718"
	groupID    = "sg-0a1b2c3d4e5f60718" // of the brokers, and so of the pollers
	endsID     = "sg-0e1b2c3d4e5f60718" // of the endpoints
	mappingID  = "91ec905d-7c1e-4f0a-9a55-0c7b5d2f1e88"
	byHand     = "orders-by-hand"
)

var subnetIDs = []string{"subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"}

// What functions and pollers sign with, and what people do.
var (
	roleKey = gate.Key{ID: "ASIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Token: "IQoJb3JpZ2luX2Vj/token+with=signs"}
	userKey = gate.Key{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "secret"} // those of the project
)

// world is all that there is in the story.
type world struct {
	*cdkcli.Project
	*page
	t       *testing.T
	account *account.Account
	lambda  *lambda
	msk     *broker.Broker
	gate    *gate.Gate
	bin     string            // the programs
	same    map[string]string // addresses of this run, and what the page has for them
}

type properties = account.Properties

// resources are those of the account: a cluster in a VPC with endpoints, and a function
// and a mapping that somebody made in the console. The brokers' group does not let its
// own members in.
func resources() map[string]map[string]properties {
	list := func(items ...any) []any { return items }
	allow := func(actions []any, resources ...any) properties {
		return properties{"Effect": "Allow", "Action": actions, "Resource": resources}
	}
	policy := func(statements ...any) properties {
		return properties{"Version": "2012-10-17", "Statement": statements}
	}
	open := policy(properties{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
	endpoint := func(id, service string) properties {
		return properties{"Id": id, "VpcId": vpcID, "ServiceName": "com.amazonaws.eu-central-1." + service, "VpcEndpointType": "Interface", "PrivateDnsEnabled": true,
			"SubnetIds": list(subnetIDs[0], subnetIDs[1]), "SecurityGroupIds": list(endsID), "Tags": list(), "PolicyDocument": open}
	}
	out := properties{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
	group := func(id string, ingress properties) properties {
		return properties{"Id": id, "GroupId": id, "VpcId": vpcID, "SecurityGroupIngress": list(ingress), "SecurityGroupEgress": list(out)}
	}
	topic := strings.Replace(clusterARN, ":cluster/", ":topic/", 1) + "/orders"
	consumers := strings.Replace(clusterARN, ":cluster/", ":group/", 1) + "/*"
	return map[string]map[string]properties{
		"AWS::MSK::Cluster": {clusterARN: {"Arn": clusterARN, "ClusterName": "orders",
			"BrokerNodeGroupInfo":  properties{"ClientSubnets": list(subnetIDs[0], subnetIDs[1]), "SecurityGroups": list(groupID)},
			"ClientAuthentication": properties{"Sasl": properties{"Iam": properties{"Enabled": true}}}}},
		"AWS::EC2::VPC":    {vpcID: {"VpcId": vpcID, "CidrBlock": "10.0.0.0/16", "EnableDnsSupport": true, "EnableDnsHostnames": true}},
		"AWS::EC2::Subnet": {subnetIDs[0]: {"VpcId": vpcID, "CidrBlock": "10.0.1.0/24"}, subnetIDs[1]: {"VpcId": vpcID, "CidrBlock": "10.0.2.0/24"}},
		"AWS::EC2::SecurityGroup": {
			groupID: group(groupID, properties{"IpProtocol": "tcp", "FromPort": 9098, "ToPort": 9098, "CidrIp": "10.0.9.0/24"}),
			endsID:  group(endsID, properties{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}),
		},
		"AWS::EC2::VPCEndpoint": {"vpce-0a1b2c3d4e5f60711": endpoint("vpce-0a1b2c3d4e5f60711", "lambda"), "vpce-0a1b2c3d4e5f60712": endpoint("vpce-0a1b2c3d4e5f60712", "sts")},
		"AWS::IAM::Role": {byHand: {"RoleName": byHand,
			"AssumeRolePolicyDocument": policy(properties{"Effect": "Allow", "Principal": properties{"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}),
			"Policies": list(properties{"PolicyName": "msk", "PolicyDocument": policy(
				allow(list("kafka-cluster:*"), clusterARN, topic, consumers),
				allow(list("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers", "ec2:*"), "*"))})}},
		"AWS::Lambda::Function": {byHand: {"FunctionName": byHand, "Role": "arn:aws:iam::" + standin.Account + ":role/" + byHand, "Timeout": 30}},
		"AWS::Lambda::EventSourceMapping": {mappingID: {"Id": mappingID, "EventSourceArn": clusterARN, "FunctionName": byHand, "Topics": list("orders"), "Enabled": true,
			"StartingPosition": "TRIM_HORIZON", "BatchSize": 200}},
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, page: openPage(t), same: map[string]string{}}
	var err error
	if w.gate, err = gate.New(standin.Region, roleKey, userKey); err != nil {
		t.Fatal(err)
	}
	if w.msk, err = broker.Start(broker.Config{Before: w.gate.Before}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.msk.Close)
	for topic, partitions := range map[string]int{"orders": 2, "orders-failed": 1} {
		if err := w.msk.CreateTopic(topic, partitions); err != nil {
			t.Fatal(err)
		}
	}
	w.same[w.msk.Addrs()[0]] = "127.0.0.1:9098"
	w.serve()
	w.build()
	return w
}

// serve starts what stands in for AWS, and makes the project whose clients call it.
func (w *world) serve() {
	t := w.t
	t.Helper()
	certificate := filepath.Join(t.TempDir(), "brokers.pem")
	if err := os.WriteFile(certificate, w.gate.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.account = account.New(standin.Account, standin.Region, nil)
	text, err := json.Marshal(resources())
	if err == nil {
		err = json.Unmarshal(text, &w.account.Resources) // numbers as JSON has them
	}
	if err != nil {
		t.Fatal(err)
	}
	credentials := []string{"AWS_ACCESS_KEY_ID=" + roleKey.ID, "AWS_SECRET_ACCESS_KEY=" + roleKey.Secret, "AWS_SESSION_TOKEN=" + roleKey.Token,
		"AWS_REGION=" + standin.Region, "SSL_CERT_FILE=" + certificate, contract.Brokers + "=" + strings.Join(w.msk.Addrs(), ",")}
	for _, variable := range credentials[:4] { // the pollers, which are in this process
		key, value, _ := strings.Cut(variable, "=")
		t.Setenv(key, value)
	}
	reach := connect.Kafka{Brokers: w.msk.Addrs(), TLS: true, CA: certificate, SASL: "AWS_MSK_IAM"}
	client, err := reach.Options()
	if err != nil {
		t.Fatal(err)
	}
	deployed := map[string]invokeapi.Function{}
	api, err := invokeapi.Start(0, deployed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	w.lambda = &lambda{t: t, account: w.account, brokers: w.msk.Addrs(), client: client, env: credentials, api: api, deployed: deployed, code: map[string]string{}}
	c := &cloud{account: w.account, lambda: w.lambda, topics: func() map[string]int { return map[string]int{"orders": 2, "orders-failed": 1} }}
	c.reads = standin.New(t, c.read)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	w.Project = cdkcli.New(t, server.URL, standin.Region, root, "go.mod", "go.sum", "constructs", "lambda", "test")
	w.Env = append(w.Env, "CDK_VALIDATION=false", "SSL_CERT_FILE="+certificate)
}

// build builds the programs that `go run` would, each once.
func (w *world) build() {
	w.t.Helper()
	w.bin = w.t.TempDir()
	for name, dir := range programs {
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(w.bin, name), dir)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			w.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
}

// programs are what `go run` builds of which folder.
var programs = map[string]string{"app": ".", "mskdoctor": "./constructs/doctor/mskdoctor", "mskplan": "./constructs/plan/mskplan",
	"mskadmin": "./lambda/admin/mskadmin", "local": "./test/local"}

// write writes a file of the page into the project.
func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// configure writes cdk.json, with a context of the page beside the flags.
func (w *world) configure(context string) {
	w.t.Helper()
	var config struct{ Context map[string]any }
	text, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	delete(config.Context, "example")
	own := map[string]any{}
	if err := json.Unmarshal([]byte(w.real(context)), &own); err != nil {
		w.t.Fatal(err)
	}
	if own["architecture"] != nil && runtime.GOARCH == "arm64" {
		own["architecture"] = "arm64" // the function runs on this machine
	}
	maps.Copy(config.Context, own)
	out, err := json.Marshal(map[string]any{"app": filepath.Join(w.bin, "app"), "context": config.Context})
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("cdk.json", string(out))
}

// real has the addresses of this run in place of the page's, and shown the other way
// round, with what differs from run to run made the same.
func (w *world) real(text string) string {
	for address, shown := range w.same {
		text = strings.ReplaceAll(text, shown, address)
	}
	return text
}

func (w *world) shown(text string) string {
	for address, shown := range w.same {
		text = strings.ReplaceAll(text, address, shown)
	}
	for _, r := range []struct{ from, to string }{
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`, "2026-11-26T12:00:00.000Z"},
		{`\b\d\d:\d\d:\d\d\.\d{3}\b`, "12:00:00.000"},
		{`\b(after|for|in) [0-9.]+m?s\b`, "$1 0.4s"},
		{`--start-time \d+`, "--start-time 1795000000000"},
		{`duration=\d+`, "duration=250000"},
		{` \| batches .*`, ""}, // how often it was tried
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return text
}

// resourcesOf are those of the template that a synth has written, without CDK's own.
func (w *world) resourcesOf(folder string) map[string]any {
	w.t.Helper()
	var template struct{ Resources map[string]any }
	if err := json.Unmarshal([]byte(w.Read(filepath.Join(folder, "MskLambda.template.json"))), &template); err != nil {
		w.t.Fatal(err)
	}
	delete(template.Resources, "CDKMetadata")
	return template.Resources
}

// handled wants the orders that the deployed function has stored, each once.
func (w *world) handled(ids ...int) {
	w.t.Helper()
	got := w.lambda.stored()
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		w.t.Errorf("the function has stored %v, want each once of %v", got, ids)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// patience is for what a busy machine takes long for, such as to build a function.
const patience = 3 * time.Minute

// until waits for something that comes.
func (w *world) until(what string, come func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%s did not come in %v", what, patience)
		}
	}
}

// settled waits until the group of the mapping has read all.
func (w *world) settled() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := w.msk.WaitForCommit(ctx, "orders", mappingID); err != nil {
		w.t.Fatal(fmt.Errorf("the group does not come to the end: %w", err))
	}
}
