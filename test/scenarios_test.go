package test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/msklambda"
)

// scenario is a cloud, what is built on it, and what must come of it. It runs
// in this process, where all is looked at, and by the real CLI in a region of
// its own, which must make the same of it.
type scenario struct {
	name   string
	region string // "" in this process only
	cloud  func(*cloud)
	build  func(awscdk.Stack)

	runs  int      // of the app
	rules []string // added to the cluster's groups
	// resources that are endpoints, and warnings, by a part of their text
	endpoints []string
	warnings  []string
	refused   []string // parts of the panic
}

var (
	serverlessARN = strings.Replace(arn, "8e70-2", "8e70-s1", 1)
	ingress       = []string{sg0 + ":9098 from " + sg0}
	both          = []string{"Cluster/LambdaEndpoint", "Cluster/STSEndpoint"}
)

func scenarios() []scenario {
	return []scenario{
		{name: "Provisioned", region: "us-east-1", cloud: func(*cloud) {}, build: orders(), runs: 4, rules: ingress, endpoints: both},
		{name: "Serverless", region: "us-east-2", cloud: func(c *cloud) {
			c.serverless(vpcConfig([]any{sg0}, []any{subnet + "1", subnet + "0"}))
		}, build: orders(func(p *msklambda.LookupProps) { p.ClusterARN = serverlessARN }), runs: 4, rules: ingress, endpoints: both},
		{name: "ThreeGroups", region: "us-west-1", cloud: threeGroups, build: orders(), runs: 4, endpoints: both, rules: []string{
			// sg0 refers to itself for all traffic and lets everything out.
			sg0 + ":9098 from " + sg1, sg0 + ":9098 from " + sg2,
			// sg1 has no way out at all.
			sg1 + ":9098 from " + sg0, sg1 + ":9098 from " + sg1, sg1 + ":9098 from " + sg2,
			sg1 + " to " + sg0 + ":9098", sg1 + " to " + sg1 + ":9098", sg1 + " to " + sg2 + ":9098", sg1 + " to endpoints:443",
			// sg2 is let in by the range of the VPC, and out to sg0 and on 443.
			sg2 + " to " + sg1 + ":9098", sg2 + " to " + sg2 + ":9098",
		}},
		{name: "EndpointsThere", region: "us-west-2", cloud: func(c *cloud) {
			c.endpoint("vpce-0123456789abcdef1", "lambda")
			c.endpoint("vpce-0123456789abcdef2", "sts", func(p properties) {
				// Another stack that uses this library.
				p["Tags"] = []any{properties{"Key": "msklambda:stack", "Value": "Theirs"}}
			})
			c.group(sgEnds, []any{tcp(443, "CidrIp", "10.0.0.0/16")}, []any{})
			c.group(sg0, []any{tcp(9098, "SourceSecurityGroupId", sg0, "Description", "msklambda: pollers to brokers (Theirs)")}, []any{allowAll})
		}, build: orders(), runs: 5},
		{name: "OwnThere", region: "eu-west-1", cloud: ownThere, build: orders(), runs: 4, endpoints: both,
			rules: []string{sg0 + ":9098 from " + sg0, sg0 + " to " + sg0 + ":9098", sg0 + " to endpoints:443"}},
		{name: "Prerequisites", region: "eu-west-2", cloud: func(c *cloud) {
			c.cluster()["ClientAuthentication"] = properties{"Sasl": properties{"Iam": properties{"Enabled": false}, "Scram": properties{"Enabled": true}}}
			brokers(c)["ConnectivityInfo"] = properties{"PublicAccess": properties{"Type": "SERVICE_PROVIDED_EIPS"}}
			c.resources["AWS::EC2::VPC"][vpc]["EnableDnsHostnames"] = false
		}, build: orders(), runs: 4, refused: []string{
			`msklambda: consumer "Orders":`,
			`Authentication.Method "iam" needs that method on in the cluster, got "scram" on: turn it on in the MSK console`,
			`--client-authentication '{"Sasl":{"Iam":{"Enabled":true},"Scram":{"Enabled":true}}}'`,
			`AllowPublicAccess is needed for a cluster with public access on, got public access "SERVICE_PROVIDED_EIPS": turn it off in the MSK console`,
			`aws kafka update-connectivity --cluster-arn arn:aws:kafka:`,
			`VPCID must be a VPC with DNS hostnames on`, `got EnableDnsHostnames false for vpc-0123456789abcdef0`,
			`aws ec2 modify-vpc-attribute --vpc-id vpc-0123456789abcdef0 --enable-dns-hostnames`,
		}},
		{name: "NotFound", region: "eu-west-3", cloud: func(c *cloud) { delete(c.resources["AWS::MSK::Cluster"], arn) }, build: orders(), runs: 2, refused: []string{
			`msklambda: cluster "Cluster":`, `the look-up of cluster arn:aws:kafka:`, `(AWS::MSK::Cluster) in account 111122223333, region `,
			`failed: No resource of type AWS::MSK::Cluster`, `there is no such cluster: check account, region and id`,
		}},
		{name: "AccessDenied", region: "eu-central-1", cloud: func(c *cloud) {
			c.broken["AWS::EC2::SecurityGroup"] = &fault{code: "AccessDeniedException",
				message: "User: arn:aws:sts::111122223333:assumed-role/cdk-lookup is not authorized to perform: ec2:DescribeSecurityGroups"}
		}, build: orders(), runs: 3, refused: []string{
			`the look-up of security group sg-0123456789abcdef0 (AWS::EC2::SecurityGroup)`, `is not authorized to perform: ec2:DescribeSecurityGroups`,
			`the look-up role needs cloudformation:GetResource and cloudformation:ListResources, and for this security group ec2:DescribeSecurityGroups;`,
		}},
		{name: "Throttled", region: "eu-north-1", cloud: func(c *cloud) {
			c.broken[arn] = &fault{code: "ThrottlingException", message: "Rate exceeded", times: 2}
		}, build: orders(), runs: 4, rules: ingress, endpoints: both},
		{name: "Sparse", region: "ap-south-1", cloud: func(c *cloud) {
			c.put("AWS::EC2::SecurityGroup", sg0, properties{"GroupId": sg0, "SecurityGroupIngress": []any{}})
			c.put("AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef9", properties{"VpcId": vpc})
		}, build: orders(), runs: 7, rules: ingress, endpoints: both, warnings: []string{"msklambda:egressUnknown"}},
		{name: "NothingOptional", cloud: func(c *cloud) {
			// As little as the schemas require, in a VPC with an endpoint that
			// has no service name.
			delete(c.cluster(), "EncryptionInfo")
			c.put("AWS::EC2::VPC", vpc, properties{"VpcId": vpc})
			c.put("AWS::EC2::SecurityGroup", sg0, properties{"GroupId": sg0})
			c.put("AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef9", properties{"VpcId": vpc})
			c.endpoint("vpce-0123456789abcdef1", "lambda", func(p properties) { delete(p, "PolicyDocument"); delete(p, "Tags") })
			c.group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0)}, []any{})
		}, build: orders(), runs: 11, rules: ingress, endpoints: both[1:], warnings: []string{"msklambda:egressUnknown"}},
	}
}

