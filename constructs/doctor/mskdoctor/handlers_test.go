package main

import (
	"encoding/json"
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
			q.xml(text("Account", accountID) + text("UserId", "AIDAEXAMPLE") + text("Arn", "arn:aws:iam::"+accountID+":user/somebody"))
		},
		"lambda.GetEventSourceMapping":    (*request).mapping,
		"lambda.ListEventSourceMappings":  (*request).mappings,
		"lambda.GetFunctionConfiguration": (*request).function,
		"lambda.GetFunctionConcurrency": func(q *request) {
			answer := object{}
			if n, ok := q.cloud.throttled[q.path[0]]; ok {
				answer["ReservedConcurrentExecutions"] = n
			}
			q.json(answer)
		},
		"kafka.DescribeClusterV2":            (*request).cluster,
		"kafka.DescribeTopic":                (*request).topic,
		"kafka.ListScramSecrets":             func(q *request) { q.json(object{"secretArnList": q.cloud.scram}) },
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
	i := slices.IndexFunc(q.cloud.mappings, func(m object) bool { return m["UUID"] == q.path[0] })
	if i < 0 {
		q.fail(http.StatusNotFound, "ResourceNotFoundException", "The resource you requested does not exist.")
		return
	}
	q.json(q.cloud.mappings[i])
}

