package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// failure says which look-up failed, why, and what to do about it. The reasons
// are texts of the CLI and of AWS.
func (l *LookUp) failure(q query, reason string) error {
	what := fmt.Sprintf("the look-up of %s %s (%s) in account %s, region %s", q.kind, q.id, q.typeName, l.account, l.region)
	if q.id == "" {
		text, err := json.Marshal(q.match)
		if err != nil {
			panic(err) // texts
		}
		what = fmt.Sprintf("the look-up of every %s (%s) with %s in account %s, region %s", q.kind, q.typeName, text, l.account, l.region)
	}
	return fmt.Errorf("%s failed: %s\n  %s", what, oneLine(reason), advice(q, reason, l.account, l.region))
}

func oneLine(reason string) string { return strings.ReplaceAll(strings.TrimSpace(reason), "\n", " ") }

type remedy struct {
	reason *regexp.Regexp
	advice string
}

// advices are tried in this order: a reason may hold the words of a later one.
var advices = []remedy{
	{regexp.MustCompile(`No resource of type|ResourceNotFoundException`),
		`there is no such {kind}: check account, region and id{list}; what was looked up before, "cdk context --clear" forgets`},
	{regexp.MustCompile(`(?i)throttl|rate exceeded|too ?many ?requests|RequestLimitExceeded`),
		`AWS had too many requests at once: run it again; what was found so far is in cdk.context.json`},
	{regexp.MustCompile(`(?i)assume ?role`),
		`bootstrap the account and region (cdk bootstrap aws://{account}/{region}), or let your credentials assume its look-up role`},
	{regexp.MustCompile(`(?i)no credentials|current credentials are for|unable to resolve AWS account|expired|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|security token`),
		`give credentials of account {account}, such as by AWS_PROFILE or "aws sso login", or correct the ARN; with the attributes given, nothing is looked up`},
	{regexp.MustCompile(`(?i)AccessDenied|not authorized|UnauthorizedOperation`),
		`the look-up role needs cloudformation:GetResource and cloudformation:ListResources, and for this {kind} {reads}; as "cdk bootstrap" makes it, it has them by ReadOnlyAccess`},
	{missing,
		`the answer lacks a property that the resource type requires: give as an attribute what is looked up here`},
	{regexp.MustCompile(``),
		`correct what the message says and run it again, or give as an attribute what is looked up here`},
}

func advice(q query, reason, account, region string) string {
	i := slices.IndexFunc(advices, func(r remedy) bool { return r.reason.MatchString(reason) })
	return strings.NewReplacer("{kind}", q.kind, "{account}", account, "{region}", region, "{reads}", reads[q.typeName], "{list}", list(q.typeName, region)).Replace(advices[i].advice)
}

// The resource types that are looked up:
// https://schema.cloudformation.us-east-1.amazonaws.com/CloudformationSchema.zip
// list says what lists the resources of a type.
func list(typeName, region string) string {
	command, ok := map[string]string{
		typeCluster: "aws kafka list-clusters-v2", typeServerless: "aws kafka list-clusters-v2", typeSubnet: "aws ec2 describe-subnets",
		typeVPC: "aws ec2 describe-vpcs", typeEndpoint: "aws ec2 describe-vpc-endpoints", typeGroup: "aws ec2 describe-security-groups",
	}[typeName]
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (%q lists them)", command+" --region "+region)
}

const (
	typeParameter  = "AWS::SSM::Parameter"
	typeCluster    = "AWS::MSK::Cluster"
	typeServerless = "AWS::MSK::ServerlessCluster"
	typeSubnet     = "AWS::EC2::Subnet"
	typeVPC        = "AWS::EC2::VPC"
	typeEndpoint   = "AWS::EC2::VPCEndpoint"
	typeGroup      = "AWS::EC2::SecurityGroup"
	typeMapping    = "AWS::Lambda::EventSourceMapping"
	typeTopic      = "AWS::MSK::Topic"
)

// reads are the permissions of the handlers, as the schemas list them.
var reads = map[string]string{
	typeCluster:    "kafka:DescribeCluster",
	typeServerless: "kafka:DescribeClusterV2",
	typeSubnet:     "ec2:DescribeSubnets, ec2:DescribeNetworkAcls",
	typeVPC:        "ec2:DescribeVpcs, ec2:DescribeVpcAttribute, ec2:DescribeSecurityGroups, ec2:DescribeNetworkAcls, ec2:DescribeVpcEncryptionControls",
	typeEndpoint:   "ec2:DescribeVpcEndpoints, ec2:DescribeSubnets, ec2:DescribeSecurityGroups, ec2:DescribeVpcs, vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation",
	typeGroup:      "ec2:DescribeSecurityGroups",
	typeParameter:  "ssm:GetParameters, ssm:DescribeParameters",
}
