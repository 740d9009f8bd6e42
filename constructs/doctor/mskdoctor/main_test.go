package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/doctor"
	"msklambda/test/standin"
)

// ask runs the command against an account.
func ask(t *testing.T, c *standin.Cloud, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	standin.Serve(t, c)
	var out, problems bytes.Buffer
	status = run(context.Background(), args, &out, &problems)
	return status, out.String(), problems.String()
}

// reports runs the command against the account that is served.
func reports(t *testing.T, args ...string) {
	t.Helper()
	var out, problems bytes.Buffer
	if status := run(context.Background(), args, &out, &problems); status == 2 && !strings.Contains(problems.String(), "there is no stack D") {
		t.Errorf("%q: %s", args, problems.String())
	}
}

func TestTheDoctorFindsEachCause(t *testing.T) {
	for _, e := range examples {
		t.Run(e.title, func(t *testing.T) {
			status, out, problems := ask(t, e.cloud(), append(e.arguments(), "-o", "json")...)
			var reports []*doctor.Report
			if err := json.Unmarshal([]byte(out), &reports); err != nil || len(reports) != 1 {
				t.Fatalf("status %d, %v: %s%s", status, err, out, problems)
			}
			r := reports[0]
			var got []string
			for _, h := range r.Hops {
				for _, f := range h.Findings {
					if f.State == doctor.Blocked && !slices.Contains(got, h.ID+"/"+string(f.Cause)) {
						got = append(got, h.ID+"/"+string(f.Cause))
					}
					if f.State == doctor.Blocked && len(f.Cures) == 0 {
						t.Errorf("%s/%s has no cure", h.ID, f.Cause)
					}
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, e.found) {
				t.Errorf("found %q, want %q\n%s", got, e.found, out)
			}
			want := 0
			if len(e.found) > 0 {
				want = 1
			}
			if status != want {
				t.Errorf("status %d, want %d", status, want)
			}
			if e.says != "" && e.title != "The destination is gone" && (len(r.Meanings) == 0 || len(r.Meanings[0].Found) == 0) {
				t.Errorf("%q is not explained: %+v", e.says, r.Meanings)
			}
		})
	}
}

func TestWhatIsDeniedIsNotKnown(t *testing.T) {
	for permission, want := range map[string][]string{
		"ec2:DescribeSubnets": {"brokers", "lambda", "sts"}, "ec2:DescribeSecurityGroups": {"brokers", "lambda", "sts"},
		"ec2:DescribeNetworkAcls": {"brokers", "lambda", "sts"}, "ec2:DescribeVpcEndpoints": {"lambda", "sts"}, "ec2:DescribeVpcAttribute": {"lambda", "sts"},
		"ec2:DescribeRouteTables": nil, // with endpoints no route matters
		"kafka:DescribeClusterV2": {"cluster", "brokers", "lambda", "sts"}, "kafka:DescribeTopic": {"topic"}, "lambda:GetFunctionConfiguration": {"role", "permissions", "function"},
		"iam:GetRole": {"role"}, "iam:SimulatePrincipalPolicy": {"permissions"}, "lambda:ListEventSourceMappings": nil, "lambda:GetFunctionConcurrency": nil,
	} {
		for _, fails := range []string{"denied", "broken"} {
			t.Run(permission+" "+fails, func(t *testing.T) {
				c := healthy()
				if fails == "denied" {
					c.Denied = []string{permission}
				} else {
					c.Broken = []string{permission}
				}
				status, out, problems := ask(t, c, "-mapping", uuid, "-o", "json")
				var reports []*doctor.Report
				if err := json.Unmarshal([]byte(out), &reports); err != nil {
					t.Fatalf("status %d, %v: %s", status, err, problems)
				}
				var got []string
				for _, h := range reports[0].Hops {
					if h.State == doctor.Blocked {
						t.Errorf("%s is blocked, want it not known: %+v", h.ID, h.Findings)
					}
					if h.State == doctor.Unknown {
						got = append(got, h.ID)
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || status != 0 {
					t.Errorf("status %d, not known %q, want %q", status, got, want)
				}
				named := strings.Replace(permission, "kafka:DescribeTopic", "kafka-cluster:DescribeTopic", 1)
				if len(want) > 0 && !strings.Contains(out, named) {
					t.Errorf("nothing says that %s was refused:\n%s", named, out)
				}
			})
		}
	}
}

func TestWrongInput(t *testing.T) {
	other := healthy()
	other.Mappings = append(other.Mappings, standin.Object{"UUID": "aaaaaaaa-1f8a-4a3e-9d5e-2b9a6c1d8e70", "EventSourceArn": queueARN, "FunctionArn": functionARN + "2"})
	other.Stacks["Other"] = []string{"aaaaaaaa-1f8a-4a3e-9d5e-2b9a6c1d8e70"}
	denied := healthy()
	denied.Denied = []string{"lambda:GetEventSourceMapping", "cloudformation:ListStackResources"}
	for name, test := range map[string]struct {
		cloud *standin.Cloud
		args  []string
		want  string
	}{
		"nothing":            {other, nil, "needs one of -stack, -mapping, -function, -text and -permissions"},
		"two":                {other, []string{"-stack", "A", "-mapping", "B"}, "needs one of"},
		"an argument":        {other, []string{"-stack", "A", "B"}, `takes no arguments, got ["B"]`},
		"format":             {other, []string{"-stack", "A", "-o", "yaml"}, `-o must be text or json, got "yaml"`},
		"timeout":            {other, []string{"-stack", "A", "-timeout", "-1s"}, "-timeout must be more than 0"},
		"unknown flag":       {other, []string{"-stak", "A"}, "there is no flag -stak, did you mean -stack?"},
		"a stack":            {other, []string{"-stack", "msklamda"}, `there is no stack msklamda in account 111122223333, region eu-central-1: did you mean MskLambda or`},
		"a mapping":          {other, []string{"-mapping", "91ec905d-1f8a-4a3e-9d5e-2b9a6c1d8e71"}, "there is no mapping 91ec905d-1f8a-4a3e-9d5e-2b9a6c1d8e71 in account 111122223333, region eu-central-1: those of MSK topics are " + uuid + " (topic orders into orders)"},
		"of a queue":         {other, []string{"-mapping", "aaaaaaaa-1f8a-4a3e-9d5e-2b9a6c1d8e70"}, "reads " + queueARN + ", which is no MSK cluster: those of MSK topics are " + uuid},
		"a stack without":    {other, []string{"-stack", "Other"}, "stack Other has no mapping of an MSK topic: those of MSK topics are " + uuid},
		"a function":         {other, []string{"-function", "refunds"}, "function refunds has no mapping of an MSK topic in account 111122223333, region eu-central-1: those of MSK topics are"},
		"another region":     {other, []string{"-mapping", uuid, "-region", "us-east-1"}, "there is no mapping " + uuid + " in account 111122223333, region us-east-1: it has no mapping of any MSK topic: is it the right region"},
		"a stack elsewhere":  {other, []string{"-stack", "MskLambda", "-region", "us-east-1"}, "region us-east-1: it has no stack at all: is it the right region"},
		"no permission":      {denied, []string{"-mapping", uuid}, "the caller lacks the permission lambda:GetEventSourceMapping"},
		"none for the stack": {denied, []string{"-stack", "MskLambda"}, "the caller lacks the permission cloudformation:ListStackResources"},
		"no such profile":    {other, []string{"-stack", "A", "-profile", "none"}, "the AWS configuration cannot be read"},
		"a text":             {other, []string{"-text", "hello"}, `the message is none that is known: "hello"`},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, problems := ask(t, test.cloud, test.args...)
			if status != 2 || !strings.Contains(problems, test.want) || out != "" {
				t.Errorf("status %d, want 2 and %q, got\n%s%s", status, test.want, problems, out)
			}
			if strings.Count(problems, "\n") != 1 {
				t.Errorf("it says more than a line:\n%s", problems)
			}
		})
	}
}

func TestWithoutCredentialsOrARegion(t *testing.T) {
	standin.Serve(t, healthy())
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	for variable, want := range map[string]string{"AWS_REGION": "no region: give -region", "": "no AWS credentials: set AWS_PROFILE"} {
		t.Run(want, func(t *testing.T) {
			if variable != "" {
				t.Setenv(variable, "")
			}
			var out, problems bytes.Buffer
			if status := run(context.Background(), []string{"-mapping", uuid}, &out, &problems); status != 2 || !strings.Contains(problems.String(), want) || strings.Count(problems.String(), "\n") != 1 {
				t.Errorf("status %d, want 2 and %q in a line, got\n%s", status, want, problems.String())
			}
		})
	}
}

func TestAFunctionsMappings(t *testing.T) {
	status, out, problems := ask(t, healthy(), "-function", "orders")
	if status != 0 || !strings.Contains(out, "mapping "+uuid) {
		t.Errorf("status %d: %s%s", status, out, problems)
	}
}

func TestWhatADeployFailedWith(t *testing.T) {
	c := healthy()
	c.Stacks["Broken"] = nil
	c.Events = map[string][]string{"Broken": {"private-dns-enabled cannot be set because there is already a conflicting DNS domain for lambda.eu-central-1.amazonaws.com in the VPC vpc-0a1b2c3d4e5f60718"}}
	status, out, problems := ask(t, c, "-stack", "Broken")
	if status != 1 || !strings.Contains(out, "lambdaEndpoint=existing") || strings.Contains(out, "of an earlier deploy") {
		t.Errorf("status %d: %s%s", status, out, problems)
	}
}

func TestATextByItself(t *testing.T) {
	var out bytes.Buffer
	if status := run(context.Background(), []string{"-text", noServices}, &out, &out); status != 0 || !strings.Contains(out.String(), "sts/*") {
		t.Errorf("status %d: %s", status, out.String())
	}
}

// Who shares a VPC shows no endpoints: an empty list is no news.
func TestTheEndpointsOfASharedVPCAreNotKnown(t *testing.T) {
	c := healthy()
	c.Owner, c.Endpoints = "444455556666", nil
	status, out, _ := ask(t, c, "-mapping", uuid)
	if status != 0 || strings.Count(out, "the VPC is shared by account 444455556666") != 2 || !strings.Contains(out, "nothing is found blocked; not known: lambda, sts") {
		t.Errorf("status %d, want the endpoints not known:\n%s", status, out)
	}
}

// A service that does not answer keeps nobody waiting for longer than the timeout.
func TestWhatDoesNotAnswerInTimeIsNotKnown(t *testing.T) {
	c := healthy()
	a := standin.Serve(t, c)
	a.Slow = "ec2:DescribeNetworkAcls"
	var out, problems bytes.Buffer
	status := run(context.Background(), []string{"-mapping", uuid, "-timeout", "400ms"}, &out, &problems)
	if status != 0 || !strings.Contains(out.String(), "AWS did not answer ec2:DescribeNetworkAcls in time") || !strings.Contains(out.String(), "not known: brokers") {
		t.Errorf("status %d:\n%s%s", status, out.String(), problems.String())
	}
}

func TestAnInterruptSaysSoInALine(t *testing.T) {
	standin.Serve(t, healthy())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, problems bytes.Buffer
	if status := run(ctx, []string{"-mapping", uuid}, &out, &problems); status != 2 || problems.String() != "mskdoctor: interrupted\n" {
		t.Errorf("status %d: %s%s", status, out.String(), problems.String())
	}
}
