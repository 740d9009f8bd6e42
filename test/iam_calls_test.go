package test

import (
	"regexp"
	"strings"

	"msklambda/constructs/msklambda"
)

// call is an action on a resource, perhaps in a context.
type call struct {
	action, resource string
	owner            string // of the bucket, as S3 says it in s3:ResourceAccount
	via              string // the service that asks for the key, as in kms:ViaService
}

// calls are actions on one resource.
func calls(resource string, actions ...string) []call {
	var out []call
	for _, action := range actions {
		out = append(out, call{action: action, resource: resource})
	}
	return out
}

// keyCalls are what DynamoDB does with a key, for whoever uses its table.
func keyCalls(resource string, actions ...string) []call {
	out := calls(resource, actions...)
	for i := range out {
		out[i].via = "dynamodb.us-east-1.amazonaws.com"
	}
	return out
}

func bucketCalls(resource string, actions ...string) []call {
	out := calls(resource, actions...)
	for i := range out {
		out[i].owner = account
	}
	return out
}

// feature is what Lambda calls, with the role, because of one choice.
type feature struct {
	on    bool
	calls []call
}

const (
	other      = "444455556666"
	ourSubnet  = "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0123456789abcdef"
	ourGroup   = "arn:aws:ec2:us-east-1:111122223333:security-group/" + sg0
	interfaces = "arn:aws:ec2:us-east-1:111122223333:network-interface/"
	glueARN    = "arn:aws:glue:us-east-1:111122223333:registry/orders"
	glueSchema = "arn:aws:glue:us-east-1:111122223333:schema/orders/paid"

	registrySecretARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:registry-d4e5f6"
	registryKeyARN    = "arn:aws:kms:us-east-1:111122223333:key/1c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"
	failedKeyARN      = "arn:aws:kms:us-east-1:111122223333:key/2c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"
	failedTopic       = "orders-failed"

	tableARN          = "arn:aws:dynamodb:us-east-1:111122223333:table/once"
	tableKeyARN       = "arn:aws:kms:us-east-1:111122223333:key/3c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"
	functionGlueARN   = "arn:aws:glue:us-east-1:111122223333:registry/functions"
	functionSchema    = "arn:aws:glue:us-east-1:111122223333:schema/functions/paid"
	functionSecretARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:function-g7h8i9"
	functionSecretKey = "arn:aws:kms:us-east-1:111122223333:key/4c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"
)

