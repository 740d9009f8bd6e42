package afternoon

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/admin/contract"
	"msklambda/test/internal/account"
	"msklambda/test/local/internal/invokeapi"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/pollertest"
	"msklambda/test/local/internal/sandbox"
)

// noBrokers is what Lambda says of a mapping whose pollers do not reach the brokers.
const noBrokers = "PROBLEM: Connection error. Please check your event source connection configuration. If your event source lives in a VPC, try setting up a new Lambda function or EC2 instance with the same VPC, Subnet, and Security Group settings. Connect the new device to the Kafka cluster and consume messages to ensure that the issue is not related to VPC or Endpoint configuration."

// lambda runs what is deployed: the bytes that the CLI has uploaded, over a Runtime
// API, and the mapping as CloudFormation has set it up.
type lambda struct {
	t       *testing.T
	account *account.Account
	brokers []string // as the mapping's events name them
	client  []kgo.Opt
	env     []string // what Lambda gives a function: its role's credentials, whom it trusts
	api     *invokeapi.Server

	deployed map[string]invokeapi.Function // by name
	code     map[string]string             // key of S3 by name
	stop     func()                        // the pollers, nil where none run

	mu  sync.Mutex
	log []string // of the functions
}

// keep keeps a line of a function's log.
func (l *lambda) keep(line string) {
	l.t.Log(line)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, line)
}

// stored are the orders that the function says it has stored.
func (l *lambda) stored() (ids []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.log {
		var said struct {
			Message string
			Order   int
		}
		if json.Unmarshal([]byte(line), &said) == nil && said.Message == "stored" {
			ids = append(ids, said.Order)
		}
	}
	slices.Sort(ids)
	return ids
}

// result is what Lambda says of a mapping: it polls where the brokers' group lets the
// pollers, which are in the same group, in on the port of IAM.
func (l *lambda) result(all map[string]map[string]account.Properties, mapping account.Properties) string {
	if !reaches(all) {
		return noBrokers
	}
	if all["AWS::Lambda::Function"][name(mapping)]["Code"] == nil {
		return "No records processed"
	}
	return "OK"
}

func reaches(all map[string]map[string]account.Properties) bool {
	for _, p := range permissionsOf(all["AWS::EC2::SecurityGroup"][groupID]["SecurityGroupIngress"], false) {
		if p.Port == 9098 && p.Peer == groupID {
			return true
		}
	}
	return false
}

// name is that of a mapping's function.
func name(mapping account.Properties) string {
	f, _ := mapping["FunctionName"].(string)
	return f[strings.LastIndex(f, ":")+1:]
}

// sync has Lambda do what a deploy has changed.
func (l *lambda) sync() {
	l.t.Helper()
	all := l.account.Snapshot()
	mapping := all["AWS::Lambda::EventSourceMapping"][mappingID]
	function := all["AWS::Lambda::Function"][name(mapping)]
	if mapping == nil || !reaches(all) || function["Code"] == nil {
		if l.stop != nil {
			l.stop()
		}
		return
	}
	for name, p := range all["AWS::Lambda::Function"] {
		if p["Code"] != nil {
			l.deploy(name, p)
		}
	}
	if l.stop == nil {
		l.poll(mapping)
	}
}

// deploy runs the code of a function, or has the one that runs become it.
func (l *lambda) deploy(name string, p account.Properties) {
	l.t.Helper()
	key := p["Code"].(account.Properties)["S3Key"].(string)
	if l.code[name] == key {
		return
	}
	l.code[name] = key
	program := unzip(l.t, l.account.Object(key))
	if variables, _ := p["Environment"].(account.Properties)["Variables"].(account.Properties); variables[contract.Right] != nil && runtime.GOARCH != "arm64" {
		// It is built for arm64 wherever it goes, which this machine does not run.
		if err := gobuild.Build(l.t.Context(), root+"/lambda/admin", program, runtime.GOOS, runtime.GOARCH); err != nil {
			l.t.Fatal(err)
		}
	}
	if f, ok := l.deployed[name].(*sandbox.Function); ok {
		f.Replace(program)
		return
	}
	env := l.env
	if variables, ok := p["Environment"].(account.Properties); ok {
		for key, value := range variables["Variables"].(account.Properties) {
			env = append(env, key+"="+value.(string))
		}
	}
	f := sandbox.New(sandbox.Config{Bootstrap: program, Name: name, Env: env, MemorySize: int(p["MemorySize"].(float64)),
		Timeout: time.Duration(p["Timeout"].(float64)) * time.Second, Log: l.keep})
	l.t.Cleanup(f.Close)
	l.deployed[name] = f
}

func unzip(t *testing.T, archive []byte) string {
	t.Helper()
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	from, err := files.Open("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	path := filepath.Join(t.TempDir(), "bootstrap")
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// poll polls as the mapping says.
func (l *lambda) poll(p account.Properties) {
	l.t.Helper()
	partial := false
	for _, kind := range texts(p["FunctionResponseTypes"]) {
		partial = partial || kind == "ReportBatchItemFailures"
	}
	size, _ := p["BatchSize"].(float64)
	l.stop = pollertest.Start(l.t, poller.Config{Brokers: l.brokers, Client: l.client, Topic: texts(p["Topics"])[0], BatchSize: int(size),
		Group:    p["AmazonManagedKafkaEventSourceConfig"].(account.Properties)["ConsumerGroupId"].(string),
		From:     poller.Position(p["StartingPosition"].(string)),
		Function: l.deployed[name(p)], FunctionARN: functionARN(name(p)), SourceARN: p["EventSourceArn"].(string),
		Window: 100 * time.Millisecond, RetryAttempts: -1, ReportBatchItemFailures: partial, Log: l.t.Logf})
}
