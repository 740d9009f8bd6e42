package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

const (
	lambdaService = "lambda.amazonaws.com"
	stranger      = "arn:aws:iam::111122223333:role/somebody-in-the-VPC"
	foreigner     = "arn:aws:iam::444455556666:role/somebody-elsewhere"
)

var everything = map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}}

func TestLambdaAloneMayAssumeTheRole(t *testing.T) {
	long(t)
	tpl := synthConsumer(t)
	role := tpl.at("Cluster/Orders/Role")
	policies := map[string]any{"trust": tpl.literal(role.Properties["AssumeRolePolicyDocument"]), "everything": everything}
	var questions []question
	for principal, want := range map[string]string{
		lambdaService: "Allowed", "ec2.amazonaws.com": "denied", "events.amazonaws.com": "denied", "apigateway.amazonaws.com": "denied",
		stranger: "denied", foreigner: "denied", "arn:aws:iam::444455556666:root": "denied",
	} {
		r := request{Principal: principal, Action: "sts:AssumeRole", Resource: tpl.attribute(role.ID, "Arn"), Account: account, ResourcePolicy: "trust"}
		if principal == stranger || principal == foreigner {
			r.Policy = "everything" // and yet the trust policy must name them
		}
		questions = append(questions, question{r, want, "trust"})
	}
	ask(t, policies, questions)
}

// through is a call through an endpoint: the caller may do everything, and the
// resource counts as another account's, so that nothing but the endpoint's
// policy, put in the place of a resource policy, decides. (As an endpoint policy
// the evaluator takes none that names a service.)
func through(endpoint, principal, action, resource, want string) question {
	r := request{Principal: principal, Action: action, Resource: resource, Account: "999999999999", ResourcePolicy: endpoint, Policy: "everything"}
	if principal == lambdaService || principal == "events.amazonaws.com" {
		r.Policy = "" // services have none
	}
	return question{r, want, endpoint}
}

const (
	failedQueue  = "arn:aws:sqs:us-east-1:111122223333:failed"
	failedSNS    = "arn:aws:sns:us-east-1:111122223333:failed"
	failedBucket = "arn:aws:s3:::failed"
	theFunction  = "arn:aws:lambda:us-east-1:111122223333:function:orders"
)

// synthEndpoints brings in every endpoint: three consumers with a secret, each
// with another destination. The one with the bucket may be in another stack.
func synthEndpoints(t *testing.T, elsewhere bool, edit ...clusterEdit) (endpoints map[string]any, roles map[string]string) {
	t.Helper()
	roles = map[string]string{}
	noPanic(t, func() {
		app := newApp(t, nil)
		stack := newStack(app, "Test")
		edit = append(edit, func(p *msklambda.ClusterProps) { p.S3Endpoint.Source = msklambda.EndpointCreate })
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(edit...))
		secret := awssecretsmanager.Secret_FromSecretCompleteArn(stack, jsii.String("Secret"), jsii.String(secretARN))
		add := func(in awscdk.Stack, id string, destination msklambda.Destination) {
			props := consumerProps(func(p *msklambda.ConsumerProps) {
				p.Topic, p.GroupID, p.RetryAttempts, p.OnFailure = id, id, nil, destination
				p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: secret}
			})
			if in == stack {
				cluster.AddConsumer(id, props)
			} else {
				msklambda.NewConsumer(in, id, cluster, props)
			}
		}
		add(stack, "Queue", msklambda.Destination{Queue: awssqs.Queue_FromQueueArn(stack, jsii.String("Q"), jsii.String(failedQueue))})
		add(stack, "Topic", msklambda.Destination{Topic: awssns.Topic_FromTopicArn(stack, jsii.String("T"), jsii.String(failedSNS))})
		second := stack
		if elsewhere {
			second = newStack(app, "Second")
		}
		add(second, "Bucket", msklambda.Destination{Bucket: awss3.Bucket_FromBucketArn(stack, jsii.String("B"), jsii.String(failedBucket))})
		tpl := read(t, stack)
		endpoints = map[string]any{"everything": everything}
		for _, service := range []string{"Lambda", "STS", "SecretsManager", "SQS", "SNS", "S3"} {
			endpoints[service] = tpl.literal(tpl.at("Cluster/" + service + "Endpoint").Properties["PolicyDocument"])
		}
		for _, id := range []string{"Queue", "Topic", "Bucket"} {
			if id == "Bucket" && elsewhere {
				roles[id] = "arn:aws:iam::111122223333:role/Second" + id
			} else {
				roles[id] = tpl.attribute(tpl.at("Cluster/"+id+"/Role").ID, "Arn")
			}
		}
	})
	return endpoints, roles
}

// uses are what the pollers do through each endpoint.
func uses(roles map[string]string) []question {
	out := []question{
		through("Lambda", lambdaService, "lambda:InvokeFunction", theFunction, "Allowed"),
		through("STS", lambdaService, "sts:AssumeRole", roles["Queue"], "Allowed"),
		through("SQS", roles["Queue"], "sqs:SendMessage", failedQueue, "Allowed"),
		through("SNS", roles["Topic"], "sns:Publish", failedSNS, "Allowed"),
		through("S3", roles["Bucket"], "s3:PutObject", failedBucket+"/aws/lambda/0", "Allowed"),
		through("S3", roles["Bucket"], "s3:ListBucket", failedBucket, "Allowed"),
	}
	for _, role := range roles {
		out = append(out, through("SecretsManager", role, "secretsmanager:GetSecretValue", secretARN, "Allowed"))
	}
	return out
}

