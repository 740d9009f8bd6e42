package msklambda

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

// None of these tests starts Node: Validate is plain Go.

func goodCluster() *ClusterProps {
	return &ClusterProps{
		ClusterARN:       "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2",
		VPCID:            "vpc-0123456789abcdef0",
		SubnetIDs:        []string{"subnet-0123456789abcdef0", "subnet-01234567"},
		SecurityGroupIDs: []string{"sg-0123456789abcdef0"},
	}
}

func goodConsumer() *ConsumerProps {
	return &ConsumerProps{Topic: "orders", GroupID: "orders-fn", Entry: "../../lambda"}
}

func TestClusterPropsAreRefusedByFieldName(t *testing.T) {
	tests := map[string]struct {
		edit func(*ClusterProps)
		want string // "" = accepted
	}{
		"good":               {func(*ClusterProps) {}, ""},
		"serverless":         {func(p *ClusterProps) { p.ClusterARN = strings.Replace(p.ClusterARN, "70-2", "70-s1", 1) }, ""},
		"China":              {func(p *ClusterProps) { p.ClusterARN = chinaARN }, ""},
		"GovCloud":           {func(p *ClusterProps) { p.ClusterARN = govARN }, ""},
		"European sovereign": {func(p *ClusterProps) { p.ClusterARN = eusARN }, ""},
		"token ARN":          {func(p *ClusterProps) { p.ClusterARN = token }, ""},
		"token ids": {func(p *ClusterProps) {
			p.VPCID, p.SubnetIDs, p.SecurityGroupIDs = token, []string{token}, []string{token}
		}, ""},
		"no ARN":              {func(p *ClusterProps) { p.ClusterARN = "" }, "ClusterARN is required: the ARN of the MSK cluster"},
		"ARN of another kind": {func(p *ClusterProps) { p.ClusterARN = "arn:aws:sqs:us-east-1:111122223333:orders" }, `ClusterARN must be the ARN of an MSK cluster, such as "arn:aws:kafka:us-east-1:111122223333:cluster/name/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2", got "arn:aws:sqs:us-east-1:111122223333:orders"`},
		"ARN without uuid":    {func(p *ClusterProps) { p.ClusterARN = "arn:aws:kafka:us-east-1:111122223333:cluster/demo" }, `got "arn:aws:kafka:us-east-1:111122223333:cluster/demo"`},
		"topic ARN":           {func(p *ClusterProps) { p.ClusterARN = strings.Replace(p.ClusterARN, ":cluster/", ":topic/", 1) }, "must be the ARN of an MSK cluster"},
		"wildcard ARN":        {func(p *ClusterProps) { p.ClusterARN = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/*" }, "must be the ARN of an MSK cluster"},
		"vpc-connection": {func(p *ClusterProps) {
			p.ClusterARN = strings.Replace(p.ClusterARN, ":cluster/", ":vpc-connection/", 1)
		}, "that of a VPC connection goes into VPCConnectionARN, beside it"},
		"no VPC":              {func(p *ClusterProps) { p.VPCID = "" }, "VPCID is required"},
		"malformed VPC":       {func(p *ClusterProps) { p.VPCID = "vpc-1" }, `VPCID must be an id such as "vpc-0123456789abcdef0", got "vpc-1"`},
		"no subnets":          {func(p *ClusterProps) { p.SubnetIDs = nil }, "SubnetIDs is required"},
		"malformed subnet":    {func(p *ClusterProps) { p.SubnetIDs = []string{"subnet-XYZ"} }, `SubnetIDs must be ids such as "subnet-0123456789abcdef0", got "subnet-XYZ"`},
		"list token":          {func(p *ClusterProps) { p.SubnetIDs = []string{"#{Token[TOKEN.9]}"} }, "SubnetIDs must be single ids, got a list token, whose length is not known at synth: split it with a count, by *awscdk.Fn_Split("},
		"no groups":           {func(p *ClusterProps) { p.SecurityGroupIDs = nil }, "SecurityGroupIDs is required"},
		"malformed group":     {func(p *ClusterProps) { p.SecurityGroupIDs = []string{"sg 1"} }, `SecurityGroupIDs must be ids such as "sg-0123456789abcdef0", got "sg 1"`},
		"existing endpoint":   {func(p *ClusterProps) { p.STSEndpoint = Endpoint{ID: "vpce-0123456789abcdef0"} }, ""},
		"unnamed endpoint":    {func(p *ClusterProps) { p.STSEndpoint = Endpoint{Source: EndpointExisting} }, ""},
		"unknown source":      {func(p *ClusterProps) { p.STSEndpoint.Source = "nat" }, `STSEndpoint.Source must be "create", "existing" or "none", got "nat"`},
		"malformed endpoint":  {func(p *ClusterProps) { p.LambdaEndpoint.ID = "vpce-1" }, `LambdaEndpoint.ID must be an id such as "vpce-0123456789abcdef0", got "vpce-1"`},
		"id without existing": {func(p *ClusterProps) { p.LambdaEndpoint = Endpoint{Source: EndpointNone, ID: "vpce-0123456789abcdef0"} }, `LambdaEndpoint.ID needs Source "existing", got Source "none"`},
		"unknown access":      {func(p *ClusterProps) { p.EndpointAccess = "all" }, `EndpointAccess must be "pollers" or "vpc", got "all"`},
		"vpc without ranges":  {func(p *ClusterProps) { p.EndpointAccess = EndpointAccessVPC }, `VPCCIDRs is required with EndpointAccess "vpc"`},
		"vpc with ranges": {func(p *ClusterProps) {
			p.EndpointAccess = EndpointAccessVPC
			p.VPCCIDRs = []string{"10.0.0.0/16", "2001:db8::/56"}
		}, ""},
		"dual-stack with IPv4 ranges": {func(p *ClusterProps) {
			p.EndpointAccess, p.EndpointIPAddressType = EndpointAccessVPC, awsec2.VpcEndpointIpAddressType_DUALSTACK
			p.VPCCIDRs = []string{"10.0.0.0/16", token}
		}, `VPCCIDRs must have the IPv6 range of the VPC with EndpointIPAddressType DUALSTACK`},
		"dual-stack with both": {func(p *ClusterProps) {
			p.EndpointAccess, p.EndpointIPAddressType = EndpointAccessVPC, awsec2.VpcEndpointIpAddressType_DUALSTACK
			p.VPCCIDRs = []string{"10.0.0.0/16", "2001:db8::/56"}
		}, ""},
		"dual-stack with a token": {func(p *ClusterProps) {
			p.EndpointAccess, p.EndpointIPAddressType = EndpointAccessVPC, awsec2.VpcEndpointIpAddressType_DUALSTACK
			p.VPCCIDRs = []string{"10.0.0.0/16", "ipv6:" + token}
		}, ""},
		"dual-stack for the pollers": {func(p *ClusterProps) { p.EndpointIPAddressType = awsec2.VpcEndpointIpAddressType_DUALSTACK }, ""},
		"IPv6 alone":                 {func(p *ClusterProps) { p.EndpointIPAddressType = awsec2.VpcEndpointIpAddressType_IPV6 }, `EndpointIPAddressType must be IPV4 or DUALSTACK, got "IPV6"`},
		"malformed range":            {func(p *ClusterProps) { p.EndpointClientCIDRs = []string{"10.0.0.0"} }, `EndpointClientCIDRs must be IPv4 or IPv6 ranges such as "10.0.0.0/16", got "10.0.0.0"`},
		"host bits":                  {func(p *ClusterProps) { p.VPCCIDRs = []string{"10.0.0.1/16"} }, `VPCCIDRs must be ranges with no host bits, such as "10.0.0.0/16", got "10.0.0.1/16"`},
		"malformed client":           {func(p *ClusterProps) { p.EndpointClientSecurityGroupIDs = []string{"10.0.0.0/16"} }, `EndpointClientSecurityGroupIDs must be ids such as`},
		"range of everybody":         {func(p *ClusterProps) { p.VPCCIDRs = []string{"0.0.0.0/0"} }, `VPCCIDRs must be ranges that a VPC can have, /16 or longer for IPv4 and /44 or longer for IPv6, got "0.0.0.0/0"`},
		"IPv6 of everybody":          {func(p *ClusterProps) { p.VPCCIDRs = []string{"::/0"} }, `VPCCIDRs must be ranges that a VPC can have`},
		"S3 from no default":         {func(p *ClusterProps) { p.S3Endpoint.Source = EndpointExisting }, ""},
		"unknown rules":              {func(p *ClusterProps) { p.SecurityGroupRules = "egress" }, `SecurityGroupRules must be "ingress", "all" or "none", got "egress"`},
		"nothing to retain":          {func(p *ClusterProps) { p.SecurityGroupRules, p.RetainSecurityGroupRules = SecurityGroupRulesNone, true }, `RetainSecurityGroupRules needs SecurityGroupRules "ingress" or "all", got "none"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := goodCluster()
			tt.edit(p)
			check(t, p.Validate(), tt.want)
		})
	}
}

const (
	token    = "${Token[TOKEN.42]}"
	chinaARN = "arn:aws-cn:kafka:cn-north-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	govARN   = "arn:aws-us-gov:kafka:us-gov-west-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	eusARN   = "arn:aws-eusc:kafka:eusc-de-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
)

func TestConsumerPropsAreRefusedByFieldName(t *testing.T) {
	d := func(d time.Duration) *time.Duration { return &d }
	past := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		edit func(*ConsumerProps)
		want string
	}{
		"good":                   {func(*ConsumerProps) {}, ""},
		"tokens":                 {func(p *ConsumerProps) { p.Topic, p.GroupID = token, token }, ""},
		"no topic":               {func(p *ConsumerProps) { p.Topic = "" }, "Topic is required"},
		"space in topic":         {func(p *ConsumerProps) { p.Topic = "my orders" }, `Topic must be 1 to 249 letters, digits, '.', '_' or '-', got "my orders"`},
		"longest topic":          {func(p *ConsumerProps) { p.Topic = strings.Repeat("a", 249) }, ""},
		"too long topic":         {func(p *ConsumerProps) { p.Topic = strings.Repeat("a", 250) }, "Topic must be 1 to 249"},
		"topic .":                {func(p *ConsumerProps) { p.Topic = "." }, "which Kafka reserves"},
		"topic ..":               {func(p *ConsumerProps) { p.Topic = ".." }, "which Kafka reserves"},
		"leading dot":            {func(p *ConsumerProps) { p.Topic = ".orders" }, "because CloudFormation's pattern for the topic of a mapping refuses it"},
		"one letter":             {func(p *ConsumerProps) { p.Topic = "o" }, "must be 2 characters or more"},
		"no group":               {func(p *ConsumerProps) { p.GroupID = "" }, "GroupID is required"},
		"every group character":  {func(p *ConsumerProps) { p.GroupID = "aZ09-/:_+=.@" }, ""},
		"wildcard group":         {func(p *ConsumerProps) { p.GroupID = "orders-*" }, `GroupID must not hold '*', because IAM would read it as a wildcard in the ARN of the group, got "orders-*"`},
		"space in group":         {func(p *ConsumerProps) { p.GroupID = "orders fn" }, "GroupID must be 1 to 200 letters, digits or any of - / : _ + = . @"},
		"longest group":          {func(p *ConsumerProps) { p.GroupID = strings.Repeat("g", 200) }, ""},
		"too long group":         {func(p *ConsumerProps) { p.GroupID = strings.Repeat("g", 201) }, "GroupID must be 1 to 200"},
		"batch of 10000":         {func(p *ConsumerProps) { p.BatchSize = 10000 }, ""},
		"batch too large":        {func(p *ConsumerProps) { p.BatchSize = 10001 }, "BatchSize must be 1 to 10000, got 10001"},
		"batch below zero":       {func(p *ConsumerProps) { p.BatchSize = -1 }, "BatchSize must be 1 to 10000"},
		"no window":              {func(p *ConsumerProps) { p.BatchWindow = d(0) }, ""},
		"longest window":         {func(p *ConsumerProps) { p.BatchWindow = d(5 * time.Minute) }, ""},
		"window too long":        {func(p *ConsumerProps) { p.BatchWindow = d(301 * time.Second) }, "BatchWindow must be 0s to 5m, got 5m1s"},
		"window of half seconds": {func(p *ConsumerProps) { p.BatchWindow = d(500 * time.Millisecond) }, "BatchWindow must be whole seconds, got 500ms"},
		"window below zero":      {func(p *ConsumerProps) { p.BatchWindow = d(-time.Second) }, "BatchWindow must be 0s to 5m, got -1s"},
		"unknown position":       {func(p *ConsumerProps) { p.StartingPosition = "EARLIEST" }, `StartingPosition must be TRIM_HORIZON, LATEST or AT_TIMESTAMP, got "EARLIEST"`},
		"timestamp alone":        {func(p *ConsumerProps) { p.StartingPositionTimestamp = past }, "StartingPositionTimestamp needs StartingPosition AT_TIMESTAMP, got TRIM_HORIZON"},
		"position alone":         {func(p *ConsumerProps) { p.StartingPosition = "AT_TIMESTAMP" }, "StartingPositionTimestamp is required with StartingPosition AT_TIMESTAMP"},
		"position and timestamp": {func(p *ConsumerProps) { p.StartingPosition, p.StartingPositionTimestamp = "AT_TIMESTAMP", past }, ""},
		"timestamp in parts":     {func(p *ConsumerProps) { p.StartingPosition, p.StartingPositionTimestamp = "AT_TIMESTAMP", past.Add(1) }, "StartingPositionTimestamp must be whole seconds"},
		"timestamp before 1970": {func(p *ConsumerProps) {
			p.StartingPosition, p.StartingPositionTimestamp = "AT_TIMESTAMP", time.Unix(-1, 0)
		}, "StartingPositionTimestamp must be 1970-01-01T00:00:00Z or later"},
		"timestamp to come": {func(p *ConsumerProps) {
			p.StartingPosition, p.StartingPositionTimestamp = "AT_TIMESTAMP", time.Now().Add(time.Hour).Truncate(time.Second)
		}, "StartingPositionTimestamp must not be in the future"},
		"no entry":             {func(p *ConsumerProps) { p.Entry = "" }, "Entry is required: the directory of a Go main package"},
		"entry of nothing":     {func(p *ConsumerProps) { p.Entry = "nowhere" }, `Entry must be the directory of a Go main package, got "nowhere": there is no such directory`},
		"entry of a file":      {func(p *ConsumerProps) { p.Entry = "../../lambda/main.go" }, "it is a file, give its directory"},
		"entry of a library":   {func(p *ConsumerProps) { p.Entry = "../../lambda/kafka" }, "it holds package kafka"},
		"entry with no Go":     {func(p *ConsumerProps) { p.Entry = "../../constructs" }, "no buildable Go source files"},
		"memory too small":     {func(p *ConsumerProps) { p.MemorySize = 127 }, "MemorySize must be 128 to 10240 MB, got 127"},
		"memory too large":     {func(p *ConsumerProps) { p.MemorySize = 10241 }, "MemorySize must be 128 to 10240 MB, got 10241"},
		"longest timeout":      {func(p *ConsumerProps) { p.Timeout = 14 * time.Minute }, ""},
		"timeout too long":     {func(p *ConsumerProps) { p.Timeout = 15 * time.Minute }, "Timeout must be at most 14m, the limit of functions behind an MSK mapping, got 15m"},
		"timeout too short":    {func(p *ConsumerProps) { p.Timeout = time.Millisecond }, "Timeout must be 1s to 14m, got 1ms"},
		"no concurrency":       {func(p *ConsumerProps) { p.ReservedConcurrency = new(0) }, ""},
		"negative concurrency": {func(p *ConsumerProps) { p.ReservedConcurrency = new(-1) }, "ReservedConcurrency must be 0 or more, got -1"},
		"variable name":        {func(p *ConsumerProps) { p.Environment = map[string]string{"1A": ""} }, `Environment must have names of 2 or more letters, digits or '_', beginning with a letter, got "1A"`},
		"unknown tracing":      {func(p *ConsumerProps) { p.Tracing = "Active" }, "Tracing must be ACTIVE, PASS_THROUGH or DISABLED"},
		"unknown retention":    {func(p *ConsumerProps) { p.LogRetention = "8" }, "LogRetention must be one of"},
		"unknown removal":      {func(p *ConsumerProps) { p.LogRemovalPolicy = "SNAPSHOT" }, "LogRemovalPolicy must be DESTROY"},
		"a variable of Lambda": {func(p *ConsumerProps) { p.Environment = map[string]string{"AWS_REGION": "x"} }, "Environment must not have AWS_REGION, which Lambda sets itself"},
		"a variable of ours": {func(p *ConsumerProps) {
			p.Environment = map[string]string{"MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES": "true"}
		}, `Environment must not have MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES but as "false", to hold it back`},
		"a table of its own":  {func(p *ConsumerProps) { p.Idempotency = &Idempotency{} }, ""},
		"longest namespace":   {func(p *ConsumerProps) { p.Idempotency = &Idempotency{Namespace: strings.Repeat("n", 200)} }, ""},
		"too long namespace":  {func(p *ConsumerProps) { p.Idempotency = &Idempotency{Namespace: strings.Repeat("n", 201)} }, "Idempotency.Namespace must be 1 to 200 characters, got 201"},
		"namespace of AWS":    {func(p *ConsumerProps) { p.MetricsNamespace = "AWS/Lambda" }, `MetricsNamespace must be 1 to 255 letters, digits, spaces or any of . - _ / # :, and not begin with ':' or "AWS/", got "AWS/Lambda"`},
		"longest metrics":     {func(p *ConsumerProps) { p.MetricsNamespace = strings.Repeat("n", 255) }, ""},
		"too long metrics":    {func(p *ConsumerProps) { p.MetricsNamespace = strings.Repeat("n", 256) }, "MetricsNamespace must be 1 to 255"},
		"metrics with colons": {func(p *ConsumerProps) { p.MetricsNamespace = "a:b #c/d._-" }, ""},
		"colon in front":      {func(p *ConsumerProps) { p.MetricsNamespace = ":a" }, "MetricsNamespace must be 1 to 255"},
		"registry of nothing": {func(p *ConsumerProps) { p.FunctionRegistry = &FunctionRegistry{} }, "FunctionRegistry must have FunctionRegistry.GlueARN or FunctionRegistry.Secrets set, or it grants nothing"},
		"tag of AWS":          {func(p *ConsumerProps) { p.Tags = map[string]string{"AWS:x": "y"} }, `Tags must not have keys that begin with "aws:", which AWS reserves`},
		"tag with a star":     {func(p *ConsumerProps) { p.Tags = map[string]string{"te*am": "y"} }, `Tags must be of letters, digits, spaces and _ . : / = + - @`},
		"empty tag":           {func(p *ConsumerProps) { p.Tags = map[string]string{"": "x"} }, "Tags must have keys of 1 to 128 characters"},
		"long tag":            {func(p *ConsumerProps) { p.Tags = map[string]string{"k": strings.Repeat("v", 257)} }, "Tags must have values of at most 256 characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := goodConsumer()
			tt.edit(p)
			check(t, p.Validate(), tt.want)
		})
	}
}

// check wants an error with a line that holds the text, or none.
func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("Validate() = %v, want nil", err)
	case want != "" && err == nil:
		t.Errorf("Validate() = nil, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("Validate() = %v, want %q", err, want)
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	var cluster *ClusterProps
	var consumer *ConsumerProps
	for _, tt := range []struct {
		err  error
		want []string
	}{
		{cluster.Validate(), []string{"ClusterARN", "VPCID", "SubnetIDs", "SecurityGroupIDs"}},
		{consumer.Validate(), []string{"Topic", "GroupID", "Entry"}},
		{(&ConsumerProps{Topic: "a b", GroupID: "*", BatchSize: -1, Timeout: time.Hour, Function: stub{}, Entry: "x"}).Validate(),
			[]string{"Topic", "GroupID", "BatchSize", "Entry", "Timeout"}},
	} {
		var got []string
		for _, err := range tt.err.(interface{ Unwrap() []error }).Unwrap() {
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("%v is a %T, want a *Problem", err, err)
			}
			got = append(got, p.Field)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("fields = %v, want %v", got, tt.want)
		}
	}
}

// stub is a function that is there; Validate asks it nothing.
type stub struct{ awslambda.IFunction }

func TestMessagesBeginLowerCaseAndEndWithoutPeriod(t *testing.T) {
	for _, err := range []error{(&ClusterProps{}).Validate(), (&ConsumerProps{}).Validate()} {
		for line := range strings.Lines(err.Error()) {
			_, message, _ := strings.Cut(strings.TrimSpace(line), " ")
			if message[0] < 'a' || message[0] > 'z' || strings.HasSuffix(message, ".") {
				t.Errorf("message %q, want lower case and no period", message)
			}
		}
	}
}

func TestAnEntryOutsideAModuleIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(t, checkEntry(dir, "arm64", nil), "no go.mod in it or above it")
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(t, checkEntry(dir, "arm64", nil), "")
}

func TestAnEntryForAnotherArchitectureIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module x\n", "main_amd64.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check(t, checkEntry(dir, "amd64", nil), "")
	check(t, checkEntry(dir, "arm64", nil), "no buildable Go source files")
	// With flags of one's own, which may be tags, that is for go build to say.
	check(t, checkEntry(dir, "arm64", map[string]string{"GOFLAGS": "-tags=prod"}), "")
}
