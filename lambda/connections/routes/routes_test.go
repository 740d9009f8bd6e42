package routes

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/table"
	"msklambda/test/local/dynalite"
)

func newTable(t *testing.T) (tbl *table.Table, client *dynamodb.Client, name string) {
	t.Helper()
	server, name := dynalite.ForTest(t)
	return table.New(server.Client(), name), server.Client(), name
}

// call sends a message over a route and returns what the browser gets.
func call(t *testing.T, tbl *table.Table, route, connection, body string) string {
	t.Helper()
	out, err := Handler(tbl)(t.Context(), request(route, connection, body))
	if err != nil {
		t.Fatalf("%s %s: %v", route, body, err)
	}
	if out.StatusCode != 200 {
		t.Errorf("%s %s = status %d, want 200", route, body, out.StatusCode)
	}
	return out.Body
}

func request(route, connection, body string) events.APIGatewayWebsocketProxyRequest {
	return events.APIGatewayWebsocketProxyRequest{
		Body: body,
		RequestContext: events.APIGatewayWebsocketProxyRequestContext{
			RouteKey: route, ConnectionID: connection, ConnectedAt: 1800000000_000,
		},
	}
}

func followers(t *testing.T, tbl *table.Table, match string) (all []string) {
	t.Helper()
	for c, err := range tbl.Connections(t.Context(), match) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestAConnectionsLife(t *testing.T) {
	tbl, _, _ := newTable(t)
	if _, _, err := tbl.Claim(t.Context(), "b", 4, []byte(`{"match":"b","sequence":4}`), time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ route, body, want string }{
		{layout.Connect, "", ""},
		{layout.Subscribe, `{"action":"subscribe","match":"a"}`, `{"type":"subscribed","match":"a"}`},
		{layout.Subscribe, `{"action":"subscribe","match":"b"}`, `{"type":"subscribed","match":"b","events":[{"match":"b","sequence":4}]}`},
		{layout.Subscribe, `{"action":"subscribe","match":"b"}`, `{"type":"subscribed","match":"b","events":[{"match":"b","sequence":4}]}`},
		{layout.Subscribe, `{"action":"subscribe","match":"c"}`, `{"type":"subscribed","match":"c"}`},
		{layout.Unsubscribe, `{"action":"unsubscribe","match":"c"}`, `{"type":"unsubscribed","match":"c"}`},
		{layout.Unsubscribe, `{"action":"unsubscribe","match":"c"}`, `{"type":"unsubscribed","match":"c"}`},
	} {
		if got := call(t, tbl, step.route, "one=", step.body); got != step.want {
			t.Errorf("%s %s = %s, want %s", step.route, step.body, got, step.want)
		}
	}
	call(t, tbl, layout.Subscribe, "two=", `{"match":"a"}`)
	for match, want := range map[string]string{"a": "one= two=", "b": "one=", "c": ""} {
		if got := strings.Join(followers(t, tbl, match), " "); got != want {
			t.Errorf("followers of %s = %q, want %q", match, got, want)
		}
	}
	if got := call(t, tbl, layout.Disconnect, "one=", ""); got != "" {
		t.Errorf("answer to a disconnect = %q, want none", got)
	}
	for match, want := range map[string]string{"a": "two=", "b": "", "c": ""} {
		if got := strings.Join(followers(t, tbl, match), " "); got != want {
			t.Errorf("followers of %s after the disconnect = %q, want %q", match, got, want)
		}
	}
}

func TestWhatIsNotUnderstoodIsAnswered(t *testing.T) {
	tbl := table.New(nil, "") // none of this reaches the table
	for body, want := range map[string]string{
		`{"action":"subscribe"}`:               `match must be 1 to 64`,
		`{"action":"subscribe","match":"a b"}`: `got \"a b\"`,
		`{"action":"subscribe","match":7}`:     `the message must be a JSON object`,
		`subscribe`:                            `the message must be a JSON object`,
		`{"action":"subscribe","match":"` + strings.Repeat("m", 1000) + `"}`: `match must be`,
	} {
		for _, route := range []string{layout.Subscribe, layout.Unsubscribe} {
			got := call(t, tbl, route, "one=", body)
			if !strings.HasPrefix(got, `{"type":"error"`) || !strings.Contains(got, want) || len(got) > 300 {
				t.Errorf("%s %s = %s, want an error with %s", route, body, got, want)
			}
		}
	}
	if got := call(t, tbl, layout.Default, "one=", "hello"); !strings.Contains(got, `the action must be`) {
		t.Errorf("default = %s, want what the actions are", got)
	}
}

func TestASubscriptionEndsWithItsConnectionAtTheLatest(t *testing.T) {
	tbl, client, name := newTable(t)
	call(t, tbl, layout.Subscribe, "one=", `{"match":"a"}`)
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: map[string]types.AttributeValue{
		layout.Match: &types.AttributeValueMemberS{Value: "a"},
		layout.Item:  &types.AttributeValueMemberS{Value: layout.ConnectionPrefix + "one="},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.Item[layout.Expires].(*types.AttributeValueMemberN).Value, "1800007200"; got != want {
		t.Errorf("expires = %s, want %s: two hours after the connection began", got, want)
	}
	if got := time.Until(end(events.APIGatewayWebsocketProxyRequest{})); got > layout.ConnectionLife || got < layout.ConnectionLife-time.Minute {
		t.Errorf("without the time of the connection, it ends in %v, want %v", got, layout.ConnectionLife)
	}
}

func TestATableThatIsAwayIsAnError(t *testing.T) {
	_, client, _ := newTable(t)
	missing := table.New(client, "nowhere")
	for _, route := range []string{layout.Subscribe, layout.Unsubscribe, layout.Disconnect} {
		if _, err := Handler(missing)(t.Context(), request(route, "one=", `{"match":"a"}`)); err == nil {
			t.Errorf("%s = nil, want an error", route)
		}
	}
}
