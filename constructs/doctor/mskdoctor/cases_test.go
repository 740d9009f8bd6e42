package main

import (
	"fmt"
	"slices"
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

	subnetA, subnetB = "subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"
	brokers          = "sg-0a1b2c3d4e5f60718" // the cluster's group
	endpoints        = "sg-0e1b2c3d4e5f60718" // the endpoints'
)

// The texts of AWS, as they are.
const (
	noBrokers  = "PROBLEM: Connection error. Please check your event source connection configuration. If your event source lives in a VPC, try setting up a new Lambda function or EC2 instance with the same VPC, Subnet, and Security Group settings. Connect the new device to the Kafka cluster and consume messages to ensure that the issue is not related to VPC or Endpoint configuration."
	noServices = "PROBLEM: Connection error. Your event source VPC must be able to connect to Lambda and STS, Secrets Manager (if event source authentication is required), and the OnFailure Destination (if one is configured)."
	noAccess   = "PROBLEM: Cluster failed to authorize Lambda."
	noSASL     = "PROBLEM: SASL authentication failed."
	noRole     = "PROBLEM: Lambda failed to assume your function execution role."
)

func allow(resource any, actions ...string) object {
	return object{"Effect": "Allow", "Action": actions, "Resource": resource}
}

// healthy is a stack of this library that works: on-demand pollers, IAM, two
// endpoints of its own in private subnets without a NAT gateway.
func healthy() *cloud {
	return &cloud{
		mappings: []object{{"UUID": uuid, "State": "Enabled", "StateTransitionReason": "USER_INITIATED", "LastProcessingResult": "OK", "EventSourceArn": clusterARN,
			"FunctionArn": functionARN, "Topics": list{"orders"}, "AmazonManagedKafkaEventSourceConfig": object{"ConsumerGroupId": "orders-fn"}, "BatchSize": 100}},
		functions: map[string]object{"orders": {"FunctionName": "orders", "FunctionArn": functionARN, "Role": roleARN, "State": "Active", "Timeout": 60}},
		clusters: map[string]object{clusterARN: {"clusterArn": clusterARN, "clusterName": "orders", "clusterType": "PROVISIONED", "state": "ACTIVE", "provisioned": object{
			"brokerNodeGroupInfo":  object{"clientSubnets": list{subnetA, subnetB}, "securityGroups": list{brokers}, "instanceType": "kafka.m7g.large"},
			"clientAuthentication": object{"sasl": object{"iam": object{"enabled": true}, "scram": object{"enabled": false}}, "unauthenticated": object{"enabled": false}},
			"encryptionInfo":       object{"encryptionInTransit": object{"clientBroker": "TLS", "inCluster": true}}, "numberOfBrokerNodes": 2}}},
		topics: map[string]int{"orders": 6},
		vpc:    "vpc-0a1b2c3d4e5f60718", dns: map[string]bool{"enableDnsSupport": true, "enableDnsHostnames": true},
		subnets: []subnet{{subnetA, "10.0.1.0/24", "acl-0a1b2c3d4e5f60718", "main"}, {subnetB, "10.0.2.0/24", "acl-0a1b2c3d4e5f60718", "main"}},
		groups: map[string][]permission{
			brokers:   {{false, "tcp", 9098, brokers}, {true, "-1", 0, "0.0.0.0/0"}},
			endpoints: {{false, "tcp", 443, brokers}},
		},
		acls:   map[string][]aclEntry{"acl-0a1b2c3d4e5f60718": {{100, false, "allow", "-1", 0, 0, "0.0.0.0/0"}, {100, true, "allow", "-1", 0, 0, "0.0.0.0/0"}}},
		tables: map[string][]route{"main": {{"10.0.0.0/16", "gatewayId", "local", "active"}}},
		endpoints: []endpoint{
			own("vpce-0a1b2c3d4e5f60718", "lambda", allows("lambda:InvokeFunction", object{"Service": "lambda.amazonaws.com"}, "*")),
			own("vpce-1a1b2c3d4e5f60718", "sts", allows("sts:AssumeRole", object{"Service": "lambda.amazonaws.com"}, "*")),
		},
		trust: map[string]string{"MskLambda-Orders": allows("sts:AssumeRole", object{"Service": "lambda.amazonaws.com"}, "")},
		allows: []object{
			allow(clusterARN, "kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration", "kafka:DescribeCluster", "kafka:DescribeClusterV2"),
			allow(topicARN, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"), allow(groupARN, "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
			allow("*", "kafka:GetBootstrapBrokers", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
				"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
		},
		stacks: map[string][]string{"MskLambda": {uuid}, "CDKToolkit": nil},
	}
}

func own(id, service, policy string) endpoint {
	return endpoint{id, service, "Interface", "available", true, []string{endpoints}, []string{subnetA, subnetB}, policy, "MskLambda"}
}

// allows is a policy of one statement.
func allows(action string, principal any, resource string) string {
	s := object{"Effect": "Allow", "Action": action, "Principal": principal}
	if resource != "" {
		s["Resource"] = resource
	}
	return compact(object{"Version": "2012-10-17", "Statement": list{s}})
}

// byHand is a mapping that somebody made in the console, in a VPC with a NAT gateway:
// it has no group of its own, no endpoint, no tag and no stack, and two managed policies.
func byHand() *cloud {
	c := healthy()
	delete(c.mappings[0], "AmazonManagedKafkaEventSourceConfig")
	c.endpoints, c.stacks = nil, nil
	c.groups = map[string][]permission{brokers: {{false, "-1", 0, brokers}, {true, "-1", 0, "0.0.0.0/0"}}}
	c.tables["main"] = append(c.tables["main"], route{"0.0.0.0/0", "natGatewayId", "nat-0a1b2c3d4e5f60718", "active"})
	c.allows = append(c.allows, allow("*", "kafka-cluster:*"))
	return c
}

// provisioned has provisioned pollers, which need no way out of the VPC.
func provisioned() *cloud {
	c := healthy()
	c.mappings[0]["ProvisionedPollerConfig"] = object{"MinimumPollers": 1, "MaximumPollers": 6}
	c.endpoints = nil
	return c
}

// scram authenticates with a secret, and has an endpoint for it.
func scram() *cloud {
	c := healthy()
	c.mappings[0]["SourceAccessConfigurations"] = list{object{"Type": "SASL_SCRAM_512_AUTH", "URI": secretARN}}
	c.clusters[clusterARN]["provisioned"].(object)["clientAuthentication"] = object{"sasl": object{"scram": object{"enabled": true}, "iam": object{"enabled": false}}}
	c.groups[brokers] = []permission{{false, "tcp", 9096, brokers}, {true, "-1", 0, "0.0.0.0/0"}}
	c.secrets = map[string]object{secretARN: {"ARN": secretARN, "Name": "AmazonMSK_orders", "KmsKeyId": keyARN}}
	c.scram = []string{secretARN}
	c.keys, c.policy = map[string]string{keyARN: "Enabled"}, map[string]string{keyARN: allows("kms:*", object{"AWS": "arn:aws:iam::111122223333:root"}, "*")}
	c.endpoints = append(c.endpoints, own("vpce-2a1b2c3d4e5f60718", "secretsmanager", allows("secretsmanager:GetSecretValue", object{"AWS": roleARN}, secretARN)))
	c.allows = append(c.allows, allow(clusterARN, "kafka:ListScramSecrets"), allow(secretARN, "secretsmanager:GetSecretValue"), allow(keyARN, "kms:Decrypt"))
	return c
}

// queued writes failed batches to a queue, and has an endpoint for it.
func queued() *cloud {
	c := healthy()
	c.mappings[0]["DestinationConfig"] = object{"OnFailure": object{"Destination": queueARN}}
	c.queues = map[string]object{"failed": {}}
	c.endpoints = append(c.endpoints, own("vpce-3a1b2c3d4e5f60718", "sqs", allows("sqs:SendMessage", object{"AWS": roleARN}, queueARN)))
	c.allows = append(c.allows, allow(queueARN, "sqs:SendMessage"))
	return c
}

// example is an account, what is wrong with it, and what the doctor must say.
type example struct {
	title string
	of    func() *cloud
	edit  func(*cloud)
	says  string   // LastProcessingResult
	found []string // "hop/cause" that must be found, and none else; nil = nothing is wrong
	page  bool     // it is shown whole on the page
	args  []string // nil = -mapping
}

func withoutAction(c *cloud, action string) {
	for _, s := range c.allows {
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
		edit: func(c *cloud) { c.groups[brokers] = c.groups[brokers][1:] }},
	{title: "A rule to itself on another port, by hand", of: byHand, says: noBrokers, page: true, found: []string{"brokers/group-in"},
		edit: func(c *cloud) { c.groups[brokers][0] = permission{false, "tcp", 9092, brokers} }},
	{title: "Provisioned pollers without that rule", of: provisioned, says: noBrokers, found: []string{"brokers/group-in"},
		edit: func(c *cloud) { c.groups[brokers] = c.groups[brokers][1:] }},
	{title: "A network ACL that stops the answers", of: byHand, says: noBrokers, page: true, found: []string{"brokers/network-acl", "lambda/network-acl", "sts/network-acl"},
		edit: func(c *cloud) {
			c.acls["acl-0a1b2c3d4e5f60718"] = []aclEntry{{100, false, "allow", "6", 9098, 9098, "10.0.0.0/16"}, {100, true, "allow", "6", 9098, 9098, "10.0.0.0/16"},
				{110, true, "allow", "6", 443, 443, "0.0.0.0/0"}}
		}},
	{title: "The topic does not exist", of: healthy, says: noBrokers, page: true, found: []string{"topic/topic-gone"}, edit: func(c *cloud) { c.topics = map[string]int{"order": 3} }},
	{title: "Neither an endpoint nor a NAT gateway", of: healthy, says: noServices, page: true, found: []string{"lambda/no-way", "sts/no-way"}, edit: func(c *cloud) { c.endpoints = nil }},
	{title: "Public subnets, by hand: an internet gateway is no way out", of: byHand, says: noServices, page: true, found: []string{"lambda/no-way", "sts/no-way"},
		edit: func(c *cloud) {
			c.tables["main"][1] = route{"0.0.0.0/0", "gatewayId", "igw-0a1b2c3d4e5f60718", "active"}
		}},
	{title: "The NAT gateway is gone", of: byHand, says: noServices, found: []string{"lambda/no-way", "sts/no-way"}, edit: func(c *cloud) { c.tables["main"][1].state = "blackhole" }},
	{title: "An endpoint of somebody else's, whose group does not admit the pollers", of: healthy, says: noServices, page: true, found: []string{"lambda/group-in"},
		edit: func(c *cloud) {
			c.endpoints[0].owner, c.endpoints[0].groups = "", []string{"sg-0f1b2c3d4e5f60718"}
			c.groups["sg-0f1b2c3d4e5f60718"] = []permission{{false, "tcp", 443, "10.9.0.0/16"}}
		}},
	{title: "An endpoint whose policy does not admit Lambda", of: healthy, says: noServices, page: true, found: []string{"lambda/endpoint-policy"},
		edit: func(c *cloud) {
			c.endpoints[0].policy = allows("lambda:*", object{"AWS": "arn:aws:iam::111122223333:root"}, "*")
		}},
	{title: "Outbound traffic is restricted", of: healthy, says: noServices, page: true, found: []string{"lambda/group-out", "sts/group-out"},
		edit: func(c *cloud) { c.groups[brokers][1] = permission{true, "tcp", 9098, brokers} }},
	{title: "Private DNS of an endpoint is off", of: healthy, says: noServices, page: true, found: []string{"lambda/private-dns-off"}, edit: func(c *cloud) { c.endpoints[0].dns = false }},
	{title: "The VPC has DNS hostnames off", of: healthy, says: noServices, page: true, found: []string{"lambda/vpc-dns-off", "sts/vpc-dns-off"},
		edit: func(c *cloud) { c.dns["enableDnsHostnames"] = false }},
	{title: "An endpoint that is being deleted", of: healthy, says: noServices, found: []string{"lambda/endpoint-state"}, edit: func(c *cloud) { c.endpoints[0].state = "deleting" }},
	{title: "The role lacks the topic", of: healthy, says: noAccess, page: true, found: []string{"permissions/lacks-topic"},
		edit: func(c *cloud) {
			c.allows[1] = allow(topicARN+"-old", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")
		}},
	{title: "The role lacks the group", of: healthy, says: noAccess, page: true, found: []string{"permissions/lacks-group"}, edit: func(c *cloud) { withoutAction(c, "kafka-cluster:AlterGroup") }},
	{title: "IAM authentication is off on the cluster", of: healthy, says: noSASL, page: true, found: []string{"cluster/authentication-off"},
		edit: func(c *cloud) {
			c.clusters[clusterARN]["provisioned"].(object)["clientAuthentication"] = object{"sasl": object{"scram": object{"enabled": true}, "iam": object{"enabled": false}}}
		}},
	{title: "The role may not connect", of: healthy, says: noSASL, page: true, found: []string{"permissions/lacks-connect"}, edit: func(c *cloud) { withoutAction(c, "kafka-cluster:Connect") }},
	{title: "The organization denies it", of: healthy, says: noSASL, found: []string{"permissions/lacks-connect"}, edit: func(c *cloud) { c.orgs = []string{"kafka-cluster:Connect"} }},
	{title: "The STS endpoint does not admit Lambda", of: healthy, says: noRole, page: true, found: []string{"sts/endpoint-policy"},
		edit: func(c *cloud) { c.endpoints[1].policy = allows("sts:AssumeRoleWithWebIdentity", "*", "*") }},
	{title: "The role does not trust Lambda", of: healthy, says: noRole, page: true, found: []string{"role/trust"},
		edit: func(c *cloud) {
			c.trust["MskLambda-Orders"] = allows("sts:AssumeRole", object{"Service": "ec2.amazonaws.com"}, "")
		}},
	{title: "The role is gone", of: healthy, says: noRole, found: []string{"role/role-gone"}, edit: func(c *cloud) { c.trust = nil }},
	{title: "A secret that the cluster does not know, under the default key", of: scram, says: noSASL, page: true, found: []string{"secret/secret-key", "secret/secret-not-associated"},
		edit: func(c *cloud) { delete(c.secrets[secretARN], "KmsKeyId"); c.scram = nil }},
	{title: "The role may not decrypt the secret", of: scram, says: noSASL, page: true, found: []string{"permissions/lacks-key"}, edit: func(c *cloud) { withoutAction(c, "kms:Decrypt") }},
	{title: "The key's policy leaves the account out", of: scram, says: noSASL, found: []string{"permissions/key-policy"},
		edit: func(c *cloud) {
			c.policy[keyARN] = allows("kms:*", object{"AWS": "arn:aws:iam::111122223333:role/Security"}, "*")
		}},
	{title: "The key is disabled", of: scram, says: noSASL, found: []string{"permissions/key-state"}, edit: func(c *cloud) { c.keys[keyARN] = "Disabled" }},
	{title: "No way to Secrets Manager", of: scram, says: noServices, page: true, found: []string{"secretsmanager/no-way"}, edit: func(c *cloud) { c.endpoints = c.endpoints[:2] }},
	{title: "The endpoint for secrets is for another secret", of: scram, says: noServices, found: []string{"secretsmanager/endpoint-policy"},
		edit: func(c *cloud) {
			c.endpoints[2].policy = allows("secretsmanager:GetSecretValue", object{"AWS": roleARN}, secretARN+"x")
		}},
	{title: "No way to the destination", of: queued, says: noServices, page: true, found: []string{"sqs/no-way"}, edit: func(c *cloud) { c.endpoints = c.endpoints[:2] }},
	{title: "The destination is gone", of: queued, says: noServices, found: []string{"destination/destination-gone"}, edit: func(c *cloud) { c.queues = nil }},
	{title: "The function takes longer than a mapping waits", of: healthy, says: "FUNCTION_CONFIG_NOT_VALID", found: []string{"function/function-timeout"}, edit: func(c *cloud) { c.functions["orders"]["Timeout"] = 900 }},
	{title: "The mapping is disabled", of: healthy, found: []string{"mapping/mapping-off"}, edit: func(c *cloud) { c.mappings[0]["State"] = "Disabled" }},
}

func (e example) cloud() *cloud {
	c := e.of()
	if e.edit != nil {
		e.edit(c)
	}
	if e.says != "" {
		c.mappings[0]["LastProcessingResult"] = e.says
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
