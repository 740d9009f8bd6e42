// Package lookups has accounts of AWS for look-ups to find things in: in the
// process of a test, as the CDK CLI would answer an app, and behind a server for
// the real CLI. Scenarios are what both must make the same of.
package lookups

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"msklambda/test/internal/synthtest"
)

// Cloud is an account and region of AWS as far as look-ups see it. Its
// resources are by type and identifier, with the property names of the
// CloudFormation resource schemas:
// https://schema.cloudformation.us-east-1.amazonaws.com/CloudformationSchema.zip
type Cloud struct {
	Region    string
	Resources map[string]map[string]Properties

	// IDsOnly makes a list without properties, which Cloud Control allows.
	IDsOnly bool

	// Unlisted are types that Cloud Control does not list.
	Unlisted []string

	// Broken are answers by identifier or type in place of the resource.
	Broken map[string]*Fault

	// Calls are those of the real CLI.
	Calls []string
}

// Properties are those of a resource.
type Properties = map[string]any

// Fault is an error of Cloud Control, by its shape in the service's API.
type Fault struct {
	Code, Message string
	Times         int // 0 = always
	seen          int
}

const (
	account = synthtest.Account
	region  = synthtest.Region
	arn     = synthtest.ARN
	vpc     = synthtest.VPC
	sg0     = synthtest.SG0
	sg1     = synthtest.SG1
	sg2     = synthtest.SG2
)

var asJSON = synthtest.JSON

// Beside those of the cluster.
const (
	SGApp  = "sg-0123456789abcdefa" // of the brokers' clients
	SGEnds = "sg-0123456789abcdefe" // of endpoints that were there before
	Subnet = "subnet-0123456789abcdef"
)

// NewCloud is an account with a provisioned cluster as the tutorial wants it:
// IAM on, public access off, three subnets, one security group that lets its
// clients in and everything out, and no endpoint.
func NewCloud(edit ...func(*Cloud)) *Cloud {
	c := &Cloud{Region: region, Resources: map[string]map[string]Properties{}, Broken: map[string]*Fault{}}
	c.Put("AWS::MSK::Cluster", arn, Properties{
		"Arn": arn, "ClusterName": "demo", "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 3, "CurrentVersion": "K3P5ROKL5A1OLE",
		"BrokerNodeGroupInfo": Properties{
			"InstanceType": "kafka.m7g.large", "BrokerAZDistribution": "DEFAULT",
			// In no order, as the schema says of both lists.
			"ClientSubnets":    []any{Subnet + "2", Subnet + "0", Subnet + "1"},
			"SecurityGroups":   []any{sg0},
			"ConnectivityInfo": Properties{"PublicAccess": Properties{"Type": "DISABLED"}},
		},
		"ClientAuthentication": Properties{"Sasl": Properties{"Iam": Properties{"Enabled": true}, "Scram": Properties{"Enabled": false}},
			"Unauthenticated": Properties{"Enabled": false}},
		"EncryptionInfo": Properties{"EncryptionInTransit": Properties{"ClientBroker": "TLS", "InCluster": true}},
	})
	c.Topic(arn, "orders", 6)
	c.Topic(arn, "refunds", 6)
	for i := range 3 {
		id := fmt.Sprint(Subnet, i)
		c.Put("AWS::EC2::Subnet", id, Properties{"SubnetId": id, "VpcId": vpc, "CidrBlock": fmt.Sprintf("10.0.%d.0/24", i), "AvailabilityZone": "us-east-1" + string(rune('a'+i))})
	}
	c.Put("AWS::EC2::VPC", vpc, Properties{"VpcId": vpc, "CidrBlock": "10.0.0.0/16", "EnableDnsSupport": true, "EnableDnsHostnames": true})
	c.Group(sg0, []any{TCP(9098, "SourceSecurityGroupId", SGApp)}, []any{AllowAll})
	// Of another VPC, to be told apart.
	c.Endpoint("vpce-0123456789abcdeff", "sts", func(p Properties) { p["VpcId"] = "vpc-0123456789abcdeff" })
	for _, e := range edit {
		e(c)
	}
	return c
}

