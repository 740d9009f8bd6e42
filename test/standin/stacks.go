package standin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (q *request) stackResources() {
	name := q.form.Get("StackName")
	ids, ok := q.cloud.Stacks[name]
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
	some, next := page(slices.Sorted(maps.Keys(q.cloud.Stacks)), q.form.Get("NextToken"))
	q.xml(tag("Stacks", each(some, "member", func(name string) string {
		return text("StackName", name) + text("StackStatus", "CREATE_COMPLETE") + text("CreationTime", "2026-11-01T00:00:00Z")
	})) + text("NextToken", next))
}

func (q *request) stackEvents() {
	name := q.form.Get("StackName")
	id := "arn:aws:cloudformation:" + Region + ":" + Account + ":stack/" + name + "/1"
	event := func(kind, physical, status, reason string) string {
		return tag("member", text("EventId", "1")+text("StackId", id)+text("StackName", name)+text("Timestamp", "2026-11-01T00:00:00Z")+text("ResourceType", kind)+
			text("PhysicalResourceId", physical)+text("ResourceStatus", status)+text("ResourceStatusReason", reason))
	}
	const stack = "AWS::CloudFormation::Stack"
	content := event(stack, id, "UPDATE_COMPLETE", "")
	if failed := q.cloud.Events[name]; failed != nil {
		content = event(stack, id, "UPDATE_ROLLBACK_COMPLETE", "")
		for _, reason := range failed {
			content += event("AWS::EC2::VPCEndpoint", "", "CREATE_FAILED", reason)
		}
		content += event(stack, id, "UPDATE_IN_PROGRESS", "User Initiated") + event("AWS::EC2::VPCEndpoint", "", "CREATE_FAILED", "of an earlier deploy")
	}
	q.xml(tag("StackEvents", content))
}
