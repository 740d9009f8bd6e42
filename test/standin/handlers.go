package standin

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

var handlers map[string]func(*request)

func init() {
	handlers = map[string]func(*request){
		"sts.GetCallerIdentity": func(q *request) {
			q.xml(text("Account", Account) + text("UserId", "AIDAEXAMPLE") + text("Arn", "arn:aws:iam::"+Account+":user/somebody"))
		},
		"lambda.GetEventSourceMapping":    (*request).mapping,
		"lambda.ListEventSourceMappings":  (*request).mappings,
		"lambda.GetFunctionConfiguration": (*request).function,
		"lambda.GetFunctionConcurrency": func(q *request) {
			answer := Object{}
			if n, ok := q.cloud.Throttled[q.path[0]]; ok {
				answer["ReservedConcurrentExecutions"] = n
			}
			q.json(answer)
		},
		"kafka.DescribeClusterV2":            (*request).cluster,
		"kafka.DescribeTopic":                (*request).topic,
		"kafka.ListScramSecrets":             func(q *request) { q.json(Object{"secretArnList": q.cloud.Scram}) },
		"kafka.DescribeVpcConnection":        (*request).connection,
		"ec2.DescribeSubnets":                (*request).subnets,
		"ec2.DescribeVpcAttribute":           (*request).attribute,
		"ec2.DescribeVpcEndpoints":           (*request).endpoints,
		"ec2.DescribeRouteTables":            (*request).tables,
		"ec2.DescribeNetworkAcls":            (*request).acls,
		"ec2.DescribeSecurityGroups":         (*request).groups,
		"ec2.GetManagedPrefixListEntries":    (*request).prefixes,
		"iam.GetRole":                        (*request).role,
		"iam.SimulatePrincipalPolicy":        (*request).simulate,
		"secretsmanager.DescribeSecret":      (*request).secret,
		"kms.DescribeKey":                    (*request).key,
		"kms.GetKeyPolicy":                   (*request).keyPolicy,
		"sqs.GetQueueUrl":                    (*request).queue,
		"sqs.GetQueueAttributes":             (*request).queueAttributes,
		"sns.GetTopicAttributes":             (*request).snsTopic,
		"s3.GetBucketEncryption":             (*request).bucket,
		"cloudformation.ListStackResources":  (*request).stackResources,
		"cloudformation.DescribeStacks":      (*request).stackNames,
		"cloudformation.DescribeStackEvents": (*request).stackEvents,
	}
}

func (q *request) mapping() {
	i := slices.IndexFunc(q.cloud.Mappings, func(m Object) bool { return m["UUID"] == q.path[0] })
	if i < 0 {
		q.fail(http.StatusNotFound, "ResourceNotFoundException", "The resource you requested does not exist.")
		return
	}
	q.json(q.cloud.Mappings[i])
}

func (q *request) mappings() {
	var found []Object
	query := q.r.URL.Query()
	for _, m := range q.cloud.Mappings {
		function := m["FunctionArn"].(string)
		if source := query.Get("EventSourceArn"); source != "" && source != m["EventSourceArn"] {
			continue
		}
		if name := query.Get("FunctionName"); name != "" && name != function && !strings.HasSuffix(function, ":"+name) {
			continue
		}
		found = append(found, m)
	}
	some, next := page(found, query.Get("Marker"))
	answer := Object{"EventSourceMappings": append([]Object{}, some...)}
	if next != "" {
		answer["NextMarker"] = next
	}
	q.json(answer)
}

func (q *request) function() {
	name := q.path[0]
	fn, ok := q.cloud.Functions[name[strings.LastIndex(name, "function:")+len("function:"):]]
	if !ok {
		q.fail(http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+name)
		return
	}
	q.json(fn)
}

func (q *request) cluster() {
	c, ok := q.cloud.Clusters[q.path[0]]
	if !ok {
		q.fail(http.StatusNotFound, "NotFoundException", "Cluster not found.")
		return
	}
	q.json(Object{"clusterInfo": c})
}

func (q *request) topic() {
	n, ok := q.cloud.Topics[q.path[1]]
	if !ok {
		q.fail(http.StatusNotFound, "NotFoundException", "Topic not found.")
		return
	}
	q.json(Object{"topicName": q.path[1], "partitionCount": n, "replicationFactor": 3, "status": "ACTIVE"})
}

func (q *request) connection() {
	c, ok := q.cloud.Links[q.path[0]]
	if !ok {
		q.fail(http.StatusNotFound, "NotFoundException", "VPC connection not found.")
		return
	}
	q.json(c)
}

func (q *request) subnets() {
	wanted := q.all("SubnetId")
	var found []Subnet
	for _, s := range q.cloud.Subnets {
		if slices.Contains(wanted, s.ID) {
			found = append(found, s)
		}
	}
	if len(found) < len(wanted) {
		q.fail(http.StatusBadRequest, "InvalidSubnetID.NotFound", "The subnet ID does not exist")
		return
	}
	owner := Account
	if q.cloud.Owner != "" {
		owner = q.cloud.Owner
	}
	some, next := page(found, q.form.Get("NextToken"))
	q.xml(tag("subnetSet", each(some, "item", func(s Subnet) string {
		return text("subnetId", s.ID) + text("vpcId", q.cloud.VPC) + text("cidrBlock", s.CIDR) + text("state", "available") + text("ownerId", owner)
	})) + text("nextToken", next))
}