// Put puts a resource there, or another in its place.
func (c *Cloud) Put(typ, id string, p Properties) {
	if c.Resources[typ] == nil {
		c.Resources[typ] = map[string]Properties{}
	}
	c.Resources[typ][id] = p
}

// Serverless puts a cluster with what serverless ones have in place of a broker node group.
func (c *Cloud) Serverless(configs ...any) {
	id := strings.Replace(arn, "8e70-2", "8e70-s1", 1)
	c.Put("AWS::MSK::ServerlessCluster", id, Properties{"Arn": id, "ClusterName": "demo", "VpcConfigs": configs,
		"ClientAuthentication": Properties{"Sasl": Properties{"Iam": Properties{"Enabled": true}}}})
}

// VPCConfig is one of a serverless cluster.
func VPCConfig(groups, subnets []any) Properties {
	return Properties{"SubnetIds": subnets, "SecurityGroups": groups}
}

// Move puts everything into another region.
func (c *Cloud) Move(to string) *Cloud {
	c.Replace(region, to)
	c.Region = to
	return c
}

// IDDigits are the hexadecimal digits that all ids here begin with.
const IDDigits = "0123456789abcdef"

// Replace changes ids, to have several clouds behind one server and in one app. Topics go
// with their cluster.
func (c *Cloud) Replace(old, with string) {
	text := strings.ReplaceAll(asJSON(c.Resources), old, with)
	if before, after, isCluster := strings.Cut(old, ":cluster/"); isCluster {
		text = strings.ReplaceAll(text, before+":topic/"+after, strings.Replace(with, ":cluster/", ":topic/", 1))
	}
	c.Resources = map[string]map[string]Properties{}
	if err := json.Unmarshal([]byte(text), &c.Resources); err != nil {
		panic(err)
	}
	for id, f := range maps.Clone(c.Broken) {
		delete(c.Broken, id)
		c.Broken[strings.ReplaceAll(id, old, with)] = f
	}
}

// Cluster is the provisioned one.
func (c *Cloud) Cluster() Properties { return c.Resources["AWS::MSK::Cluster"][arn] }

// Group puts a security group.
func (c *Cloud) Group(id string, ingress, egress []any) {
	c.Put("AWS::EC2::SecurityGroup", id, Properties{"Id": id, "GroupId": id, "GroupName": id, "GroupDescription": id, "VpcId": vpc,
		"SecurityGroupIngress": ingress, "SecurityGroupEgress": egress})
}

// AllowAll is a rule for everything.
var AllowAll = Properties{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "FromPort": -1, "ToPort": -1}

