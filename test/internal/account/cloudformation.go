package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// changeSet is what is to be done to a stack.
type changeSet struct {
	name, id, kind string
	template       string
	parsed         *template
	reason         string            // why it failed
	imports        map[string]string // physical by logical id
	changes        []change
}

type change struct {
	action, logical, typ, physical, replacement string

	properties map[string]bool // by whether they change in place
}

const created = "2026-01-01T00:00:00Z"

func (a *Account) cloudFormation(w http.ResponseWriter, form url.Values) {
	operation, name := form.Get("Action"), form.Get("StackName")
	stack := a.find(name)
	missing := func() bool {
		if stack == nil {
			refuse(w, "ValidationError", "Stack with id "+name+" does not exist")
		}
		return stack == nil
	}
	answer := func(result string) { answerXML(w, http.StatusOK, operation, result) }
	switch operation {
	case "DescribeStacks":
		if name == "" {
			var all string
			for _, name := range slices.Sorted(maps.Keys(a.stacks)) {
				all += a.stacks[name].describe()
			}
			answer("<Stacks>" + all + "</Stacks>")
		} else if !missing() {
			answer("<Stacks>" + stack.describe() + "</Stacks>")
		}
	case "ListStacks":
		var all string
		for _, name := range slices.Sorted(maps.Keys(a.stacks)) {
			s := a.stacks[name]
			all += "<member>" + tag("StackId", s.ID) + tag("StackName", s.Name) + tag("StackStatus", s.Status) + tag("CreationTime", created) + "</member>"
		}
		answer("<StackSummaries>" + all + "</StackSummaries>")
	case "GetTemplate":
		if !missing() {
			answer(tag("TemplateBody", stack.Template))
		}
	case "DescribeStackEvents":
		if !missing() {
			var all string
			for i := len(stack.events) - 1; i >= 0; i-- {
				e := stack.events[i]
				all += "<member>" + tag("EventId", fmt.Sprint(i)) + tag("StackId", stack.ID) + tag("StackName", stack.Name) + tag("LogicalResourceId", e.logical) +
					tag("PhysicalResourceId", e.physical) + tag("ResourceType", e.typ) + tag("ResourceStatus", e.status) +
					tag("ResourceStatusReason", e.reason) + tag("Timestamp", "2099-01-01T00:00:00Z") + "</member>"
			}
			answer("<StackEvents>" + all + "</StackEvents>")
		}
	case "ListStackResources", "DescribeStackResources":
		if !missing() {
			var all string
			for _, logical := range slices.Sorted(maps.Keys(stack.Resources)) {
				r := stack.Resources[logical]
				all += "<member>" + tag("LogicalResourceId", logical) + tag("PhysicalResourceId", r.Physical) + tag("ResourceType", r.Type) +
					tag("LastUpdatedTimestamp", created) + tag("Timestamp", created) + tag("ResourceStatus", "CREATE_COMPLETE") + "</member>"
			}
			answer(map[string]string{"ListStackResources": "<StackResourceSummaries>" + all + "</StackResourceSummaries>",
				"DescribeStackResources": "<StackResources>" + all + "</StackResources>"}[operation])
		}
	case "GetTemplateSummary":
		a.summarize(answer, w, form)
	case "CreateChangeSet":
		a.createChangeSet(answer, w, form)
	case "DescribeChangeSet":
		if set := stack.changeSet(form.Get("ChangeSetName")); set == nil {
			refuse(w, "ChangeSetNotFound", "ChangeSet ["+form.Get("ChangeSetName")+"] does not exist")
		} else {
			answer(set.describe(stack))
		}
	case "ExecuteChangeSet":
		if set := stack.changeSet(form.Get("ChangeSetName")); set == nil {
			refuse(w, "ChangeSetNotFound", "ChangeSet ["+form.Get("ChangeSetName")+"] does not exist")
		} else {
			a.execute(stack, set)
			answer("")
		}
	case "DeleteChangeSet":
		if stack != nil {
			delete(stack.changeSets, form.Get("ChangeSetName"))
		}
		answer("")
	case "DeleteStack":
		if stack != nil {
			a.Log = append(a.Log, "delete stack "+stack.Name)
			a.update(stack, &template{})
			stack.Status = "DELETE_COMPLETE"
			delete(a.stacks, stack.Name)
		}
		answer("")
	case "UpdateTerminationProtection":
		answer(tag("StackId", name))
	default:
		refuse(w, "InvalidAction", "this account does not know "+operation)
	}
}

