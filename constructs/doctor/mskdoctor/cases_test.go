package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"msklambda/test/standin"
)

const (
	uuid        = "91ec905d-1f8a-4a3e-9d5e-2b9a6c1d8e70"
	clusterARN  = "arn:aws:kafka:eu-central-1:111122223333:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3"
	topicARN    = "arn:aws:kafka:eu-central-1:111122223333:topic/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3/orders"
	groupARN    = "arn:aws:kafka:eu-central-1:111122223333:group/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3/orders-fn"
	roleARN     = "arn:aws:iam::111122223333:role/MskLambda-Orders"
	functionARN = "arn:aws:lambda:eu-central-1:111122223333:function:orders"
	queueARN    = "arn:aws:sqs:eu-central-1:111122223333:failed"
	secretARN   = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:AmazonMSK_orders-AbCdEf"
	keyARN      = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

	mainACL          = "acl-0a1b2c3d4e5f60718"
	subnetA, subnetB = "subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"
	brokers          = "sg-0a1b2c3d4e5f60718" // the cluster's group
	endpoints        = "sg-0e1b2c3d4e5f60718" // the endpoints'
)

func compact(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is plain data
	}
	return string(out)
}

// The texts of AWS, as they are.
const (
	noBrokers  = "PROBLEM: Connection error. Please check your event source connection configuration. If your event source lives in a VPC, try setting up a new Lambda function or EC2 instance with the same VPC, Subnet, and Security Group settings. Connect the new device to the Kafka cluster and consume messages to ensure that the issue is not related to VPC or Endpoint configuration."
	noServices = "PROBLEM: Connection error. Your event source VPC must be able to connect to Lambda and STS, Secrets Manager (if event source authentication is required), and the OnFailure Destination (if one is configured)."
	noAccess   = "PROBLEM: Cluster failed to authorize Lambda."
	noSASL     = "PROBLEM: SASL authentication failed."
	noRole     = "PROBLEM: Lambda failed to assume your function execution role."
)

func allow(resource any, actions ...string) standin.Object {
	return standin.Object{"Effect": "Allow", "Action": actions, "Resource": resource}
}