// TCP is a rule for one port; peer names the kind and the id or range.
func TCP(port int, peer ...string) Properties {
	p := Properties{"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
	for i := 0; i < len(peer); i += 2 {
		p[peer[i]] = peer[i+1]
	}
	return p
}

// Endpoint puts an interface endpoint with private DNS into the VPC, which
// admits everybody unless it is edited.
func (c *Cloud) Endpoint(id, service string, edit ...func(Properties)) {
	p := Properties{"Id": id, "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1." + service, "VpcEndpointType": "Interface",
		"PrivateDnsEnabled": true, "SubnetIds": []any{Subnet + "0"}, "SecurityGroupIds": []any{SGEnds}, "Tags": []any{},
		"PolicyDocument": Properties{"Version": "2008-10-17", "Statement": []any{Properties{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}}}
	for _, e := range edit {
		e(p)
	}
	c.Put("AWS::EC2::VPCEndpoint", id, p)
}

// Mapping puts an event source mapping of the cluster.
func (c *Cloud) Mapping(id, function, topic, group string, edit ...func(Properties)) {
	p := Properties{"Id": id, "EventSourceArn": arn, "FunctionName": function, "Topics": []any{topic},
		"AmazonManagedKafkaEventSourceConfig": Properties{"ConsumerGroupId": group}}
	for _, e := range edit {
		e(p)
	}
	c.Put("AWS::Lambda::EventSourceMapping", id, p)
}

// Topic puts a Kafka topic of a cluster.
func (c *Cloud) Topic(cluster, name string, partitions int) {
	id := strings.Replace(cluster, ":cluster/", ":topic/", 1) + "/" + name
	c.Put("AWS::MSK::Topic", id, Properties{"TopicArn": id, "ClusterArn": cluster, "TopicName": name, "PartitionCount": partitions, "ReplicationFactor": 3})
}

// listed are the resources of a type that Cloud Control lists, in the order of their ids.
// Topics are those of one cluster, which the caller has to name.
func (c *Cloud) listed(typ string, model map[string]any) (ids []string, text string) {
	if slices.Contains(c.Unlisted, typ) || typ == "AWS::MSK::Topic" && model["ClusterArn"] == nil {
		return nil, "Missing or invalid ResourceModel property in " + typ + " list handler request input"
	}
	for _, id := range slices.Sorted(maps.Keys(c.Resources[typ])) {
		if of := model["ClusterArn"]; of == nil || of == c.Resources[typ][id]["ClusterArn"] {
			ids = append(ids, id)
		}
	}
	return ids, ""
}

// get is what the CLI's provider makes of a query; text is why it cannot.
func (c *Cloud) get(props map[string]any) (objects []any, text string) {
	typ, _ := props["typeName"].(string)
	var found []string
	id, exact := props["exactIdentifier"].(string)
	if f := c.fault(typ, id); f != nil && f.Times == 0 {
		// The CLI itself tries again what comes and goes.
		return nil, "Encountered CC API error while getting " + typ + " resource " + id + "\n" + f.Message
	}
	if exact {
		if c.Resources[typ][id] == nil && props["ignoreErrorOnMissingContext"] == true {
			return []any{map[string]any{}}, ""
		}
		if c.Resources[typ][id] == nil {
			return nil, "No resource of type " + typ + " with identifier: " + id
		}
		found = []string{id}
	} else {
		match, _ := props["propertyMatch"].(map[string]any)
		model, _ := props["resourceModel"].(map[string]any)
		ids, text := c.listed(typ, model)
		if text != "" {
			return nil, "Encountered CC API error while listing " + typ + " resources matching " + asJSON(match) + "\n" + text
		}
		for _, id := range ids {
			matches := true
			for _, key := range slices.Sorted(maps.Keys(match)) {
				value, ok := field(c.Resources[typ][id], key)
				if !ok || c.IDsOnly {
					return nil, "Encountered CC API error while listing " + typ + " resources matching " + asJSON(match) + "\n" + missingField(key)
				}
				if matches = value == match[key]; !matches {
					break
				}
			}
			if matches {
				found = append(found, id)
			}
		}
	}
	objects = []any{}
	for _, id := range found {
		object := map[string]any{"Identifier": id}
		for _, p := range props["propertiesToReturn"].([]any) {
			value, ok := field(c.Resources[typ][id], p.(string))
			if !ok {
				return nil, missingField(p.(string))
			}
			object[p.(string)] = value
		}
		objects = append(objects, object)
	}
	return objects, ""
}

func field(object Properties, path string) (any, bool) {
	var at any = object
	for part := range strings.SplitSeq(path, ".") {
		inner, _ := at.(Properties)
		value, ok := inner[part]
		if !ok {
			return nil, false
		}
		at = value
	}
	return at, true
}

func missingField(path string) string {
	parts := strings.Split(path, ".")
	return "Cannot read field " + path + ". " + parts[len(parts)-1] + " is not found."
}