func (q *request) attribute() {
	name := q.form.Get("Attribute")
	q.xml(text("vpcId", q.cloud.VPC) + tag(name, text("value", fmt.Sprint(q.cloud.DNS[name]))))
}

func (q *request) endpoints() {
	if !q.ofVPC() {
		q.xml("<vpcEndpointSet/>")
		return
	}
	some, next := page(q.cloud.Endpoints, q.form.Get("NextToken"))
	q.xml(tag("vpcEndpointSet", each(some, "item", func(e Endpoint) string {
		tags := ""
		if e.Owner != "" {
			tags = tag("item", text("key", "msklambda:stack")+text("value", e.Owner))
		}
		return text("vpcEndpointId", e.ID) + text("vpcEndpointType", e.Kind) + text("vpcId", q.cloud.VPC) + text("serviceName", "com.amazonaws."+Region+"."+e.Service) +
			text("state", e.State) + text("policyDocument", e.Policy) + text("privateDnsEnabled", fmt.Sprint(e.DNS)) +
			tag("subnetIdSet", each(e.Subnets, "item", escape)) +
			tag("groupSet", each(e.Groups, "item", func(g string) string { return text("groupId", g) + text("groupName", "n") })) + tag("tagSet", tags)
	})) + text("nextToken", next))
}

func (q *request) tables() {
	if !q.ofVPC() {
		q.xml("<routeTableSet/>")
		return
	}
	some, next := page(slices.Sorted(maps.Keys(q.cloud.Tables)), q.form.Get("NextToken"))
	q.xml(tag("routeTableSet", each(some, "item", func(id string) string {
		associations := ""
		if id == "main" {
			associations = tag("item", text("main", "true")+text("routeTableId", "rtb-main"))
		}
		for _, s := range q.cloud.Subnets {
			if s.Table == id && id != "main" {
				associations += tag("item", text("main", "false")+text("subnetId", s.ID))
			}
		}
		return text("routeTableId", "rtb-"+id) + text("vpcId", q.cloud.VPC) + tag("routeSet", each(q.cloud.Tables[id], "item", func(r Route) string {
			kind := "destinationCidrBlock"
			if strings.HasPrefix(r.To, "pl-") {
				kind = "destinationPrefixListId"
			}
			return text(kind, r.To) + text(r.Kind, r.Target) + text("state", r.State) + text("origin", "CreateRoute")
		})) + tag("associationSet", associations)
	})) + text("nextToken", next))
}

func (q *request) acls() {
	if !q.ofVPC() {
		q.xml("<networkAclSet/>")
		return
	}
	some, next := page(slices.Sorted(maps.Keys(q.cloud.ACLs)), q.form.Get("NextToken"))
	q.xml(tag("networkAclSet", each(some, "item", func(id string) string {
		associations := ""
		for _, s := range q.cloud.Subnets {
			if s.ACL == id {
				associations += tag("item", text("networkAclId", id)+text("subnetId", s.ID))
			}
		}
		// The entry that EC2 has last, which denies everything.
		entries := append(slices.Clone(q.cloud.ACLs[id]), Entry{32767, false, "deny", "-1", 0, 0, "0.0.0.0/0"}, Entry{32767, true, "deny", "-1", 0, 0, "0.0.0.0/0"})
		return text("networkAclId", id) + text("vpcId", q.cloud.VPC) + tag("entrySet", each(entries, "item", func(e Entry) string {
			ports := ""
			if e.Protocol != "-1" {
				ports = tag("portRange", text("from", fmt.Sprint(e.From))+text("to", fmt.Sprint(e.To)))
			}
			return text("ruleNumber", fmt.Sprint(e.Number)) + text("protocol", e.Protocol) + text("ruleAction", e.Action) + text("egress", fmt.Sprint(e.Out)) + text("cidrBlock", e.CIDR) + ports
		})) + tag("associationSet", associations)
	})) + text("nextToken", next))
}

func (q *request) groups() {
	some, next := page(q.all("GroupId"), q.form.Get("NextToken"))
	q.xml(tag("securityGroupInfo", each(some, "item", func(id string) string {
		direction := func(out bool) string {
			var rules []Permission
			for _, p := range q.cloud.Groups[id] {
				if p.Out == out {
					rules = append(rules, p)
				}
			}
			return each(rules, "item", func(p Permission) string {
				content := text("ipProtocol", p.Protocol)
				if p.Protocol != "-1" {
					content += text("fromPort", fmt.Sprint(p.Port)) + text("toPort", fmt.Sprint(p.Port))
				}
				groups, ranges, lists := "", "", ""
				switch {
				case strings.HasPrefix(p.Peer, "sg-"):
					groups = tag("item", text("userId", Account)+text("groupId", p.Peer))
				case strings.HasPrefix(p.Peer, "pl-"):
					lists = tag("item", text("prefixListId", p.Peer))
				default:
					ranges = tag("item", text("cidrIp", p.Peer))
				}
				return content + tag("groups", groups) + tag("ipRanges", ranges) + "<ipv6Ranges/>" + tag("prefixListIds", lists)
			})
		}
		return text("ownerId", Account) + text("groupId", id) + text("groupName", "n") + text("vpcId", q.cloud.VPC) +
			tag("ipPermissions", direction(false)) + tag("ipPermissionsEgress", direction(true))
	})) + text("nextToken", next))
}

