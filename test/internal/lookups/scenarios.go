package lookups

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/msklambda"
)

// Scenario is a cloud, what is built on it, and what must come of it. It runs
// in this process, where all is looked at, and by the real CLI in a region of
// its own, which must make the same of it.
type Scenario struct {
	Name   string
	Region string // "" in this process only
	Cloud  func(*Cloud)
	Build  func(awscdk.Stack)

	Runs  int      // of the app
	Rules []string // added to the cluster's groups
	// Resources that are endpoints, and warnings, by a part of their text
	Endpoints []string
	Warnings  []string
	Refused   []string // parts of the panic
}

var (
	// ServerlessARN is that of Cloud.Serverless.
	ServerlessARN = strings.Replace(arn, "8e70-2", "8e70-s1", 1)
	// Ingress is the rule that a group of its own lacks.
	Ingress = []string{sg0 + ":9098 from " + sg0}
	both    = []string{"Cluster/LambdaEndpoint", "Cluster/STSEndpoint"}
)

// Scenarios are all of them.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "Provisioned", Region: "us-east-1", Cloud: func(*Cloud) {}, Build: Orders(), Runs: 4, Rules: Ingress, Endpoints: both},
		{Name: "Serverless", Region: "us-east-2", Cloud: func(c *Cloud) {
			c.Serverless(VPCConfig([]any{sg0}, []any{Subnet + "1", Subnet + "0"}))
		}, Build: Orders(func(p *msklambda.LookupProps) { p.ClusterARN = ServerlessARN }), Runs: 4, Rules: Ingress, Endpoints: both},
		{Name: "ThreeGroups", Region: "us-west-1", Cloud: threeGroups, Build: Orders(), Runs: 4, Endpoints: both, Rules: []string{
			// sg0 refers to itself for all traffic and lets everything out.
			sg0 + ":9098 from " + sg1, sg0 + ":9098 from " + sg2,
			// sg1 has no way out at all.
			sg1 + ":9098 from " + sg0, sg1 + ":9098 from " + sg1, sg1 + ":9098 from " + sg2,
			sg1 + " to " + sg0 + ":9098", sg1 + " to " + sg1 + ":9098", sg1 + " to " + sg2 + ":9098", sg1 + " to endpoints:443",
			// sg2 is let in by the range of the VPC, and out to sg0 and on 443.
			sg2 + " to " + sg1 + ":9098", sg2 + " to " + sg2 + ":9098",
		}},
		{Name: "EndpointsThere", Region: "us-west-2", Cloud: func(c *Cloud) {
			c.Endpoint("vpce-0123456789abcdef1", "lambda")
			c.Endpoint("vpce-0123456789abcdef2", "sts", func(p Properties) {
				// Another stack that uses this library.
				p["Tags"] = []any{Properties{"Key": "msklambda:stack", "Value": "Theirs"}}
			})
			c.Group(SGEnds, []any{TCP(443, "CidrIp", "10.0.0.0/16")}, []any{})
			c.Group(sg0, []any{TCP(9098, "SourceSecurityGroupId", sg0, "Description", "msklambda: pollers to brokers (Theirs)")}, []any{AllowAll})
		}, Build: Orders(), Runs: 5, Warnings: []string{"STSEndpoint vpce-0123456789abcdef2 is of the stack Theirs: it goes when that stack goes",
			"the rule that lets TCP 9098 in to sg-0123456789abcdef0 from sg-0123456789abcdef0 is of the stack Theirs"}},
		{Name: "OneOddEndpoint", Region: "ap-northeast-1", Cloud: func(c *Cloud) {
			c.Endpoint("vpce-0123456789abcdef1", "lambda")
			c.Endpoint("vpce-0123456789abcdef0", "lambda", func(p Properties) { delete(p, "PrivateDnsEnabled"); delete(p, "PolicyDocument") })
			c.Group(SGEnds, []any{TCP(443, "CidrIp", "10.0.0.0/16")}, []any{})
		}, Build: Orders(), Runs: 9, Rules: Ingress, Endpoints: both[1:]},
		{Name: "NotToldWhetherPrivate", Region: "ap-northeast-2", Cloud: func(c *Cloud) {
			c.Endpoint("vpce-0123456789abcdef0", "lambda", func(p Properties) { delete(p, "PrivateDnsEnabled") })
		}, Build: Orders(), Runs: 7, Refused: []string{
			`LambdaEndpoint.Source must be given: the look-up did not tell whether vpce-0123456789abcdef0, which vpc-0123456789abcdef0 has, has private DNS: "existing" where it has, "create" where it has not`,
		}},
		{Name: "AStrangerAmongOurRules", Region: "ap-northeast-3", Cloud: func(c *Cloud) {
			// After a deploy of this stack: the answers have no tags, and somebody
			// else's endpoint is in the cluster's group, where a rule is this stack's.
			c.Endpoint("vpce-0123456789abcdef2", "sts", func(p Properties) { delete(p, "Tags"); p["SecurityGroupIds"] = []any{sg0} })
			c.Group(sg0, []any{TCP(9098, "SourceSecurityGroupId", sg0, "Description", "msklambda: pollers to brokers (Test)"), TCP(443, "CidrIp", "10.0.0.0/16")}, []any{AllowAll})
		}, Build: Orders(), Runs: 7, Rules: Ingress, Endpoints: both[:1]},
		{Name: "Inconsistent", Region: "ap-southeast-1", Cloud: func(c *Cloud) {
			c.Resources["AWS::EC2::Subnet"][Subnet+"1"]["VpcId"] = "vpc-0123456789abcdeff"
			c.Resources["AWS::EC2::Subnet"][Subnet+"2"]["AvailabilityZone"] = c.Resources["AWS::EC2::Subnet"][Subnet+"0"]["AvailabilityZone"]
			c.Resources["AWS::EC2::SecurityGroup"][sg0]["VpcId"] = "vpc-0123456789abcdefe"
		}, Build: Orders(), Runs: 3, Refused: []string{
			`SubnetIDs must be of the VPC vpc-0123456789abcdef0, got subnet-0123456789abcdef1, which is of vpc-0123456789abcdeff`,
			`SubnetIDs must each be in a zone of its own, got subnet-0123456789abcdef0 and subnet-0123456789abcdef2, which are both in `,
			`SecurityGroupIDs must be of the VPC vpc-0123456789abcdef0, got sg-0123456789abcdef0, which is of vpc-0123456789abcdefe`,
		}},
		{Name: "OwnThere", Region: "eu-west-1", Cloud: ownThere, Build: Orders(), Runs: 4, Endpoints: both,
			Rules: []string{sg0 + ":9098 from " + sg0, sg0 + " to " + sg0 + ":9098", sg0 + " to endpoints:443"}},
		{Name: "Prerequisites", Region: "eu-west-2", Cloud: func(c *Cloud) {
			c.Cluster()["ClientAuthentication"] = Properties{"Sasl": Properties{"Iam": Properties{"Enabled": false}, "Scram": Properties{"Enabled": true}}}
			Brokers(c)["ConnectivityInfo"] = Properties{"PublicAccess": Properties{"Type": "SERVICE_PROVIDED_EIPS"}}
			c.Resources["AWS::EC2::VPC"][vpc]["EnableDnsHostnames"] = false
		}, Build: Orders(), Runs: 4, Refused: []string{
			`msklambda: consumer "Orders":`,
			`Authentication.Method "iam" needs that method on in the cluster, got "scram" on: turn it on in the MSK console`,
			`--client-authentication '{"Sasl":{"Iam":{"Enabled":true},"Scram":{"Enabled":true}}}'`,
			`AllowPublicAccess is needed for a cluster with public access on, got public access "SERVICE_PROVIDED_EIPS": turn it off in the MSK console`,
			`aws kafka update-connectivity --cluster-arn arn:aws:kafka:`,
			`VPCID must be a VPC with DNS hostnames on`, `got EnableDnsHostnames false for vpc-0123456789abcdef0`,
			`aws ec2 modify-vpc-attribute --vpc-id vpc-0123456789abcdef0 --enable-dns-hostnames`,
		}},
		{Name: "NotFound", Region: "eu-west-3", Cloud: func(c *Cloud) { delete(c.Resources["AWS::MSK::Cluster"], arn) }, Build: Orders(), Runs: 2, Refused: []string{
			`msklambda: cluster "Cluster":`, `the look-up of cluster arn:aws:kafka:`, `(AWS::MSK::Cluster) in account 111122223333, region `,
			`failed: No resource of type AWS::MSK::Cluster`, `there is no such cluster: check account, region and id`,
		}},
		{Name: "AccessDenied", Region: "eu-central-1", Cloud: func(c *Cloud) {
			c.Broken["AWS::EC2::SecurityGroup"] = &Fault{Code: "AccessDeniedException", Message: "User: arn:aws:sts::111122223333:assumed-role/cdk-lookup is not authorized to perform: ec2:DescribeSecurityGroups"}
		}, Build: Orders(), Runs: 3, Refused: []string{
			`the look-up of security group sg-0123456789abcdef0 (AWS::EC2::SecurityGroup)`, `is not authorized to perform: ec2:DescribeSecurityGroups`,
			`the look-up role needs cloudformation:GetResource and cloudformation:ListResources, and for this security group ec2:DescribeSecurityGroups;`,
		}},
		{Name: "Throttled", Region: "eu-north-1", Cloud: func(c *Cloud) {
			c.Broken[arn] = &Fault{Code: "ThrottlingException", Message: "Rate exceeded", Times: 2}
		}, Build: Orders(), Runs: 4, Rules: Ingress, Endpoints: both},
		{Name: "Sparse", Region: "ap-south-1", Cloud: func(c *Cloud) {
			c.Put("AWS::EC2::SecurityGroup", sg0, Properties{"GroupId": sg0, "SecurityGroupIngress": []any{}})
			c.Put("AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef9", Properties{"VpcId": vpc})
		}, Build: Orders(), Runs: 7, Rules: Ingress, Endpoints: both, Warnings: []string{"msklambda:egressUnknown"}},
		{Name: "MappingsThere", Region: "sa-east-1", Cloud: func(c *Cloud) {
			c.Mapping("11111111-0000-4000-8000-000000000001", "arn:aws:lambda:us-east-1:111122223333:function:by-hand", "orders", "orders-fn")
			c.Mapping("22222222-0000-4000-8000-000000000002", "reports", "orders", "reports-fn")
			c.Mapping("33333333-0000-4000-8000-000000000003", "Test-ClusterOrdersFunction1A2B3C4D-AbCdEf123456", "orders", "orders-fn")
			c.Mapping("44444444-0000-4000-8000-000000000004", "elsewhere", "orders", "orders-fn", func(p Properties) { p["EventSourceArn"] = ServerlessARN })
		}, Build: Orders(), Runs: 4, Rules: Ingress, Endpoints: both, Warnings: []string{
			"when it was looked up, the mapping 11111111-0000-4000-8000-000000000001 of the function by-hand read orders as group orders-fn, and no stack of this app made that function"}},
		{Name: "MappingsOneByOne", Region: "ca-central-1", Cloud: func(c *Cloud) {
			c.Mapping("11111111-0000-4000-8000-000000000001", "by-hand", "orders", "orders-fn")
			c.Mapping("22222222-0000-4000-8000-000000000002", "self-managed", "orders", "orders-fn", func(p Properties) { delete(p, "EventSourceArn") })
		}, Build: Orders(), Runs: 6, Rules: Ingress, Endpoints: both, Warnings: []string{"msklambda:groupInUse"}},
		{Name: "MappingsDenied", Region: "ap-southeast-2", Cloud: func(c *Cloud) {
			c.Broken["AWS::Lambda::EventSourceMapping"] = &Fault{Code: "AccessDeniedException", Message: "User: arn:aws:sts::111122223333:assumed-role/cdk-lookup is not authorized to perform: lambda:ListEventSourceMappings"}
		}, Build: Orders(), Runs: 4, Rules: Ingress, Endpoints: both},
		{Name: "TopicsDenied", Region: "eu-south-1", Cloud: func(c *Cloud) {
			c.Broken["AWS::MSK::Topic"] = &Fault{Code: "AccessDeniedException", Message: "User: arn:aws:sts::111122223333:assumed-role/cdk-lookup is not authorized to perform: kafka-cluster:Connect"}
		}, Build: Orders(), Runs: 4, Rules: Ingress, Endpoints: both},
		// Only the end of a synth refuses it, which would end all scenarios of the CLI.
		{Name: "TopicMissing", Cloud: func(c *Cloud) { delete(c.Resources, "AWS::MSK::Topic") }, Build: Orders(), Runs: 5, Refused: []string{
			`Test/Cluster/Orders reads the topic "orders", which the cluster had not when it was looked up`}},
		{Name: "NothingOptional", Cloud: func(c *Cloud) {
			// As little as the schemas require, in a VPC with an endpoint that
			// has no service name.
			delete(c.Cluster(), "EncryptionInfo")
			c.Put("AWS::EC2::VPC", vpc, Properties{"VpcId": vpc})
			c.Put("AWS::EC2::SecurityGroup", sg0, Properties{"GroupId": sg0})
			c.Put("AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef9", Properties{"VpcId": vpc})
			c.Endpoint("vpce-0123456789abcdef1", "lambda", func(p Properties) { delete(p, "PolicyDocument"); delete(p, "Tags") })
			c.Group(SGEnds, []any{TCP(443, "SourceSecurityGroupId", sg0)}, []any{})
		}, Build: Orders(), Runs: 10, Rules: Ingress, Endpoints: both[1:], Warnings: []string{"msklambda:egressUnknown", "the look-up did not tell its policy. See that it has this, or is EC2's default: "}},
	}
}