func brokers(c *cloud) properties { return c.cluster()["BrokerNodeGroupInfo"].(properties) }

func threeGroups(c *cloud) {
	brokers(c)["SecurityGroups"] = []any{sg2, sg0, sg1}
	c.group(sg0, []any{properties{"IpProtocol": "-1", "SourceSecurityGroupId": sg0, "FromPort": -1, "ToPort": -1}}, []any{allowAll})
	c.group(sg1, []any{}, []any{})
	c.group(sg2, []any{properties{"IpProtocol": "tcp", "FromPort": 9000, "ToPort": 9100, "CidrIp": "10.0.0.0/16"}},
		[]any{tcp(443, "CidrIp", "0.0.0.0/0"), tcp(9098, "DestinationSecurityGroupId", sg0)})
}

// ownThere is what a deploy of this stack left, where outbound traffic was
// restricted before.
func ownThere(c *cloud) {
	own := func(purpose string) string { return "msklambda: " + purpose + " (Test)" }
	tags := func(p properties) { p["Tags"] = []any{properties{"Key": "msklambda:stack", "Value": "Test"}} }
	c.endpoint("vpce-0123456789abcdef1", "lambda", tags)
	c.endpoint("vpce-0123456789abcdef2", "sts", tags)
	c.group(sgEnds, []any{tcp(443, "SourceSecurityGroupId", sg0, "Description", own("pollers"))}, []any{})
	c.group(sg0, []any{tcp(9098, "SourceSecurityGroupId", sg0, "Description", own("pollers to brokers"))},
		[]any{tcp(9098, "DestinationSecurityGroupId", sg0, "Description", own("pollers to brokers")),
			tcp(443, "DestinationSecurityGroupId", sgEnds, "Description", own("pollers to endpoints"))})
}

func TestWhatALookUpMakes(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			s.region = cmp.Or(s.region, region)
			got := lookUp(t, newCloud(s.cloud).move(s.region), s.build)
			if got.runs != s.runs {
				t.Errorf("the app ran %d times, want %d", got.runs, s.runs)
			}
			if s.refused != nil {
				for _, want := range s.refused {
					if !strings.Contains(got.text, want) {
						t.Errorf("refused with %q, want %q in it", got.text, want)
					}
				}
				return
			}
			if got.text != "" {
				t.Fatal(got.text)
			}
			if rules, _ := got.first["Rules"].(map[string]any); rules["LookUpsArePending"] == nil {
				t.Errorf("the first run made %s, want what CloudFormation refuses before the look-ups are done", asJSON(got.first))
			}
			slices.Sort(s.rules)
			if rules := got.rules(); !slices.Equal(rules, s.rules) {
				t.Errorf("rules = %q, want %q", rules, s.rules)
			}
			var endpoints []string
			for path, r := range got.Resources {
				if r.Type == "AWS::EC2::VPCEndpoint" {
					endpoints = append(endpoints, path)
				}
			}
			slices.Sort(endpoints)
			if !slices.Equal(endpoints, s.endpoints) {
				t.Errorf("endpoints = %q, want %q", endpoints, s.endpoints)
			}
			warnings := got.warnings()
			if len(warnings) != len(s.warnings) {
				t.Errorf("warnings = %q, want %q", warnings, s.warnings)
			}
			for _, want := range s.warnings {
				if !strings.Contains(strings.Join(warnings, "\n"), want) {
					t.Errorf("warnings = %q, want %q in them", warnings, want)
				}
			}
			// With the answers at hand, no cloud is asked.
			again := lookUpAgain(t, &cloud{region: s.region}, got.context, s.build)
			if again.runs != 1 || !same(again.Resources, got.Resources) {
				t.Errorf("again, after %d runs = %s, want %s", again.runs, asJSON(again.Resources), asJSON(got.Resources))
			}
		})
	}
}
