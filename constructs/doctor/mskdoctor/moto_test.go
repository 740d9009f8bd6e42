package main

import (
	"archive/zip"
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	kafkatypes "github.com/aws/aws-sdk-go-v2/service/kafka/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"msklambda/constructs/doctor"
	"msklambda/constructs/doctor/account"
	"msklambda/test/standin"
)

// moto is an emulator of AWS by others, who wrote its answers without regard to the
// doctor. It has networks, clusters, functions and roles; it has neither MSK's
// topics nor IAM's simulator, so that these are not known there.
func moto(t *testing.T) awssdk.Config {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Skip("moto is not installed: pip install 'moto[server]'")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	host, port, _ := net.SplitHostPort(address)
	server := exec.Command(program, "-H", host, "-p", port)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		done := make(chan struct{})
		go func() { _ = server.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = server.Process.Kill()
		}
	})
	standin.Serve(t, healthy()) // for the credentials of the environment
	t.Setenv("AWS_ENDPOINT_URL", "http://"+address)
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if answer, err := http.Get("http://" + address + "/moto-api/"); err == nil {
			answer.Body.Close()
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatal("moto does not answer in a minute")
		}
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// must is for what the emulator has to take.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestTheDoctorReadsANetworkOfMoto(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server in Python: go test without -short runs it")
	}
	cfg := moto(t)
	ctx := context.Background()
	network, text := ec2.NewFromConfig(cfg), func(s string) *string { return &s }

	vpc := must[*ec2.CreateVpcOutput](t)(network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: text("10.0.0.0/16")})).Vpc.VpcId
	must[*ec2.ModifyVpcAttributeOutput](t)(network.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: awssdk.Bool(true)}}))
	var subnets []string
	for _, prefix := range []string{"10.0.1.0/24", "10.0.2.0/24"} {
		s := must[*ec2.CreateSubnetOutput](t)(network.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: text(prefix)}))
		subnets = append(subnets, *s.Subnet.SubnetId)
	}
	group := func(name string) string {
		return *must[*ec2.CreateSecurityGroupOutput](t)(network.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: vpc, GroupName: text(name), Description: text(name)})).GroupId
	}
	brokers, ends := group("brokers"), group("endpoints")
	in := func(to string, port int32, from string) *ec2.AuthorizeSecurityGroupIngressInput {
		return &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &to, IpPermissions: []ec2types.IpPermission{{IpProtocol: text("tcp"), FromPort: &port, ToPort: &port,
			UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &from}}}}}
	}
	must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(network.AuthorizeSecurityGroupIngress(ctx, in(brokers, 9098, brokers)))
	must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(network.AuthorizeSecurityGroupIngress(ctx, in(ends, 443, brokers)))
	var made []string
	for service, action := range map[string]string{"lambda": "lambda:InvokeFunction", "sts": "sts:AssumeRole"} {
		e := must[*ec2.CreateVpcEndpointOutput](t)(network.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: vpc, VpcEndpointType: ec2types.VpcEndpointTypeInterface,
			ServiceName: text("com.amazonaws." + standin.Region + "." + service), PrivateDnsEnabled: awssdk.Bool(true), SubnetIds: subnets, SecurityGroupIds: []string{ends},
			PolicyDocument: text(allows(action, standin.Object{"Service": "lambda.amazonaws.com"}, "*"))}))
		made = append(made, *e.VpcEndpoint.VpcEndpointId)
	}
	cluster := must[*kafka.CreateClusterV2Output](t)(kafka.NewFromConfig(cfg).CreateClusterV2(ctx, &kafka.CreateClusterV2Input{ClusterName: text("orders"), Provisioned: &kafkatypes.ProvisionedRequest{
		KafkaVersion: text("3.8.x"), NumberOfBrokerNodes: awssdk.Int32(2), BrokerNodeGroupInfo: &kafkatypes.BrokerNodeGroupInfo{InstanceType: text("kafka.m7g.large"), ClientSubnets: subnets, SecurityGroups: []string{brokers}},
		ClientAuthentication: &kafkatypes.ClientAuthentication{Sasl: &kafkatypes.Sasl{Iam: &kafkatypes.Iam{Enabled: awssdk.Bool(true)}}}}}))
	role := must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{RoleName: text("orders"),
		AssumeRolePolicyDocument: text(allows("sts:AssumeRole", standin.Object{"Service": "lambda.amazonaws.com"}, ""))}))
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	_ = must[any](t)(archive.Create("bootstrap"))
	archive.Close()
	functions := lambda.NewFromConfig(cfg)
	must[*lambda.CreateFunctionOutput](t)(functions.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: text("orders"), Role: role.Role.Arn, Runtime: lambdatypes.RuntimeProvidedal2023,
		Handler: text("bootstrap"), Timeout: awssdk.Int32(60), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()}}))
	// moto makes no mapping of an MSK topic, so that it is said here what there is of one.
	mapping := doctor.Mapping{UUID: uuid, State: "Enabled", Source: *cluster.ClusterArn, Topic: "orders", Group: "orders-fn", Function: "arn:aws:lambda:" + standin.Region + ":123456789012:function:orders"}
	judge := func(what string, want map[string]doctor.State, has map[string]doctor.Cause) {
		t.Helper()
		reader, err := account.Open(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		report := doctor.Diagnose(reader.Read(ctx, mapping))
		for id, state := range want {
			if h := report.Hop(id); h == nil || h.State != state {
				t.Errorf("%s: %s is %+v, want %s", what, id, h, state)
			}
		}
		for id, cause := range has {
			if !report.Has(id, cause) {
				t.Errorf("%s: %s has no %s: %+v", what, id, cause, report.Hop(id))
			}
		}
	}
	// Its cluster is for ever being made, and tells no authentication.
	open := map[string]doctor.State{"brokers": doctor.Open, "lambda": doctor.Open, "sts": doctor.Open, "role": doctor.Open, "function": doctor.Open, "topic": doctor.Unknown, "permissions": doctor.Unknown}
	judge("as made", open, nil)

	rule := in(brokers, 9098, brokers)
	must[*ec2.RevokeSecurityGroupIngressOutput](t)(network.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: rule.GroupId, IpPermissions: rule.IpPermissions}))
	judge("without the rule", map[string]doctor.State{"brokers": doctor.Blocked, "sts": doctor.Open}, map[string]doctor.Cause{"brokers": doctor.GroupIn})
	must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(network.AuthorizeSecurityGroupIngress(ctx, rule))

	acl := must[*ec2.DescribeNetworkAclsOutput](t)(network.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: []ec2types.Filter{{Name: text("vpc-id"), Values: []string{*vpc}}}})).NetworkAcls[0].NetworkAclId
	entry := &ec2.CreateNetworkAclEntryInput{NetworkAclId: acl, Egress: awssdk.Bool(true), RuleNumber: awssdk.Int32(50), Protocol: text("6"), CidrBlock: text("10.0.0.0/16"), RuleAction: ec2types.RuleActionDeny,
		PortRange: &ec2types.PortRange{From: awssdk.Int32(40000), To: awssdk.Int32(50000)}}
	must[*ec2.CreateNetworkAclEntryOutput](t)(network.CreateNetworkAclEntry(ctx, entry))
	judge("with an ACL that stops answers", map[string]doctor.State{"brokers": doctor.Blocked}, map[string]doctor.Cause{"brokers": doctor.ACL})
	must[*ec2.DeleteNetworkAclEntryOutput](t)(network.DeleteNetworkAclEntry(ctx, &ec2.DeleteNetworkAclEntryInput{NetworkAclId: acl, Egress: awssdk.Bool(true), RuleNumber: awssdk.Int32(50)}))
	judge("without it", open, nil)

	must[*ec2.DeleteVpcEndpointsOutput](t)(network.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: made}))
	judge("without endpoints", map[string]doctor.State{"lambda": doctor.Blocked, "sts": doctor.Blocked, "brokers": doctor.Open}, nil)
}
