package test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// cloud is an account and region of AWS as far as look-ups see it. Its
// resources are by type and identifier, with the property names of the
// CloudFormation resource schemas:
// https://schema.cloudformation.us-east-1.amazonaws.com/CloudformationSchema.zip
type cloud struct {
	region    string
	resources map[string]map[string]properties

	// idsOnly makes a list without properties, which Cloud Control allows.
	idsOnly bool

	// broken are answers by identifier or type in place of the resource.
	broken map[string]*fault

	calls []string
}

type properties = map[string]any

// fault is an error of Cloud Control, by its shape in the service's API.
type fault struct {
	code, message string
	times         int // 0 = always
	seen          int
}

const (
	sgApp  = "sg-0123456789abcdefa" // of the brokers' clients
	sgEnds = "sg-0123456789abcdefe" // of endpoints that were there before
	subnet = "subnet-0123456789abcdef"
)

// newCloud is an account with a provisioned cluster as the tutorial wants it:
// IAM on, public access off, three subnets, one security group that lets its
// clients in and everything out, and no endpoint.
func newCloud(edit ...func(*cloud)) *cloud {
	c := &cloud{region: region, resources: map[string]map[string]properties{}, broken: map[string]*fault{}}
	c.put("AWS::MSK::Cluster", arn, properties{
		"Arn": arn, "ClusterName": "demo", "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 3, "CurrentVersion": "K3P5ROKL5A1OLE",
		"BrokerNodeGroupInfo": properties{
			"InstanceType": "kafka.m7g.large", "BrokerAZDistribution": "DEFAULT",
			// In no order, as the schema says of both lists.
			"ClientSubnets":    []any{subnet + "2", subnet + "0", subnet + "1"},
			"SecurityGroups":   []any{sg0},
			"ConnectivityInfo": properties{"PublicAccess": properties{"Type": "DISABLED"}},
		},
		"ClientAuthentication": properties{"Sasl": properties{"Iam": properties{"Enabled": true}, "Scram": properties{"Enabled": false}},
			"Unauthenticated": properties{"Enabled": false}},
		"EncryptionInfo": properties{"EncryptionInTransit": properties{"ClientBroker": "TLS", "InCluster": true}},
	})
	for i := range 3 {
		id := fmt.Sprint(subnet, i)
		c.put("AWS::EC2::Subnet", id, properties{"SubnetId": id, "VpcId": vpc, "CidrBlock": fmt.Sprintf("10.0.%d.0/24", i), "AvailabilityZone": "us-east-1" + string(rune('a'+i))})
	}
	c.put("AWS::EC2::VPC", vpc, properties{"VpcId": vpc, "CidrBlock": "10.0.0.0/16", "EnableDnsSupport": true, "EnableDnsHostnames": true})
	c.group(sg0, []any{tcp(9098, "SourceSecurityGroupId", sgApp)}, []any{allowAll})
	// Of another VPC, to be told apart.
	c.endpoint("vpce-0123456789abcdeff", "sts", func(p properties) { p["VpcId"] = "vpc-0123456789abcdeff" })
	for _, e := range edit {
		e(c)
	}
	return c
}

func (c *cloud) put(typ, id string, p properties) {
	if c.resources[typ] == nil {
		c.resources[typ] = map[string]properties{}
	}
	c.resources[typ][id] = p
}

// serverless puts a cluster with what serverless ones have in place of a broker node group.
func (c *cloud) serverless(configs ...any) {
	id := strings.Replace(arn, "8e70-2", "8e70-s1", 1)
	c.put("AWS::MSK::ServerlessCluster", id, properties{"Arn": id, "ClusterName": "demo", "VpcConfigs": configs,
		"ClientAuthentication": properties{"Sasl": properties{"Iam": properties{"Enabled": true}}}})
}

func vpcConfig(groups, subnets []any) properties {
	return properties{"SubnetIds": subnets, "SecurityGroups": groups}
}

// move puts everything into another region.
func (c *cloud) move(to string) *cloud {
	c.replace(region, to)
	c.region = to
	return c
}

// The hexadecimal digits that all ids here begin with.
const idDigits = "0123456789abcdef"

// replace changes ids, to have several clouds behind one server and in one app.
func (c *cloud) replace(old, with string) {
	text := strings.ReplaceAll(asJSON(c.resources), old, with)
	c.resources = map[string]map[string]properties{}
	if err := json.Unmarshal([]byte(text), &c.resources); err != nil {
		panic(err)
	}
	for id, f := range maps.Clone(c.broken) {
		delete(c.broken, id)
		c.broken[strings.ReplaceAll(id, old, with)] = f
	}
}

func (c *cloud) cluster() properties { return c.resources["AWS::MSK::Cluster"][arn] }

func (c *cloud) group(id string, ingress, egress []any) {
	c.put("AWS::EC2::SecurityGroup", id, properties{"Id": id, "GroupId": id, "GroupName": id, "GroupDescription": id, "VpcId": vpc,
		"SecurityGroupIngress": ingress, "SecurityGroupEgress": egress})
}