// features are the calls of AWS's documentation, by what brings them in
// (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html and
// https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html), written from it and not from the construct.
func (s *iamScenario) features() []feature {
	topicARN, groupARN := s.kafka("topic", s.topic), s.kafka("group", s.group)
	iam := s.auth == msklambda.AuthenticationIAM
	stream := s.logs() + ":log-stream:2026/11/23/[$LATEST]0"
	return []feature{
		{true, calls(s.cluster.arn, "kafka:DescribeCluster", "kafka:DescribeClusterV2")},
		{true, calls("*", "kafka:GetBootstrapBrokers", "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups")},
		{true, calls(interfaces+"eni-0123456789abcdef0", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface")},
		{true, append(append(calls(ourSubnet+"0", "ec2:CreateNetworkInterface"), calls(ourSubnet+"1", "ec2:CreateNetworkInterface")...),
			calls(ourGroup, "ec2:CreateNetworkInterface")...)},
		{s.cluster.connection != "", calls(connectionARN, "kafka:DescribeVpcConnection")},

		{iam, calls(s.cluster.arn, "kafka-cluster:Connect")},
		{iam && !s.cluster.serverless, calls(s.cluster.arn, "kafka-cluster:DescribeClusterDynamicConfiguration")},
		{iam, calls(topicARN, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")},
		{iam, calls(groupARN, "kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup")},
		{s.auth == msklambda.AuthenticationSCRAM, calls(s.cluster.arn, "kafka:ListScramSecrets")},
		{s.secret(), append(calls(secretARN, "secretsmanager:GetSecretValue"), calls(keyARN, "kms:Decrypt")...)},

		{s.registry == "Glue", append(calls(glueARN, "glue:GetRegistry", "glue:GetSchemaVersion"), calls(glueSchema, "glue:GetSchemaVersion")...)},
		{s.registry == "Confluent", append(calls(registrySecretARN, "secretsmanager:GetSecretValue"), calls(registryKeyARN, "kms:Decrypt")...)},

		{s.destination == "queue", calls(s.failed("sqs"), "sqs:SendMessage")},
		{s.destination == "topic", calls(s.failed("sns"), "sns:Publish")},
		{s.destination == "bucket", append(bucketCalls(s.failed("s3"), "s3:ListBucket"), bucketCalls(s.failed("s3")+"/aws/lambda/0", "s3:PutObject")...)},
		// With any other authentication, Kafka's own ACLs decide.
		{s.destination == "Kafka topic" && iam, calls(s.kafka("topic", failedTopic), "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData")},
		{s.key && s.destination != "Kafka topic", calls(failedKeyARN, "kms:GenerateDataKey")},
		{s.key && (s.destination == "queue" || s.destination == "topic"), calls(failedKeyARN, "kms:Decrypt")},

		// What package once/table and the clients of package registry call.
		{s.once, calls(tableARN, "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:GetItem")},
		{s.once, keyCalls(tableKeyARN, "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")},
		{s.asks == "Glue", append(calls(functionGlueARN, "glue:GetSchemaVersion"), calls(functionSchema, "glue:GetSchemaVersion")...)},
		{s.asks == "Confluent", append(calls(functionSecretARN, "secretsmanager:GetSecretValue"), calls(functionSecretKey, "kms:Decrypt")...)},

		{s.logGroup != "", calls(stream, "logs:CreateLogStream", "logs:PutLogEvents")},
		{s.logGroup != "", calls("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords")},
	}
}

// never is what a consumer of this kind has no reason to do, on the very
// resources that it uses.
func (s *iamScenario) never() []call {
	read, failed := s.kafka("topic", s.topic), s.kafka("topic", failedTopic)
	logs := s.logs()
	var out []call
	for _, more := range [][]call{
		calls(read, "kafka-cluster:WriteData", "kafka-cluster:CreateTopic", "kafka-cluster:DeleteTopic", "kafka-cluster:AlterTopic",
			"kafka-cluster:AlterTopicDynamicConfiguration"),
		calls(failed, "kafka-cluster:ReadData", "kafka-cluster:CreateTopic", "kafka-cluster:DeleteTopic"),
		calls(s.kafka("group", s.group), "kafka-cluster:DeleteGroup"),
		calls(s.cluster.arn, "kafka-cluster:AlterCluster", "kafka-cluster:AlterClusterDynamicConfiguration", "kafka-cluster:WriteDataIdempotently",
			"kafka:DeleteCluster", "kafka:PutClusterPolicy", "kafka:UpdateSecurity"),
		calls(s.failed("sqs"), "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:SetQueueAttributes"),
		calls(s.failed("sns"), "sns:Subscribe", "sns:SetTopicAttributes"),
		bucketCalls(s.failed("s3")+"/aws/lambda/0", "s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl"),
		bucketCalls(s.failed("s3"), "s3:PutBucketPolicy", "s3:DeleteBucket"),
		calls(secretARN, "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"),
		calls(failedKeyARN, "kms:Encrypt", "kms:CreateGrant", "kms:ScheduleKeyDeletion"),
		calls(keyARN, "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant"),
		calls(tableARN, "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:DeleteTable", "dynamodb:UpdateTable"),
		calls(tableKeyARN, "kms:CreateGrant", "kms:ScheduleKeyDeletion"),
		calls(functionGlueARN, "glue:GetRegistry", "glue:DeleteRegistry"),
		calls(glueARN, "glue:DeleteRegistry", "glue:CreateSchema"),
		calls(glueSchema, "glue:RegisterSchemaVersion", "glue:DeleteSchema"),
		calls(logs+":log-stream:x", "logs:GetLogEvents"),
		calls(logs, "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
		calls("arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0", "ec2:RunInstances", "ec2:TerminateInstances"),
		calls(interfaces+"eni-0123456789abcdef0", "ec2:AttachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:CreateNetworkInterfacePermission"),
		calls(ourGroup, "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup"),
		calls("arn:aws:iam::111122223333:role/"+s.role, "iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole"),
		calls("arn:aws:lambda:us-east-1:111122223333:function:"+s.topic, "lambda:InvokeFunction", "lambda:UpdateFunctionCode"),
	} {
		out = append(out, more...)
	}
	return out
}

var uuid = regexp.MustCompile(`/[0-9a-f]{8}-`)

// neighbours are the same call on what is like the resource and is not it.
func (s *iamScenario) neighbours(c call) []call {
	if c.resource == "*" || strings.HasPrefix(c.action, "ec2:") && !s.restrict {
		return nil // documented by AWS to need "*"
	}
	var out []call
	on := func(resource string) {
		if resource != c.resource {
			out = append(out, call{c.action, resource, c.owner, c.via})
		}
	}
	replace := func(old, new string) { on(strings.Replace(c.resource, old, new, 1)) }
	service := strings.Split(c.resource, ":")[2]
	switch service {
	case "kafka":
		on(uuid.ReplaceAllString(c.resource, "/5f1e0ab2-")) // the same name, made anew
		replace("/demo/", "/demo2/")
		replace("/demo/", "/dem/")
		if kind := strings.Split(c.resource, ":")[5]; strings.HasPrefix(kind, "topic/") || strings.HasPrefix(kind, "group/") {
			name := c.resource[strings.LastIndex(c.resource, "/")+1:]
			parent := strings.TrimSuffix(c.resource, name)
			for _, like := range []string{name + "0", "x" + name, name[:len(name)-1], name + "/more", strings.ToUpper(name)} {
				on(parent + like)
			}
		}
	case "s3":
		replace(":::failed", ":::failed2")
		replace(":::failed", ":::notfailed")
		// A bucket that was deleted is anybody's to make again by its name.
		out = append(out, call{action: c.action, resource: c.resource, owner: other})
	case "sqs", "sns":
		on(c.resource + "2")
		on(c.resource[:len(c.resource)-1])
	case "kms":
		replace(":key/", ":key/f")
		on(c.resource[:len(c.resource)-1] + "1")
		if c.via != "" {
			out = append(out, call{action: c.action, resource: c.resource, via: "s3.us-east-1.amazonaws.com"})
		}
	case "dynamodb":
		on(c.resource + "2")
		on(c.resource[:len(c.resource)-1])
		replace(":table/", ":table/x")
	case "secretsmanager":
		on(c.resource[:len(c.resource)-6] + "zzzzzz") // the same name, made anew
		replace(":secret:", ":secret:other-")
	case "glue":
		replace("/orders", "/orders2")
		replace("/functions", "/functions2")
	case "logs":
		replace(":log-stream:", "2:log-stream:")
		replace(":log-group:", ":log-group:2")
	case "ec2":
		// Subnets and groups may be another account's, by design.
		replace("subnet-0123456789abcdef", "subnet-1123456789abcdef")
		replace(sg0, sg1)
		if !strings.HasPrefix(c.resource, interfaces) {
			replace(":"+region+":", ":eu-west-1:")
			return out
		}
	}
	if service != "s3" {
		replace(":"+region+":", ":eu-west-1:")
		on(regexp.MustCompile(`:[0-9]{12}:`).ReplaceAllString(c.resource, ":999999999999:"))
	}
	return out
}