func (q *request) prefixes() {
	q.xml(tag("entrySet", tag("item", text("cidr", "10.0.0.0/16"))))
}

func (q *request) role() {
	name := q.form.Get("RoleName")
	trust, ok := q.cloud.Trust[name]
	if !ok {
		q.fail(http.StatusNotFound, "NoSuchEntity", "The role with name "+name+" cannot be found.")
		return
	}
	q.xml(tag("Role", text("RoleName", name)+text("Path", "/")+text("Arn", "arn:aws:iam::"+Account+":role/"+name)+text("RoleId", "AROAEXAMPLE")+text("CreateDate", "2026-11-01T00:00:00Z")+
		text("AssumeRolePolicyDocument", url.QueryEscape(trust))))
}

// simulate evaluates the role's statements, as far as wildcards go.
func (q *request) simulate() {
	matches := func(patterns any, value string) bool {
		all, ok := patterns.([]string)
		if !ok {
			all = []string{patterns.(string)}
		}
		flat := strings.NewReplacer("/", "|")
		return slices.ContainsFunc(all, func(p string) bool {
			ok, _ := path.Match(flat.Replace(strings.ToLower(p)), flat.Replace(strings.ToLower(value)))
			return ok
		})
	}
	resource := q.form.Get("ResourceArns.member.1")
	role := q.form.Get("PolicySourceArn")
	statements := slices.Concat(q.cloud.Allows, q.cloud.Roles[role[strings.LastIndex(role, "/")+1:]])
	results := each(q.all("ActionNames.member"), "member", func(action string) string {
		decision := "implicitDeny"
		for _, s := range statements {
			if matches(s["Action"], action) && (matches(s["Resource"], resource)) {
				decision = "allowed"
				if s["Effect"] == "Deny" {
					decision = "explicitDeny"
					break
				}
			}
		}
		more := ""
		if slices.Contains(q.cloud.Orgs, action) {
			decision = "implicitDeny"
			more = tag("OrganizationsDecisionDetail", text("AllowedByOrganizations", "false"))
		}
		if decision != "allowed" {
			more += tag("MissingContextValues", each(q.cloud.Missing, "member", escape))
		}
		return text("EvalActionName", action) + text("EvalResourceName", resource) + text("EvalDecision", decision) + more
	})
	q.xml(tag("EvaluationResults", results) + text("IsTruncated", "false"))
}

func (q *request) secret() {
	s, ok := q.cloud.Secrets[q.input["SecretId"].(string)]
	if !ok {
		q.fail(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		return
	}
	q.json(s)
}

func (q *request) key() {
	arn := q.input["KeyId"].(string)
	state, ok := q.cloud.Keys[arn]
	if !ok {
		q.fail(http.StatusBadRequest, "NotFoundException", "Key '"+arn+"' does not exist")
		return
	}
	q.json(Object{"KeyMetadata": Object{"Arn": arn, "KeyId": arn[strings.LastIndex(arn, "/")+1:], "KeyState": state, "KeyManager": "CUSTOMER"}})
}

func (q *request) keyPolicy() {
	q.json(Object{"Policy": q.cloud.Policy[q.input["KeyId"].(string)]})
}

func (q *request) queue() {
	name := q.input["QueueName"].(string)
	if _, ok := q.cloud.Queues[name]; !ok {
		q.w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
		q.fail(http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
		return
	}
	q.json(Object{"QueueUrl": "https://sqs." + Region + ".amazonaws.com/" + Account + "/" + name})
}

func (q *request) queueAttributes() {
	queue := q.input["QueueUrl"].(string)
	q.json(Object{"Attributes": q.cloud.Queues[queue[strings.LastIndex(queue, "/")+1:]]})
}

func (q *request) snsTopic() {
	q.fail(http.StatusNotFound, "NotFound", "Topic does not exist")
}

func (q *request) bucket() {
	key, ok := q.cloud.Buckets[q.path[0]]
	if !ok {
		q.fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	algorithm := text("SSEAlgorithm", "AES256")
	if key != "" {
		algorithm = text("SSEAlgorithm", "aws:kms") + text("KMSMasterKeyID", key)
	}
	q.w.Header().Set("Content-Type", "application/xml")
	fmt.Fprint(q.w, tag("ServerSideEncryptionConfiguration", tag("Rule", tag("ApplyServerSideEncryptionByDefault", algorithm))))
}