var allowAll = properties{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "FromPort": -1, "ToPort": -1}

// tcp is a rule for one port; peer names the kind and the id or range.
func tcp(port int, peer ...string) properties {
	p := properties{"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
	for i := 0; i < len(peer); i += 2 {
		p[peer[i]] = peer[i+1]
	}
	return p
}

// endpoint puts an interface endpoint with private DNS into the VPC, which
// admits everybody unless it is edited.
func (c *cloud) endpoint(id, service string, edit ...func(properties)) {
	p := properties{"Id": id, "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1." + service, "VpcEndpointType": "Interface",
		"PrivateDnsEnabled": true, "SubnetIds": []any{subnet + "0"}, "SecurityGroupIds": []any{sgEnds}, "Tags": []any{},
		"PolicyDocument": properties{"Version": "2008-10-17", "Statement": []any{properties{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}}}
	for _, e := range edit {
		e(p)
	}
	c.put("AWS::EC2::VPCEndpoint", id, p)
}

// get is what the CLI's provider makes of a query; text is why it cannot.
func (c *cloud) get(props map[string]any) (objects []any, text string) {
	typ, _ := props["typeName"].(string)
	var found []string
	id, exact := props["exactIdentifier"].(string)
	if f := c.fault(typ, id); f != nil && f.times == 0 {
		// The CLI itself tries again what comes and goes.
		return nil, "Encountered CC API error while getting " + typ + " resource " + id + "\n" + f.message
	}
	if exact {
		if c.resources[typ][id] == nil {
			return nil, "No resource of type " + typ + " with identifier: " + id
		}
		found = []string{id}
	} else {
		match, _ := props["propertyMatch"].(map[string]any)
		for _, id := range slices.Sorted(maps.Keys(c.resources[typ])) {
			matches := true
			for _, key := range slices.Sorted(maps.Keys(match)) {
				value, ok := field(c.resources[typ][id], key)
				if !ok || c.idsOnly {
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
			value, ok := field(c.resources[typ][id], p.(string))
			if !ok {
				return nil, missingField(p.(string))
			}
			object[p.(string)] = value
		}
		objects = append(objects, object)
	}
	return objects, ""
}

func field(object properties, path string) (any, bool) {
	var at any = object
	for part := range strings.SplitSeq(path, ".") {
		inner, _ := at.(properties)
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

// serve answers as STS and Cloud Control do, for the real CLI, for clouds of
// one account by region. The protocols are those of the AWS API models: query
// with XML for STS, JSON 1.0 for Cloud Control (service CloudApiService). The
// region is in the credential scope of the signature.
func serve(t *testing.T, clouds ...*cloud) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		operation, isCloudControl := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "CloudApiService.")
		if !isCloudControl {
			sts(w, string(body))
			return
		}
		i := slices.IndexFunc(clouds, func(c *cloud) bool { return strings.Contains(r.Header.Get("Authorization"), "/"+c.region+"/") })
		if i < 0 {
			t.Errorf("a call to no known region: %s", r.Header.Get("Authorization"))
			return
		}
		c := clouds[i]
		var request struct{ TypeName, Identifier string }
		if err := json.Unmarshal(body, &request); err != nil {
			t.Errorf("body %s: %v", body, err)
		}
		c.calls = append(c.calls, strings.TrimSpace(operation+" "+request.TypeName+" "+request.Identifier))
		status, answer := c.control(operation, request.TypeName, request.Identifier)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		io.WriteString(w, asJSON(answer))
	}))
	t.Cleanup(server.Close)
	return server
}

func (c *cloud) fault(typ, id string) *fault {
	if f := c.broken[id]; f != nil {
		return f
	}
	return c.broken[typ]
}

func (c *cloud) control(operation, typ, id string) (int, any) {
	if f := c.fault(typ, id); f != nil && (f.times == 0 || f.seen < f.times) {
		f.seen++
		return http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#" + f.code, "message": f.message}
	}
	describe := func(id string) map[string]any {
		return map[string]any{"Identifier": id, "Properties": asJSON(c.resources[typ][id])}
	}
	if operation == "ListResources" {
		all := []any{}
		for _, id := range slices.Sorted(maps.Keys(c.resources[typ])) {
			all = append(all, describe(id))
		}
		return http.StatusOK, map[string]any{"TypeName": typ, "ResourceDescriptions": all}
	}
	if c.resources[typ][id] == nil {
		return http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#ResourceNotFoundException",
			"message": "Resource of type '" + typ + "' with identifier '" + id + "' was not found."}
	}
	return http.StatusOK, map[string]any{"TypeName": typ, "ResourceDescription": describe(id)}
}

func sts(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml")
	result := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::` + account +
		`:user/me</Arn><UserId>AIDA</UserId><Account>` + account + `</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	if strings.Contains(body, "AssumeRole") {
		result = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIALOOKUP</AccessKeyId>` +
			`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	}
	io.WriteString(w, result)
}
