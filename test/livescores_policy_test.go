package test

import (
	"slices"
	"strings"
	"testing"

	"msklambda/test/internal/synthtest"
)

// grantsAt lists what one policy of a template allows, as grants does for all.
func (tpl *template) grantsAt(path string) []string {
	alone := &template{&synthtest.Template{Resources: map[string]*resource{path: tpl.at(path)}, T: tpl.T}}
	return alone.grants()
}

// What the three functions may do is exactly this, whatever else is said.
func TestTheFunctionsOfLiveScoresMayDoExactlyThis(t *testing.T) {
	long(t)
	tpl := synthLive(t)
	table := `{"Fn::GetAtt":["` + tpl.at("LiveScores/Table").ID + `","Arn"]}`
	followers := `{"Fn::GetAtt":["` + tpl.at("LiveScores/Followers").ID + `","Arn"]}`
	when := func(key, values string) string {
		return ` when {"ForAllValues:StringLike":{"dynamodb:` + key + `":` + values + `}}`
	}
	posts := `{"Fn::Join":["",["arn:aws:execute-api:us-east-1:111122223333:",{"Ref":"` + tpl.at("LiveScores/API").ID + `"},"/live/POST/@connections/*"]]}`
	queue := `{"Fn::GetAtt":["` + tpl.at("LiveScores/Posts/Queue").ID + `","Arn"]}`
	files := func(path, prefix string) string {
		return `{"Fn::Join":["",[{"Fn::GetAtt":["` + tpl.at(path).ID + `","Arn"]},"/` + prefix + `*"]]}`
	}
	own := func(path string) []string {
		logs := `{"Fn::GetAtt":["` + tpl.at(path).ID + `","Arn"]}`
		return []string{"logs:CreateLogStream on " + logs, "logs:PutLogEvents on " + logs}
	}
	traces := []string{"xray:PutTelemetryRecords on *", "xray:PutTraceSegments on *"}
	for path, want := range map[string][]string{
		"LiveScores/FanOutPolicy": {
			"dynamodb:GetItem on " + table, "dynamodb:PutItem on " + table + when("LeadingKeys", `["#index"]`), "dynamodb:Query on " + table + when("LeadingKeys", `["#index"]`), "dynamodb:UpdateItem on " + table,
			"s3:GetObject on " + files("LiveScores/Snapshots", "m/"), `s3:ListBucket on {"Fn::GetAtt":["` + tpl.at("LiveScores/Snapshots").ID + `","Arn"]}`, "s3:PutObject on " + files("LiveScores/Failed", "rejected/"),
			"s3:PutObject on " + files("LiveScores/Snapshots", "m/"), "sqs:SendMessage on " + queue},
		"LiveScores/Posts/Policy": slices.Concat([]string{
			"dynamodb:DeleteItem on " + followers + when("LeadingKeys", `["?*#?"]`), "dynamodb:GetItem on " + table, "dynamodb:PutItem on " + table + when("LeadingKeys", `["?*#?"]`),
			"dynamodb:Query on " + followers + when("LeadingKeys", `["?*#?"]`), "dynamodb:UpdateItem on " + table + when("Attributes", `["match","item","shards","version"]`),
			"execute-api:ManageConnections on " + posts}, own("LiveScores/Posts/LogGroup"), []string{"sqs:DeleteMessage on " + queue, "sqs:GetQueueAttributes on " + queue,
			"sqs:ReceiveMessage on " + queue, "sqs:SendMessage on " + queue}, traces),
		"LiveScores/Connections/Policy": slices.Concat([]string{
			"dynamodb:BatchWriteItem on " + followers + when("LeadingKeys", `["?*#?"]`), "dynamodb:DeleteItem on " + followers + when("LeadingKeys", `["?*#?"]`),
			"dynamodb:DeleteItem on " + followers + when("LeadingKeys", `["#connection#*"]`), "dynamodb:GetItem on " + followers + when("LeadingKeys", `["#connection#*"]`),
			"dynamodb:PutItem on " + followers + when("LeadingKeys", `["#connection#*"]`)}, own("LiveScores/Connections/LogGroup"), traces),
	} {
		slices.Sort(want)
		if got := tpl.grantsAt(path); !slices.Equal(got, want) {
			t.Errorf("%s allows\n%s\nwant\n%s", path, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	// Each policy is on the role of its function alone, and no role has another.
	attached := map[string][]string{}
	for path, r := range tpl.Resources {
		if r.Type != "AWS::IAM::Policy" {
			continue
		}
		for _, role := range many(r.Properties["Roles"]) {
			id := role.(map[string]any)["Ref"].(string)
			attached[id] = append(attached[id], path)
		}
	}
	for role, want := range map[string][]string{
		"LiveScores/FanOut/Role":      {"LiveScores/FanOut/Policy", "LiveScores/FanOutPolicy"},
		"LiveScores/Connections/Role": {"LiveScores/Connections/Policy"},
		"LiveScores/Posts/Role":       {"LiveScores/Posts/Policy"},
	} {
		r := tpl.at(role)
		got := attached[r.ID]
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("policies of %s = %q, want %q", role, got, want)
		}
		if r.Properties["ManagedPolicyArns"] != nil || r.Properties["Policies"] != nil {
			t.Errorf("%s = %s, want no other policies", role, asJSON(r.Properties))
		}
	}
}

// The page says of each function what it may do, by the names of the statements.
func TestThePageSaysWhatTheFunctionsOfLiveScoresMayDo(t *testing.T) {
	long(t)
	tpl := synthLive(t)
	var want []string
	for function, path := range map[string]string{"FanOut": "FanOutPolicy", "Poster": "Posts/Policy", "Connections": "Connections/Policy"} {
		document := tpl.at("LiveScores/" + path).Properties["PolicyDocument"].(map[string]any)
		for _, s := range many(document["Statement"]) {
			statement := s.(map[string]any)
			sid := statement["Sid"].(string)
			if sid == "Logs" || sid == "Traces" {
				continue // of every function
			}
			var actions []string
			for _, a := range many(statement["Action"]) {
				actions = append(actions, "`"+a.(string)+"`")
			}
			want = append(want, "| `"+function+"` | `"+sid+"` | "+strings.Join(actions, " ")+" |")
		}
	}
	var got []string
	_, page, _ := strings.Cut(synthtest.Page(t, "docs/live-scores.md"), "### What the functions may do")
	page, _, _ = strings.Cut(page, "\n## ")
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) == 6 && strings.HasPrefix(line, "| `") {
			got = append(got, strings.Join(cells[:4], "|")+"|")
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/live-scores.md says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Who may invoke the function of the routes: this API, this stage, each route.
func TestOnlyItsRoutesMayInvokeTheConnectionsFunction(t *testing.T) {
	long(t)
	tpl := synthLive(t)
	var got []string
	for _, r := range tpl.Resources {
		if r.Type != "AWS::Lambda::Permission" {
			continue
		}
		p := r.Properties
		if p["Principal"] != "apigateway.amazonaws.com" || p["Action"] != "lambda:InvokeFunction" ||
			!same(p["FunctionName"], map[string]any{"Fn::GetAtt": []any{tpl.at("LiveScores/Connections/Function").ID, "Arn"}}) {
			t.Errorf("permission = %s, want API Gateway to invoke the connections function", asJSON(p))
		}
		prefix := `{"Fn::Join":["",["arn:aws:execute-api:us-east-1:111122223333:",{"Ref":"` + tpl.at("LiveScores/API").ID + `"},"/live/`
		arn := asJSON(p["SourceArn"])
		route, ok := strings.CutPrefix(arn, prefix)
		if !ok {
			t.Errorf("source = %s, want a route of the stage", arn)
		}
		got = append(got, strings.TrimSuffix(route, `"]]}`))
	}
	slices.Sort(got)
	if want := []string{"$default", "$disconnect", "subscribe"}; !slices.Equal(got, want) {
		t.Errorf("routes that may invoke = %q, want %q", got, want)
	}
}