// find finds a stack by its name or id.
func (a *Account) find(name string) *Stack {
	for _, s := range a.stacks {
		if s.Name == name || s.ID == name {
			return s
		}
	}
	return nil
}

func (s *Stack) changeSet(name string) *changeSet {
	if s == nil {
		return nil
	}
	for _, set := range s.changeSets {
		if set.name == name || set.id == name {
			return set
		}
	}
	return nil
}

func (s *Stack) describe() string {
	out := "<member>" + tag("StackId", s.ID) + tag("StackName", s.Name) + tag("StackStatus", s.Status) + tag("CreationTime", created) + "<Outputs>"
	for _, key := range slices.Sorted(maps.Keys(s.Outputs)) {
		out += "<member>" + tag("OutputKey", key) + tag("OutputValue", s.Outputs[key]) + tag("Description", s.described[key]) + "</member>"
	}
	out += "</Outputs><Tags>"
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		out += "<member>" + tag("Key", key) + tag("Value", s.Tags[key]) + "</member>"
	}
	return out + "</Tags></member>"
}

func (c *changeSet) describe(s *Stack) string {
	status, execution := "CREATE_COMPLETE", "AVAILABLE"
	if c.reason != "" {
		status, execution = "FAILED", "UNAVAILABLE"
	}
	out := tag("ChangeSetName", c.name) + tag("ChangeSetId", c.id) + tag("StackId", s.ID) + tag("StackName", s.Name) + tag("Status", status) +
		tag("ExecutionStatus", execution) + tag("StatusReason", c.reason) + tag("CreationTime", created) + "<Changes>"
	for _, each := range c.changes {
		out += "<member>" + tag("Type", "Resource") + "<ResourceChange>" + tag("Action", each.action) + tag("LogicalResourceId", each.logical) +
			tag("PhysicalResourceId", each.physical) + tag("ResourceType", each.typ) + tag("Replacement", each.replacement) + "<Details>"
		for _, name := range slices.Sorted(maps.Keys(each.properties)) {
			recreation := map[bool]string{true: "Never", false: "Always"}[each.properties[name]]
			out += "<member><Target>" + tag("Attribute", "Properties") + tag("Name", name) + tag("RequiresRecreation", recreation) + "</Target>" +
				tag("Evaluation", "Static") + tag("ChangeSource", "DirectModification") + "</member>"
		}
		out += "</Details></ResourceChange></member>"
	}
	return out + "</Changes>"
}

// templateOf takes the template of a request, in JSON. The CLI sends some in YAML.
func (a *Account) templateOf(form url.Values) (string, error) {
	text, err := a.uploaded(form)
	if err != nil || json.Valid([]byte(text)) {
		return text, err
	}
	converted, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return "", refused("Template format error: YAML not well-formed: %v", err)
	}
	return string(converted), nil
}

// uploaded is the template of a request, from its body or from S3.
func (a *Account) uploaded(form url.Values) (string, error) {
	if body := form.Get("TemplateBody"); body != "" {
		return body, nil
	}
	u, err := url.Parse(form.Get("TemplateURL"))
	if err != nil {
		return "", err
	}
	bucket, _, virtual := strings.Cut(u.Host, ".s3.")
	for _, path := range []string{u.Path, "/" + bucket + u.Path} {
		if object := a.objects[path]; object != nil && (virtual || path == u.Path) {
			return string(object), nil
		}
	}
	return "", fmt.Errorf("S3 error: there is no %s", u)
}