// healthy is a stack of this library that works: on-demand pollers, IAM, two
// endpoints of its own in private subnets without a NAT gateway.
func healthy() *standin.Cloud {
	return &standin.Cloud{
		Mappings: []standin.Object{{"UUID": uuid, "State": "Enabled", "StateTransitionReason": "USER_INITIATED", "LastProcessingResult": "OK", "EventSourceArn": clusterARN,
			"FunctionArn": functionARN, "Topics": standin.List{"orders"}, "AmazonManagedKafkaEventSourceConfig": standin.Object{"ConsumerGroupId": "orders-fn"}, "BatchSize": 100}},
		Functions: map[string]standin.Object{"orders": {"FunctionName": "orders", "FunctionArn": functionARN, "Role": roleARN, "State": "Active", "Timeout": 60}},
		Clusters: map[string]standin.Object{clusterARN: {"clusterArn": clusterARN, "clusterName": "orders", "clusterType": "PROVISIONED", "state": "ACTIVE", "provisioned": standin.Object{
			"brokerNodeGroupInfo":  standin.Object{"clientSubnets": standin.List{subnetA, subnetB}, "securityGroups": standin.List{brokers}, "instanceType": "kafka.m7g.large"},
			"clientAuthentication": standin.Object{"sasl": standin.Object{"iam": standin.Object{"enabled": true}, "scram": standin.Object{"enabled": false}}, "unauthenticated": standin.Object{"enabled": false}},
			"encryptionInfo":       standin.Object{"encryptionInTransit": standin.Object{"clientBroker": "TLS", "inCluster": true}}, "numberOfBrokerNodes": 2}}},
		Topics: map[string]int{"orders": 6},
		VPC:    "vpc-0a1b2c3d4e5f60718", DNS: map[string]bool{"enableDnsSupport": true, "enableDnsHostnames": true},
		Subnets: []standin.Subnet{{ID: subnetA, CIDR: "10.0.1.0/24", ACL: mainACL, Table: "main"}, {ID: subnetB, CIDR: "10.0.2.0/24", ACL: mainACL, Table: "main"}},
		Groups: map[string][]standin.Permission{
			brokers:   {standin.In(9098, brokers), standin.AllOut("0.0.0.0/0")},
			endpoints: {standin.In(443, brokers)},
		},
		ACLs:   map[string][]standin.Entry{mainACL: standin.Open()},
		Tables: map[string][]standin.Route{"main": {{To: "10.0.0.0/16", Kind: "gatewayId", Target: "local", State: "active"}}},
		Endpoints: []standin.Endpoint{
			own("vpce-0a1b2c3d4e5f60718", "lambda", allows("lambda:InvokeFunction", standin.Object{"Service": "lambda.amazonaws.com"}, "*")),
			own("vpce-1a1b2c3d4e5f60718", "sts", allows("sts:AssumeRole", standin.Object{"Service": "lambda.amazonaws.com"}, "*")),
		},
		Trust: map[string]string{"MskLambda-Orders": allows("sts:AssumeRole", standin.Object{"Service": "lambda.amazonaws.com"}, "")},
		Allows: []standin.Object{
			allow(clusterARN, "kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration", "kafka:DescribeCluster", "kafka:DescribeClusterV2"),
			allow(topicARN, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"), allow(groupARN, "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
			allow("*", "kafka:GetBootstrapBrokers", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
				"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
		},
		Stacks: map[string][]string{"MskLambda": {uuid}, "CDKToolkit": nil},
	}
}

func own(id, service, policy string) standin.Endpoint {
	return standin.Endpoint{ID: id, Service: service, Kind: "Interface", State: "available", DNS: true, Groups: []string{endpoints}, Subnets: []string{subnetA, subnetB},
		Policy: policy, Owner: "MskLambda"}
}

// allows is a policy of one statement.
func allows(action string, principal any, resource string) string {
	s := standin.Object{"Effect": "Allow", "Action": action, "Principal": principal}
	if resource != "" {
		s["Resource"] = resource
	}
	return compact(standin.Object{"Version": "2012-10-17", "Statement": standin.List{s}})
}

// byHand is a mapping that somebody made in the console, in a VPC with a NAT gateway:
// it has no group of its own, no endpoint, no tag and no stack, and two managed policies.
func byHand() *standin.Cloud {
	c := healthy()
	delete(c.Mappings[0], "AmazonManagedKafkaEventSourceConfig")
	c.Endpoints, c.Stacks = nil, nil
	c.Groups = map[string][]standin.Permission{brokers: {standin.AllIn(brokers), standin.AllOut("0.0.0.0/0")}}
	c.Tables["main"] = append(c.Tables["main"], standin.Route{To: "0.0.0.0/0", Kind: "natGatewayId", Target: "nat-0a1b2c3d4e5f60718", State: "active"})
	c.Allows = append(c.Allows, allow("*", "kafka-cluster:*"))
	return c
}

// provisioned has provisioned pollers, which need no way out of the VPC.
func provisioned() *standin.Cloud {
	c := healthy()
	c.Mappings[0]["ProvisionedPollerConfig"] = standin.Object{"MinimumPollers": 1, "MaximumPollers": 6}
	c.Endpoints = nil
	return c
}

// scram authenticates with a secret, and has an endpoint for it.
func scram() *standin.Cloud {
	c := healthy()
	c.Mappings[0]["SourceAccessConfigurations"] = standin.List{standin.Object{"Type": "SASL_SCRAM_512_AUTH", "URI": secretARN}}
	c.Clusters[clusterARN]["provisioned"].(standin.Object)["clientAuthentication"] = standin.Object{"sasl": standin.Object{"scram": standin.Object{"enabled": true}, "iam": standin.Object{"enabled": false}}}
	c.Groups[brokers] = []standin.Permission{standin.In(9096, brokers), standin.AllOut("0.0.0.0/0")}
	c.Secrets = map[string]standin.Object{secretARN: {"ARN": secretARN, "Name": "AmazonMSK_orders", "KmsKeyId": keyARN}}
	c.Scram = []string{secretARN}
	c.Keys, c.Policy = map[string]string{keyARN: "Enabled"}, map[string]string{keyARN: allows("kms:*", standin.Object{"AWS": "arn:aws:iam::111122223333:root"}, "*")}
	c.Endpoints = append(c.Endpoints, own("vpce-2a1b2c3d4e5f60718", "secretsmanager", allows("secretsmanager:GetSecretValue", standin.Object{"AWS": roleARN}, secretARN)))
	c.Allows = append(c.Allows, allow(clusterARN, "kafka:ListScramSecrets"), allow(secretARN, "secretsmanager:GetSecretValue"), allow(keyARN, "kms:Decrypt"))
	return c
}

// queued writes failed batches to a queue, and has an endpoint for it.
func queued() *standin.Cloud {
	c := healthy()
	c.Mappings[0]["DestinationConfig"] = standin.Object{"OnFailure": standin.Object{"Destination": queueARN}}
	c.Queues = map[string]standin.Object{"failed": {}}
	c.Endpoints = append(c.Endpoints, own("vpce-3a1b2c3d4e5f60718", "sqs", allows("sqs:SendMessage", standin.Object{"AWS": roleARN}, queueARN)))
	c.Allows = append(c.Allows, allow(queueARN, "sqs:SendMessage"))
	return c
}

// example is an account, what is wrong with it, and what the doctor must say.
type example struct {
	title string
	of    func() *standin.Cloud
	edit  func(*standin.Cloud)
	says  string   // LastProcessingResult
	found []string // "hop/cause" that must be found, and none else; nil = nothing is wrong
	page  bool     // it is shown whole on the page
	args  []string // nil = -mapping
}

func withoutAction(c *standin.Cloud, action string) {
	for _, s := range c.Allows {
		s["Action"] = slices.DeleteFunc(slices.Clone(s["Action"].([]string)), func(a string) bool { return a == action })
	}
}

var examples = []example{
	{title: "A stack that works", of: healthy, page: true, args: []string{"-stack", "MskLambda"}},
	{title: "A mapping made by hand that works", of: byHand, page: true},
	{title: "Provisioned pollers that work", of: provisioned, page: true},
	{title: "SASL/SCRAM that works", of: scram},
	{title: "A destination that works", of: queued},

	{title: "The brokers' group has no rule to itself", of: healthy, says: noBrokers, page: true, found: []string{"brokers/group-in"},
		edit: func(c *standin.Cloud) { c.Groups[brokers] = c.Groups[brokers][1:] }},
	{title: "A rule to itself on another port, by hand", of: byHand, says: noBrokers, page: true, found: []string{"brokers/group-in"},
		edit: func(c *standin.Cloud) { c.Groups[brokers][0] = standin.In(9092, brokers) }},
	{title: "Provisioned pollers without that rule", of: provisioned, says: noBrokers, found: []string{"brokers/group-in"},
		edit: func(c *standin.Cloud) { c.Groups[brokers] = c.Groups[brokers][1:] }},
	{title: "A network ACL that stops the answers", of: byHand, says: noBrokers, page: true, found: []string{"brokers/network-acl", "lambda/network-acl", "sts/network-acl"},
		edit: func(c *standin.Cloud) {
			c.ACLs[mainACL] = []standin.Entry{{Number: 100, Action: "allow", Protocol: "6", From: 9098, To: 9098, CIDR: "10.0.0.0/16"}, {Number: 100, Out: true, Action: "allow", Protocol: "6", From: 9098, To: 9098, CIDR: "10.0.0.0/16"},
				{Number: 110, Out: true, Action: "allow", Protocol: "6", From: 443, To: 443, CIDR: "0.0.0.0/0"}}
		}},
	{title: "The topic does not exist", of: healthy, says: noBrokers, page: true, found: []string{"topic/topic-gone"}, edit: func(c *standin.Cloud) { c.Topics = map[string]int{"order": 3} }},
	{title: "Neither an endpoint nor a NAT gateway", of: healthy, says: noServices, page: true, found: []string{"lambda/no-way", "sts/no-way"}, edit: func(c *standin.Cloud) { c.Endpoints = nil }},
	{title: "Public subnets, by hand: an internet gateway is no way out", of: byHand, says: noServices, page: true, found: []string{"lambda/no-way", "sts/no-way"},
		edit: func(c *standin.Cloud) {
			c.Tables["main"][1] = standin.Route{To: "0.0.0.0/0", Kind: "gatewayId", Target: "igw-0a1b2c3d4e5f60718", State: "active"}
		}},
	{title: "The NAT gateway is gone", of: byHand, says: noServices, found: []string{"lambda/no-way", "sts/no-way"}, edit: func(c *standin.Cloud) { c.Tables["main"][1].State = "blackhole" }},
	{title: "An endpoint of somebody else's, whose group does not admit the pollers", of: healthy, says: noServices, page: true, found: []string{"lambda/group-in"},
		edit: func(c *standin.Cloud) {
			c.Endpoints[0].Owner, c.Endpoints[0].Groups = "", []string{"sg-0f1b2c3d4e5f60718"}
			c.Groups["sg-0f1b2c3d4e5f60718"] = []standin.Permission{standin.In(443, "10.9.0.0/16")}
		}},
	{title: "An endpoint whose policy does not admit Lambda", of: healthy, says: noServices, page: true, found: []string{"lambda/endpoint-policy"},
		edit: func(c *standin.Cloud) {
			c.Endpoints[0].Policy = allows("lambda:*", standin.Object{"AWS": "arn:aws:iam::111122223333:root"}, "*")
		}},
	{title: "Outbound traffic is restricted", of: healthy, says: noServices, page: true, found: []string{"lambda/group-out", "sts/group-out"},
		edit: func(c *standin.Cloud) { c.Groups[brokers][1] = standin.Out(9098, brokers) }},
	{title: "Private DNS of an endpoint is off", of: healthy, says: noServices, page: true, found: []string{"lambda/private-dns-off"}, edit: func(c *standin.Cloud) { c.Endpoints[0].DNS = false }},
	{title: "The VPC has DNS hostnames off", of: healthy, says: noServices, page: true, found: []string{"lambda/vpc-dns-off", "sts/vpc-dns-off"},
		edit: func(c *standin.Cloud) { c.DNS["enableDnsHostnames"] = false }},
	{title: "An endpoint that is being deleted", of: healthy, says: noServices, found: []string{"lambda/endpoint-state"}, edit: func(c *standin.Cloud) { c.Endpoints[0].State = "deleting" }},
	{title: "The role lacks the topic", of: healthy, says: noAccess, page: true, found: []string{"permissions/lacks-topic"},
		edit: func(c *standin.Cloud) {
			c.Allows[1] = allow(topicARN+"-old", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")
		}},
	{title: "The role lacks the group", of: healthy, says: noAccess, page: true, found: []string{"permissions/lacks-group"}, edit: func(c *standin.Cloud) { withoutAction(c, "kafka-cluster:AlterGroup") }},
	{title: "IAM authentication is off on the cluster", of: healthy, says: noSASL, page: true, found: []string{"cluster/authentication-off"},
		edit: func(c *standin.Cloud) {
			c.Clusters[clusterARN]["provisioned"].(standin.Object)["clientAuthentication"] = standin.Object{"sasl": standin.Object{"scram": standin.Object{"enabled": true}, "iam": standin.Object{"enabled": false}}}
		}},
	{title: "The role may not connect", of: healthy, says: noSASL, page: true, found: []string{"permissions/lacks-connect"}, edit: func(c *standin.Cloud) { withoutAction(c, "kafka-cluster:Connect") }},
	{title: "The organization denies it", of: healthy, says: noSASL, found: []string{"permissions/lacks-connect"}, edit: func(c *standin.Cloud) { c.Orgs = []string{"kafka-cluster:Connect"} }},
	{title: "The STS endpoint does not admit Lambda", of: healthy, says: noRole, page: true, found: []string{"sts/endpoint-policy"},
		edit: func(c *standin.Cloud) { c.Endpoints[1].Policy = allows("sts:AssumeRoleWithWebIdentity", "*", "*") }},
	{title: "The role does not trust Lambda", of: healthy, says: noRole, page: true, found: []string{"role/trust"},
		edit: func(c *standin.Cloud) {
			c.Trust["MskLambda-Orders"] = allows("sts:AssumeRole", standin.Object{"Service": "ec2.amazonaws.com"}, "")
		}},
	{title: "The role is gone", of: healthy, says: noRole, found: []string{"role/role-gone"}, edit: func(c *standin.Cloud) { c.Trust = nil }},
	{title: "A secret that the cluster does not know, under the default key", of: scram, says: noSASL, page: true, found: []string{"secret/secret-key", "secret/secret-not-associated"},
		edit: func(c *standin.Cloud) { delete(c.Secrets[secretARN], "KmsKeyId"); c.Scram = nil }},
	{title: "The role may not decrypt the secret", of: scram, says: noSASL, page: true, found: []string{"permissions/lacks-key"}, edit: func(c *standin.Cloud) { withoutAction(c, "kms:Decrypt") }},
	{title: "The key's policy leaves the account out", of: scram, says: noSASL, found: []string{"permissions/key-policy"},
		edit: func(c *standin.Cloud) {
			c.Policy[keyARN] = allows("kms:*", standin.Object{"AWS": "arn:aws:iam::111122223333:role/Security"}, "*")
		}},
	{title: "The key is disabled", of: scram, says: noSASL, found: []string{"permissions/key-state"}, edit: func(c *standin.Cloud) { c.Keys[keyARN] = "Disabled" }},
	{title: "No way to Secrets Manager", of: scram, says: noServices, page: true, found: []string{"secretsmanager/no-way"}, edit: func(c *standin.Cloud) { c.Endpoints = c.Endpoints[:2] }},
	{title: "The endpoint for secrets is for another secret", of: scram, says: noServices, found: []string{"secretsmanager/endpoint-policy"},
		edit: func(c *standin.Cloud) {
			c.Endpoints[2].Policy = allows("secretsmanager:GetSecretValue", standin.Object{"AWS": roleARN}, secretARN+"x")
		}},
	{title: "No way to the destination", of: queued, says: noServices, page: true, found: []string{"sqs/no-way"}, edit: func(c *standin.Cloud) { c.Endpoints = c.Endpoints[:2] }},
	{title: "The destination is gone", of: queued, says: noServices, found: []string{"destination/destination-gone"}, edit: func(c *standin.Cloud) { c.Queues = nil }},
	{title: "The function takes longer than a mapping waits", of: healthy, says: "FUNCTION_CONFIG_NOT_VALID", found: []string{"function/function-timeout"}, edit: func(c *standin.Cloud) { c.Functions["orders"]["Timeout"] = 900 }},
	{title: "The mapping is disabled", of: healthy, found: []string{"mapping/mapping-off"}, edit: func(c *standin.Cloud) { c.Mappings[0]["State"] = "Disabled" }},
}

func (e example) cloud() *standin.Cloud {
	c := e.of()
	if e.edit != nil {
		e.edit(c)
	}
	if e.says != "" {
		c.Mappings[0]["LastProcessingResult"] = e.says
	}
	return c
}

func (e example) arguments() []string {
	if e.args != nil {
		return e.args
	}
	return []string{"-mapping", uuid}
}

func (e example) String() string { return fmt.Sprintf("%s %v", e.title, e.found) }
