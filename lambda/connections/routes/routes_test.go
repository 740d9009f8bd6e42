package routes

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/table"
	"msklambda/test/local/dynalite"
)

const limit = 3

func newTable(t *testing.T) (tbl *table.Audience, client *dynamodb.Client, name string) {
	t.Helper()
	server, name := dynalite.ForTest(t)
	name = dynalite.Followers(name)
	return table.NewAudience(server.Client(), name), server.Client(), name
}

// call sends a message over a route and returns what the browser gets.
func call(t *testing.T, tbl *table.Audience, route, connection, body string) string {
	t.Helper()
	out, err := Handler(tbl, limit)(t.Context(), request(route, connection, body))
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

// follow is a message that follows matches.
func follow(ids ...string) string {
	var all []string
	for _, id := range ids {
		all = append(all, fmt.Sprintf(`{"match":%q,"sequence":4,"epoch":1}`, id))
	}
	return `{"action":"subscribe","matches":[` + strings.Join(all, ",") + `]}`
}

func followers(t *testing.T, tbl *table.Audience, match string) (all []table.Follower) {
	t.Helper()
	for slot := 0; slot < layout.Slots; slot = layout.LastOfPartition(slot) + 1 {
		page, _, err := tbl.Followers(t.Context(), match, slot, "", layout.LastOfPartition(slot), 100)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
	}
	return all
}

func TestAConnectionsLife(t *testing.T) {
	tbl, _, _ := newTable(t)
	for _, step := range []struct{ route, body, want string }{
		{layout.Subscribe, follow("a"), `{"type":"subscribed","matches":["a"]}`},
		{layout.Subscribe, follow("a", "b", "c"), `{"type":"subscribed","matches":["a","b","c"]}`},
		{layout.Subscribe, follow("a", "b"), `{"type":"subscribed","matches":["a","b"]}`},
	} {
		if got := call(t, tbl, step.route, "one=", step.body); got != step.want {
			t.Errorf("%s %s = %s, want %s", step.route, step.body, got, step.want)
		}
	}
	call(t, tbl, layout.Subscribe, "two=", follow("a"))
	for match, want := range map[string]int{"a": 2, "b": 1, "c": 0} {
		if got := followers(t, tbl, match); len(got) != want {
			t.Errorf("followers of %s = %+v, want %d", match, got, want)
		}
	}
	if got := followers(t, tbl, "b")[0]; got != (table.Follower{Connection: "one=", Epoch: 1, Sequence: 4}) {
		t.Errorf("follower = %+v, want what it has", got)
	}
	if got := call(t, tbl, layout.Disconnect, "one=", ""); got != "" {
		t.Errorf("answer to a disconnect = %q, want none", got)
	}
	for match, want := range map[string]int{"a": 1, "b": 0} {
		if got := followers(t, tbl, match); len(got) != want {
			t.Errorf("followers of %s after the disconnect = %+v, want %d", match, got, want)
		}
	}
	if got := call(t, tbl, layout.Subscribe, "two=", follow()); got != `{"type":"subscribed"}` {
		t.Errorf("answer to following nothing = %s", got)
	}
	if got := followers(t, tbl, "a"); len(got) != 0 {
		t.Errorf("followers of a = %+v, want none", got)
	}
}

// One match that is wrong, or one too many, does not cost the others.
func TestWhatCannotBeFollowedIsLeftOut(t *testing.T) {
	tbl, _, _ := newTable(t)
	for body, want := range map[string]string{
		follow("a b", "a"):              `{"type":"subscribed","matches":["a"],"error":"match must be 1 to 64 letters, digits or any of . _ : -, got \"a b\""}`,
		follow("a", "b", "c", "d", "e"): `{"type":"subscribed","matches":["a","b","c"],"error":"matches must be at most 3 for a connection, got 5"}`,
		follow("a", "a", "b", "b", "c"): `{"type":"subscribed","matches":["a","b","c"]}`,
	} {
		if got := call(t, tbl, layout.Subscribe, "one=", body); got != want {
			t.Errorf("%s = %s, want %s", body, got, want)
		}
	}
	if got := followers(t, tbl, "d"); len(got) != 0 {
		t.Errorf("followers beyond the limit = %+v, want none", got)
	}
}

func TestWhatIsNotUnderstoodIsAnswered(t *testing.T) {
	tbl := table.NewAudience(nil, "") // none of this reaches the table
	for _, body := range []string{`{"action":"subscribe"}`, `{"action":"subscribe","matches":"a"}`, `{"action":"subscribe","matches":[7]}`, `subscribe`,
		`{"matches":[{"match":"a","sequence":"1"}]}`} {
		got := call(t, tbl, layout.Subscribe, "one=", body)
		if !strings.HasPrefix(got, `{"type":"error"`) || !strings.Contains(got, `the message must be a JSON object with an action and matches`) {
			t.Errorf("%s = %s, want an error", body, got)
		}
	}
	if got := call(t, tbl, layout.Default, "one=", "hello"); !strings.Contains(got, `the action must be \"subscribe\" or \"ping\"`) {
		t.Errorf("default = %s, want what the actions are", got)
	}
}

func TestAFollowerIsOneAsLongAsItsConnectionAtMost(t *testing.T) {
	tbl, client, name := newTable(t)
	call(t, tbl, layout.Subscribe, "one=", follow("a"))
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: map[string]types.AttributeValue{
		layout.Match: &types.AttributeValueMemberS{Value: layout.SlotKey("a", layout.Slot("one="))},
		layout.Item:  &types.AttributeValueMemberS{Value: layout.FollowerItem(layout.Slot("one="), "one=")},
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

// Of two messages that are handled at once the one that API Gateway got later holds,
// and the other is told so.
func TestAMessageThatIsOvertakenSaysSo(t *testing.T) {
	tbl, _, _ := newTable(t)
	for _, step := range []struct {
		at         int64
		body, want string
	}{
		{1800000002_000, follow("a", "b"), `{"type":"subscribed","matches":["a","b"]}`},
		{1800000001_000, follow("a"), `{"type":"error","error":"a message that was sent later holds: wait for the answer before you send the next"}`},
	} {
		r := request(layout.Subscribe, "one=", step.body)
		r.RequestContext.RequestTimeEpoch = step.at
		out, err := Handler(tbl, limit)(t.Context(), r)
		if err != nil || out.Body != step.want {
			t.Errorf("%s = %s, %v, want %s", step.body, out.Body, err, step.want)
		}
	}
	if got := followers(t, tbl, "b"); len(got) != 1 {
		t.Errorf("followers of b = %+v, want one", got)
	}
}

// What takes too long is an error that API Gateway can answer with, and no end of the
// function in the middle.
func TestAnAnswerComesBeforeTheTimeIsUp(t *testing.T) {
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hanging.Close()
	client := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &hanging.URL, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	ctx, cancel := context.WithTimeout(t.Context(), spare+200*time.Millisecond)
	defer cancel()
	if _, err := Handler(table.NewAudience(client, "followers"), limit)(ctx, request(layout.Subscribe, "one=", follow("a"))); err == nil || ctx.Err() != nil {
		t.Errorf("error = %v, the function's time is %v, want an error while there is some", err, ctx.Err())
	}
}

func TestATableThatIsAwayIsAnError(t *testing.T) {
	_, client, _ := newTable(t)
	missing := table.NewAudience(client, "nowhere")
	for _, route := range []string{layout.Subscribe, layout.Disconnect} {
		if _, err := Handler(missing, limit)(t.Context(), request(route, "one=", follow("a"))); err == nil {
			t.Errorf("%s = nil, want an error", route)
		}
	}
}