func (a *Account) createChangeSet(answer func(string), w http.ResponseWriter, form url.Values) {
	text, err := a.templateOf(form)
	if err != nil {
		refuse(w, "ValidationError", err.Error())
		return
	}
	parsed, err := a.parse(text)
	if err != nil {
		refuse(w, "ValidationError", err.Error())
		return
	}
	name := form.Get("StackName")
	stack := a.find(name)
	if stack == nil {
		a.next++
		stack = &Stack{Name: name, ID: fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%08d", a.Region, a.ID, name, a.next),
			Status: "REVIEW_IN_PROGRESS", Resources: map[string]*Resource{}, changeSets: map[string]*changeSet{}}
		a.stacks[name] = stack
	}
	stack.Tags = tagsOf(form)
	set := &changeSet{name: form.Get("ChangeSetName"), kind: form.Get("ChangeSetType"), template: text, parsed: parsed, imports: map[string]string{}}
	set.id = stack.ID + "/" + set.name
	for i := 1; form.Has(fmt.Sprintf("ResourcesToImport.member.%d.LogicalResourceId", i)); i++ {
		prefix := fmt.Sprintf("ResourcesToImport.member.%d.", i)
		set.imports[form.Get(prefix+"LogicalResourceId")] = form.Get(prefix + "ResourceIdentifier.entry.1.value")
	}
	set.changes = stack.changes(parsed, set.imports)
	switch {
	case set.kind == "IMPORT":
		set.reason = a.refuseImport(stack, set)
	case len(set.changes) == 0 && stack.Template != "" && sameOutputs(stack.Template, text):
		set.reason = "The submitted information didn't contain changes. Submit different information to create a change set."
	}
	stack.changeSets[set.name] = set
	answer(tag("Id", set.id) + tag("StackId", stack.ID))
}

func tagsOf(form url.Values) map[string]string {
	out := map[string]string{}
	for i := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		out[form.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = form.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	return out
}

// refuseImport says why resources cannot be taken over, "" where they can.
func (a *Account) refuseImport(s *Stack, set *changeSet) string {
	for _, c := range set.changes {
		_, isImport := set.imports[c.logical]
		switch {
		case c.action != "Import" && c.typ != "AWS::CDK::Metadata":
			return "As part of the import operation, you cannot modify or add [" + c.logical + "]"
		case !isImport:
		case notImportable[c.typ]:
			return "ResourceTypes [" + c.typ + "] are not supported for Import"
		case set.parsed.Resources[c.logical].DeletionPolicy == "":
			return "Resources [" + c.logical + "] is missing DeletionPolicy attribute"
		case a.Resources[c.typ][set.imports[c.logical]] == nil:
			return "Resource " + set.imports[c.logical] + " of type " + c.typ + " does not exist"
		case a.owner(c.typ, set.imports[c.logical]) != "":
			return "Resource " + set.imports[c.logical] + " already exists in stack " + a.owner(c.typ, set.imports[c.logical])
		}
	}
	return ""
}

// notImportable has no read handler (aws/aws-cdk#26420).
var notImportable = map[string]bool{"AWS::IAM::Policy": true}

func (a *Account) owner(typ, physical string) string {
	for _, s := range a.stacks {
		for _, r := range s.Resources {
			if r.Type == typ && r.Physical == physical {
				return s.Name
			}
		}
	}
	return ""
}

// summarize says how the resources of a template are identified at an import.
func (a *Account) summarize(answer func(string), w http.ResponseWriter, form url.Values) {
	text, err := a.templateOf(form)
	if err != nil {
		refuse(w, "ValidationError", err.Error())
		return
	}
	parsed, err := a.parse(text)
	if err != nil {
		refuse(w, "ValidationError", err.Error())
		return
	}
	byType := map[string][]string{}
	for logical, r := range parsed.Resources {
		byType[r.Type] = append(byType[r.Type], logical)
	}
	var all string
	for _, typ := range slices.Sorted(maps.Keys(byType)) {
		key := identifiers[typ]
		if key == "" || notImportable[typ] {
			continue
		}
		all += "<member>" + tag("ResourceType", typ) + "<LogicalResourceIds>"
		for _, logical := range byType[typ] {
			all += tag("member", logical)
		}
		all += "</LogicalResourceIds><ResourceIdentifiers>" + tag("member", key) + "</ResourceIdentifiers></member>"
	}
	answer("<ResourceIdentifierSummaries>" + all + "</ResourceIdentifierSummaries>")
}
