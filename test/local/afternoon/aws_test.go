package afternoon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"msklambda/test/internal/account"
	"msklambda/test/standin"
)

// cloud is the account in which all happens, for every client of AWS: the CLI deploys
// to it, the doctor reads it, and Lambda's Invoke runs what is deployed.
type cloud struct {
	account *account.Account
	reads   *standin.Server
	lambda  *lambda
	topics  func() map[string]int // that the brokers have, and their partitions
}

var scope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request`)

// ServeHTTP gives each call to who stands in for its service.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	service := ""
	if signed := scope.FindStringSubmatch(r.Header.Get("Authorization")); signed != nil {
		service = signed[1]
	}
	form, _ := url.ParseQuery(string(body))
	switch {
	case service == "lambda" && strings.HasSuffix(r.URL.Path, "/invocations"):
		c.lambda.api.ServeHTTP(w, r)
	case service == "iam" && form.Get("Action") == "GetRole" || service == "iam" && form.Get("Action") == "SimulatePrincipalPolicy",
		slices.Contains([]string{"ec2", "kafka", "lambda"}, service):
		c.reads.ServeHTTP(w, r)
	default:
		c.account.ServeHTTP(w, r)
	}
}

// read is what there is, as the doctor's clients see it: what CloudFormation calls a
// resource's properties, as the services call them.
func (c *cloud) read() *standin.Cloud {
	all := c.account.Snapshot()
	out := &standin.Cloud{VPC: vpcID, Functions: map[string]standin.Object{}, Clusters: map[string]standin.Object{}, Topics: c.topics(),
		DNS:    map[string]bool{"enableDnsSupport": true, "enableDnsHostnames": true},
		ACLs:   map[string][]standin.Entry{"acl-0a1b2c3d4e5f60718": standin.Open()},
		Tables: map[string][]standin.Route{"main": {{To: "10.0.0.0/16", Kind: "gatewayId", Target: "local", State: "active"}}},
		Groups: map[string][]standin.Permission{}, Trust: map[string]string{}, Roles: map[string][]standin.Object{}}
	for id, p := range all["AWS::Lambda::EventSourceMapping"] {
		out.Mappings = append(out.Mappings, mappingOf(id, p, c.lambda.result(all, p)))
	}
	for name, p := range all["AWS::Lambda::Function"] {
		timeout, _ := p["Timeout"].(float64)
		out.Functions[name] = standin.Object{"FunctionName": name, "FunctionArn": functionARN(name), "Role": p["Role"], "State": "Active", "Timeout": timeout}
	}
	for arn, p := range all["AWS::MSK::Cluster"] {
		nodes := p["BrokerNodeGroupInfo"].(account.Properties)
		out.Clusters[arn] = standin.Object{"clusterArn": arn, "clusterName": p["ClusterName"], "clusterType": "PROVISIONED", "state": "ACTIVE", "provisioned": standin.Object{
			"brokerNodeGroupInfo":  standin.Object{"clientSubnets": nodes["ClientSubnets"], "securityGroups": nodes["SecurityGroups"]},
			"clientAuthentication": standin.Object{"sasl": standin.Object{"iam": standin.Object{"enabled": true}}},
			"encryptionInfo":       standin.Object{"encryptionInTransit": standin.Object{"clientBroker": "TLS", "inCluster": true}}}}
	}
	for _, id := range slices.Sorted(maps.Keys(all["AWS::EC2::Subnet"])) {
		out.Subnets = append(out.Subnets, standin.Subnet{ID: id, CIDR: all["AWS::EC2::Subnet"][id]["CidrBlock"].(string), ACL: "acl-0a1b2c3d4e5f60718", Table: "main"})
	}
	for id, p := range all["AWS::EC2::SecurityGroup"] {
		out.Groups[id] = append(permissionsOf(p["SecurityGroupIngress"], false), permissionsOf(p["SecurityGroupEgress"], true)...)
	}
	for _, id := range slices.Sorted(maps.Keys(all["AWS::EC2::VPCEndpoint"])) {
		p := all["AWS::EC2::VPCEndpoint"][id]
		service := p["ServiceName"].(string)
		out.Endpoints = append(out.Endpoints, standin.Endpoint{ID: id, Service: service[strings.LastIndex(service, ".")+1:], Kind: "Interface", State: "available",
			DNS: p["PrivateDnsEnabled"] == true, Groups: texts(p["SecurityGroupIds"]), Subnets: texts(p["SubnetIds"]), Policy: asJSON(p["PolicyDocument"])})
	}
	for name, p := range all["AWS::IAM::Role"] {
		out.Trust[name] = asJSON(p["AssumeRolePolicyDocument"])
		policies, _ := p["Policies"].([]any)
		for _, inline := range policies {
			out.Roles[name] = append(out.Roles[name], statements(inline.(account.Properties))...)
		}
	}
	for _, p := range all["AWS::IAM::Policy"] {
		for _, role := range texts(p["Roles"]) {
			out.Roles[role] = append(out.Roles[role], statements(p)...)
		}
	}
	return out
}

func mappingOf(id string, p account.Properties, result string) standin.Object {
	state := "Enabled"
	if p["Enabled"] == false {
		state = "Disabled"
	}
	return standin.Object{"UUID": id, "State": state, "StateTransitionReason": "USER_INITIATED", "LastProcessingResult": result, "EventSourceArn": p["EventSourceArn"],
		"FunctionArn": functionARN(p["FunctionName"].(string)), "Topics": p["Topics"], "AmazonManagedKafkaEventSourceConfig": p["AmazonManagedKafkaEventSourceConfig"]}
}

func functionARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:aws:lambda:" + standin.Region + ":" + standin.Account + ":function:" + name
}

func permissionsOf(rules any, out bool) (all []standin.Permission) {
	list, _ := rules.([]any)
	for _, rule := range list {
		p := rule.(account.Properties)
		one := standin.Permission{Out: out, Protocol: p["IpProtocol"].(string)}
		if port, ok := p["FromPort"].(float64); ok {
			one.Port = int(port)
		}
		for _, key := range []string{"SourceSecurityGroupId", "DestinationSecurityGroupId", "CidrIp"} {
			if peer, ok := p[key].(string); ok {
				one.Peer = peer
			}
		}
		all = append(all, one)
	}
	return all
}

// statements are those of a policy, with lists of actions and resources as IAM's
// simulator takes them.
func statements(policy account.Properties) (all []standin.Object) {
	list, _ := policy["PolicyDocument"].(account.Properties)["Statement"].([]any)
	for _, s := range list {
		one := s.(account.Properties)
		all = append(all, standin.Object{"Effect": one["Effect"], "Action": texts(one["Action"]), "Resource": texts(one["Resource"])})
	}
	return all
}

// texts is a text, or a list of them.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, each := range v {
			out = append(out, fmt.Sprint(each))
		}
	}
	return out
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came from JSON
	}
	return string(text)
}