func (q *request) mappings() {
	var found []object
	query := q.r.URL.Query()
	for _, m := range q.cloud.mappings {
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
	answer := object{"EventSourceMappings": append([]object{}, some...)}
	if next != "" {
		answer["NextMarker"] = next
	}
	q.json(answer)
}

func (q *request) function() {
	name := q.path[0]
	fn, ok := q.cloud.functions[name[strings.LastIndex(name, "function:")+len("function:"):]]
	if !ok {
		q.fail(http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+name)
		return
	}
	q.json(fn)
}

func (q *request) cluster() {
	c, ok := q.cloud.clusters[q.path[0]]
	if !ok {
		q.fail(http.StatusNotFound, "NotFoundException", "Cluster not found.")
		return
	}
	q.json(object{"clusterInfo": c})
}

func (q *request) topic() {
	n, ok := q.cloud.topics[q.path[1]]
	if !ok {
		q.fail(http.StatusNotFound, "NotFoundException", "Topic not found.")
		return
	}
	q.json(object{"topicName": q.path[1], "partitionCount": n, "replicationFactor": 3, "status": "ACTIVE"})
}

func (q *request) connection() {
	c, ok := q.cloud.links[q.path[0]]
	if !ok {
		q.fail(http.StatusNotFound, "NotFoundException", "VPC connection not found.")
		return
	}
	q.json(c)
}

func (q *request) subnets() {
	wanted := q.all("SubnetId")
	var found []subnet
	for _, s := range q.cloud.subnets {
		if slices.Contains(wanted, s.id) {
			found = append(found, s)
		}
	}
	if len(found) < len(wanted) {
		q.fail(http.StatusBadRequest, "InvalidSubnetID.NotFound", "The subnet ID does not exist")
		return
	}
	owner := accountID
	if q.cloud.owner != "" {
		owner = q.cloud.owner
	}
	some, next := page(found, q.form.Get("NextToken"))
	q.xml(tag("subnetSet", each(some, "item", func(s subnet) string {
		return text("subnetId", s.id) + text("vpcId", q.cloud.vpc) + text("cidrBlock", s.cidr) + text("state", "available") + text("ownerId", owner)
	})) + text("nextToken", next))
}

func (q *request) attribute() {
	name := q.form.Get("Attribute")
	q.xml(text("vpcId", q.cloud.vpc) + tag(name, text("value", fmt.Sprint(q.cloud.dns[name]))))
}

func (q *request) endpoints() {
	if !q.ofVPC() {
		q.xml("<vpcEndpointSet/>")
		return
	}
	some, next := page(q.cloud.endpoints, q.form.Get("NextToken"))
	q.xml(tag("vpcEndpointSet", each(some, "item", func(e endpoint) string {
		tags := ""
		if e.owner != "" {
			tags = tag("item", text("key", "msklambda:stack")+text("value", e.owner))
		}
		return text("vpcEndpointId", e.id) + text("vpcEndpointType", e.kind) + text("vpcId", q.cloud.vpc) + text("serviceName", "com.amazonaws."+homeRegion+"."+e.service) +
			text("state", e.state) + text("policyDocument", e.policy) + text("privateDnsEnabled", fmt.Sprint(e.dns)) +
			tag("subnetIdSet", each(e.subnets, "item", escape)) +
			tag("groupSet", each(e.groups, "item", func(g string) string { return text("groupId", g) + text("groupName", "n") })) + tag("tagSet", tags)
	})) + text("nextToken", next))
}

func (q *request) tables() {
	if !q.ofVPC() {
		q.xml("<routeTableSet/>")
		return
	}
	some, next := page(slices.Sorted(maps.Keys(q.cloud.tables)), q.form.Get("NextToken"))
	q.xml(tag("routeTableSet", each(some, "item", func(id string) string {
		associations := ""
		if id == "main" {
			associations = tag("item", text("main", "true")+text("routeTableId", "rtb-main"))
		}
		for _, s := range q.cloud.subnets {
			if s.table == id && id != "main" {
				associations += tag("item", text("main", "false")+text("subnetId", s.id))
			}
		}
		return text("routeTableId", "rtb-"+id) + text("vpcId", q.cloud.vpc) + tag("routeSet", each(q.cloud.tables[id], "item", func(r route) string {
			kind := "destinationCidrBlock"
			if strings.HasPrefix(r.to, "pl-") {
				kind = "destinationPrefixListId"
			}
			return text(kind, r.to) + text(r.kind, r.target) + text("state", r.state) + text("origin", "CreateRoute")
		})) + tag("associationSet", associations)
	})) + text("nextToken", next))
}

func (q *request) acls() {
	if !q.ofVPC() {
		q.xml("<networkAclSet/>")
		return
	}
	some, next := page(slices.Sorted(maps.Keys(q.cloud.acls)), q.form.Get("NextToken"))
	q.xml(tag("networkAclSet", each(some, "item", func(id string) string {
		associations := ""
		for _, s := range q.cloud.subnets {
			if s.acl == id {
				associations += tag("item", text("networkAclId", id)+text("subnetId", s.id))
			}
		}
		// The entry that EC2 has last, which denies everything.
		entries := append(slices.Clone(q.cloud.acls[id]), aclEntry{32767, false, "deny", "-1", 0, 0, "0.0.0.0/0"}, aclEntry{32767, true, "deny", "-1", 0, 0, "0.0.0.0/0"})
		return text("networkAclId", id) + text("vpcId", q.cloud.vpc) + tag("entrySet", each(entries, "item", func(e aclEntry) string {
			ports := ""
			if e.protocol != "-1" {
				ports = tag("portRange", text("from", fmt.Sprint(e.from))+text("to", fmt.Sprint(e.to)))
			}
			return text("ruleNumber", fmt.Sprint(e.number)) + text("protocol", e.protocol) + text("ruleAction", e.action) + text("egress", fmt.Sprint(e.out)) + text("cidrBlock", e.cidr) + ports
		})) + tag("associationSet", associations)
	})) + text("nextToken", next))
}

func (q *request) groups() {
	some, next := page(q.all("GroupId"), q.form.Get("NextToken"))
	q.xml(tag("securityGroupInfo", each(some, "item", func(id string) string {
		direction := func(out bool) string {
			var rules []permission
			for _, p := range q.cloud.groups[id] {
				if p.out == out {
					rules = append(rules, p)
				}
			}
			return each(rules, "item", func(p permission) string {
				content := text("ipProtocol", p.protocol)
				if p.protocol != "-1" {
					content += text("fromPort", fmt.Sprint(p.port)) + text("toPort", fmt.Sprint(p.port))
				}
				groups, ranges, lists := "", "", ""
				switch {
				case strings.HasPrefix(p.peer, "sg-"):
					groups = tag("item", text("userId", accountID)+text("groupId", p.peer))
				case strings.HasPrefix(p.peer, "pl-"):
					lists = tag("item", text("prefixListId", p.peer))
				default:
					ranges = tag("item", text("cidrIp", p.peer))
				}
				return content + tag("groups", groups) + tag("ipRanges", ranges) + "<ipv6Ranges/>" + tag("prefixListIds", lists)
			})
		}
		return text("ownerId", accountID) + text("groupId", id) + text("groupName", "n") + text("vpcId", q.cloud.vpc) +
			tag("ipPermissions", direction(false)) + tag("ipPermissionsEgress", direction(true))
	})) + text("nextToken", next))
}

func (q *request) prefixes() {
	q.xml(tag("entrySet", tag("item", text("cidr", "10.0.0.0/16"))))
}

func (q *request) role() {
	name := q.form.Get("RoleName")
	trust, ok := q.cloud.trust[name]
	if !ok {
		q.fail(http.StatusNotFound, "NoSuchEntity", "The role with name "+name+" cannot be found.")
		return
	}
	q.xml(tag("Role", text("RoleName", name)+text("Path", "/")+text("Arn", roleARN)+text("RoleId", "AROAEXAMPLE")+text("CreateDate", "2026-11-01T00:00:00Z")+
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
	results := each(q.all("ActionNames.member"), "member", func(action string) string {
		decision := "implicitDeny"
		for _, s := range q.cloud.allows {
			if matches(s["Action"], action) && (matches(s["Resource"], resource)) {
				decision = "allowed"
				if s["Effect"] == "Deny" {
					decision = "explicitDeny"
					break
				}
			}
		}
		more := ""
		if slices.Contains(q.cloud.orgs, action) {
			decision = "implicitDeny"
			more = tag("OrganizationsDecisionDetail", text("AllowedByOrganizations", "false"))
		}
		if decision != "allowed" {
			more += tag("MissingContextValues", each(q.cloud.missing, "member", escape))
		}
		return text("EvalActionName", action) + text("EvalResourceName", resource) + text("EvalDecision", decision) + more
	})
	q.xml(tag("EvaluationResults", results) + text("IsTruncated", "false"))
}

func (q *request) secret() {
	s, ok := q.cloud.secrets[q.input["SecretId"].(string)]
	if !ok {
		q.fail(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		return
	}
	q.json(s)
}

func (q *request) key() {
	arn := q.input["KeyId"].(string)
	state, ok := q.cloud.keys[arn]
	if !ok {
		q.fail(http.StatusBadRequest, "NotFoundException", "Key '"+arn+"' does not exist")
		return
	}
	q.json(object{"KeyMetadata": object{"Arn": arn, "KeyId": arn[strings.LastIndex(arn, "/")+1:], "KeyState": state, "KeyManager": "CUSTOMER"}})
}

func (q *request) keyPolicy() {
	q.json(object{"Policy": q.cloud.policy[q.input["KeyId"].(string)]})
}

func (q *request) queue() {
	name := q.input["QueueName"].(string)
	if _, ok := q.cloud.queues[name]; !ok {
		q.w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
		q.fail(http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
		return
	}
	q.json(object{"QueueUrl": "https://sqs." + homeRegion + ".amazonaws.com/" + accountID + "/" + name})
}

func (q *request) queueAttributes() {
	queue := q.input["QueueUrl"].(string)
	q.json(object{"Attributes": q.cloud.queues[queue[strings.LastIndex(queue, "/")+1:]]})
}

func (q *request) snsTopic() {
	q.fail(http.StatusNotFound, "NotFound", "Topic does not exist")
}

func (q *request) bucket() {
	key, ok := q.cloud.buckets[q.path[0]]
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

func (q *request) stackResources() {
	name := q.form.Get("StackName")
	ids, ok := q.cloud.stacks[name]
	if !ok {
		q.fail(http.StatusBadRequest, "ValidationError", "Stack with id "+name+" does not exist")
		return
	}
	some, next := page(append([]string{"first-function"}, ids...), q.form.Get("NextToken"))
	q.xml(tag("StackResourceSummaries", each(some, "member", func(id string) string {
		kind := "AWS::Lambda::EventSourceMapping"
		if strings.HasSuffix(id, "function") {
			kind = "AWS::Lambda::Function"
		}
		return text("LogicalResourceId", "L") + text("PhysicalResourceId", id) + text("ResourceType", kind) + text("ResourceStatus", "CREATE_COMPLETE") + text("LastUpdatedTimestamp", "2026-11-01T00:00:00Z")
	})) + text("NextToken", next))
}

func (q *request) stackNames() {
	some, next := page(slices.Sorted(maps.Keys(q.cloud.stacks)), q.form.Get("NextToken"))
	q.xml(tag("Stacks", each(some, "member", func(name string) string {
		return text("StackName", name) + text("StackStatus", "CREATE_COMPLETE") + text("CreationTime", "2026-11-01T00:00:00Z")
	})) + text("NextToken", next))
}

func (q *request) stackEvents() {
	name := q.form.Get("StackName")
	id := "arn:aws:cloudformation:" + homeRegion + ":" + accountID + ":stack/" + name + "/1"
	event := func(kind, physical, status, reason string) string {
		return tag("member", text("EventId", "1")+text("StackId", id)+text("StackName", name)+text("Timestamp", "2026-11-01T00:00:00Z")+text("ResourceType", kind)+
			text("PhysicalResourceId", physical)+text("ResourceStatus", status)+text("ResourceStatusReason", reason))
	}
	const stack = "AWS::CloudFormation::Stack"
	content := event(stack, id, "UPDATE_COMPLETE", "")
	if failed := q.cloud.events[name]; failed != nil {
		content = event(stack, id, "UPDATE_ROLLBACK_COMPLETE", "")
		for _, reason := range failed {
			content += event("AWS::EC2::VPCEndpoint", "", "CREATE_FAILED", reason)
		}
		content += event(stack, id, "UPDATE_IN_PROGRESS", "User Initiated") + event("AWS::EC2::VPCEndpoint", "", "CREATE_FAILED", "of an earlier deploy")
	}
	q.xml(tag("StackEvents", content))
}

func compact(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(out)
}