// Brokers are the properties of the cluster's broker nodes.
func Brokers(c *Cloud) Properties { return c.Cluster()["BrokerNodeGroupInfo"].(Properties) }

func threeGroups(c *Cloud) {
	Brokers(c)["SecurityGroups"] = []any{sg2, sg0, sg1}
	c.Group(sg0, []any{Properties{"IpProtocol": "-1", "SourceSecurityGroupId": sg0, "FromPort": -1, "ToPort": -1}}, []any{AllowAll})
	c.Group(sg1, []any{}, []any{})
	c.Group(sg2, []any{Properties{"IpProtocol": "tcp", "FromPort": 9000, "ToPort": 9100, "CidrIp": "10.0.0.0/16"}},
		[]any{TCP(443, "CidrIp", "0.0.0.0/0"), TCP(9098, "DestinationSecurityGroupId", sg0)})
}

// ownThere is what a deploy of this stack left, where outbound traffic was
// restricted before.
func ownThere(c *Cloud) {
	own := func(purpose string) string { return "msklambda: " + purpose + " (Test)" }
	tags := func(p Properties) { p["Tags"] = []any{Properties{"Key": "msklambda:stack", "Value": "Test"}} }
	c.Endpoint("vpce-0123456789abcdef1", "lambda", tags)
	c.Endpoint("vpce-0123456789abcdef2", "sts", tags)
	c.Group(SGEnds, []any{TCP(443, "SourceSecurityGroupId", sg0, "Description", own("pollers"))}, []any{})
	c.Group(sg0, []any{TCP(9098, "SourceSecurityGroupId", sg0, "Description", own("pollers to brokers"))},
		[]any{TCP(9098, "DestinationSecurityGroupId", sg0, "Description", own("pollers to brokers")),
			TCP(443, "DestinationSecurityGroupId", SGEnds, "Description", own("pollers to endpoints"))})
}