// others are what others do, and what the roles do with what is not theirs.
func others(roles map[string]string, want string) []question {
	out := []question{
		through("Lambda", lambdaService, "lambda:DeleteFunction", theFunction, want),
		through("Lambda", "events.amazonaws.com", "lambda:InvokeFunction", theFunction, want),
		through("STS", lambdaService, "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/x", want),
		through("STS", "events.amazonaws.com", "sts:AssumeRole", stranger, want),
		through("SecretsManager", roles["Queue"], "secretsmanager:GetSecretValue", registrySecretARN, want),
		through("SecretsManager", roles["Queue"], "secretsmanager:PutSecretValue", secretARN, want),
		through("SQS", roles["Queue"], "sqs:SendMessage", failedQueue+"2", want),
		through("SQS", roles["Queue"], "sqs:ReceiveMessage", failedQueue, want),
		through("SQS", roles["Topic"], "sqs:SendMessage", failedQueue, want),
		through("SNS", roles["Topic"], "sns:Publish", failedSNS+"2", want),
		through("SNS", roles["Queue"], "sns:Publish", failedSNS, want),
		through("S3", roles["Bucket"], "s3:GetObject", failedBucket+"/aws/lambda/0", want),
		through("S3", roles["Bucket"], "s3:PutObject", failedBucket+"2/aws/lambda/0", want),
		through("S3", roles["Bucket"], "s3:ListBucket", failedBucket+"2", want),
	}
	for _, principal := range []string{stranger, foreigner} {
		out = append(out,
			through("Lambda", principal, "lambda:InvokeFunction", theFunction, want),
			through("STS", principal, "sts:AssumeRole", roles["Queue"], want),
			through("STS", principal, "sts:AssumeRoleWithWebIdentity", stranger, want), // pods with IAM roles
			through("STS", principal, "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/x", want),
			through("SecretsManager", principal, "secretsmanager:GetSecretValue", registrySecretARN, want),
			through("SQS", principal, "sqs:SendMessage", failedQueue, want),
			through("SNS", principal, "sns:Publish", failedSNS, want),
			through("S3", principal, "s3:GetObject", failedBucket+"/x", want))
	}
	return out
}

func TestEndpointPoliciesAdmitThePollersAndNobodyElse(t *testing.T) {
	long(t)
	endpoints, roles := synthEndpoints(t, false)
	questions := append(uses(roles), others(roles, "denied")...)
	for _, principal := range []string{stranger, foreigner} {
		questions = append(questions,
			through("SecretsManager", principal, "secretsmanager:GetSecretValue", secretARN, "denied"),
			through("S3", principal, "s3:PutObject", failedBucket+"/x", "denied"))
	}
	ask(t, endpoints, questions)
}

// A role of another stack has no name yet when the endpoint is deployed, so its
// account is admitted: to the one bucket and secret, and no other account is.
func TestEndpointPoliciesAdmitTheAccountOfARoleOfAnotherStack(t *testing.T) {
	long(t)
	endpoints, roles := synthEndpoints(t, true)
	questions := append(uses(roles), others(roles, "denied")...)
	questions = append(questions,
		through("S3", stranger, "s3:PutObject", failedBucket+"/x", "Allowed"),
		through("SecretsManager", stranger, "secretsmanager:GetSecretValue", secretARN, "Allowed"),
		through("S3", foreigner, "s3:PutObject", failedBucket+"/x", "denied"),
		through("SecretsManager", foreigner, "secretsmanager:GetSecretValue", secretARN, "denied"))
	ask(t, endpoints, questions)
}

func TestEndpointsOpenToTheVPCRefuseNobody(t *testing.T) {
	long(t)
	endpoints, roles := synthEndpoints(t, false, func(p *msklambda.ClusterProps) {
		p.EndpointAccess, p.VPCCIDRs = msklambda.EndpointAccessVPC, []string{"10.0.0.0/16"}
	})
	// What the endpoint lets through, the role's own policy still decides.
	questions := append(uses(roles), others(roles, "Allowed")...)
	questions = append(questions, question{request{Principal: stranger, Action: "sqs:SendMessage", Resource: failedQueue,
		Account: "999999999999", Policy: "nothing"}, "denied", "without an endpoint policy"})
	endpoints["nothing"] = map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}}
	ask(t, endpoints, questions)
}

func TestAnAddedStatementAdmitsWhomItNames(t *testing.T) {
	long(t)
	endpoints, roles := synthEndpoints(t, false, func(p *msklambda.ClusterProps) {
		p.SQSEndpoint.Statements = []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String(stranger))},
			Actions:    jsii.Strings("sqs:SendMessage"), Resources: jsii.Strings(failedQueue + "-of-theirs")})}
	})
	ask(t, endpoints, append(uses(roles),
		through("SQS", stranger, "sqs:SendMessage", failedQueue+"-of-theirs", "Allowed"),
		through("SQS", stranger, "sqs:SendMessage", failedQueue, "denied"),
		through("SQS", foreigner, "sqs:SendMessage", failedQueue+"-of-theirs", "denied"),
		through("SNS", stranger, "sns:Publish", failedSNS, "denied")))
}
