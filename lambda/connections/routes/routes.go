// Package routes answers what browsers send to the WebSocket API of the live
// scores:
//
//	{"action":"subscribe","match":"2026-11-23-ajx-psv"}
//	{"action":"unsubscribe","match":"2026-11-23-ajx-psv"}
//
// The answer to the first has the current score. To subscribe again does no harm:
// it is how a browser keeps its connection from being idle, and finds out what it
// missed. The messages are those of package score.
package routes

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/table"
)

// Func handles one event of a route.
type Func func(context.Context, events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error)

// Handler makes the function of all routes. An error, of the table's alone, is
// logged; API Gateway then tells the browser that there was one, and not which.
func Handler(t *table.Table) Func {
	return func(ctx context.Context, r events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
		m, err := answer(ctx, t, r)
		if err != nil {
			slog.ErrorContext(ctx, "connections: route failed", "route", r.RequestContext.RouteKey,
				"connection", r.RequestContext.ConnectionID, "error", err)
			return events.APIGatewayProxyResponse{}, err
		}
		out := events.APIGatewayProxyResponse{StatusCode: http.StatusOK}
		if m != nil {
			out.Body = string(m.JSON())
		}
		return out, nil
	}
}

// answer returns what to send to the browser, if anything.
func answer(ctx context.Context, t *table.Table, r events.APIGatewayWebsocketProxyRequest) (*score.Message, error) {
	connection := r.RequestContext.ConnectionID
	switch r.RequestContext.RouteKey {
	case layout.Connect:
		return nil, nil // whoever wants may follow; nothing is kept until they do
	case layout.Disconnect:
		n, err := t.Disconnect(ctx, connection)
		slog.InfoContext(ctx, "connections: disconnected", "connection", connection, "subscriptions", n)
		return nil, err
	case layout.Subscribe:
		match, wrong := matchOf(r)
		if wrong != nil {
			return wrong, nil
		}
		if err := t.Subscribe(ctx, match, connection, end(r)); err != nil {
			return nil, err
		}
		// After the subscription: an event of the moment between the two is then
		// in this answer, or posted, or both.
		m := &score.Message{Type: score.TypeSubscribed, Match: match}
		event, err := t.Current(ctx, match)
		if event != nil {
			m.Events = append(m.Events, event)
		}
		return m, err
	case layout.Unsubscribe:
		match, wrong := matchOf(r)
		if wrong != nil {
			return wrong, nil
		}
		return &score.Message{Type: score.TypeUnsubscribed, Match: match}, t.Unsubscribe(ctx, match, connection)
	}
	return wrongf(`the action must be %q or %q, as in {"action":"subscribe","match":"..."}`, layout.Subscribe, layout.Unsubscribe), nil
}

func matchOf(r events.APIGatewayWebsocketProxyRequest) (string, *score.Message) {
	var request score.Request
	if err := json.Unmarshal([]byte(r.Body), &request); err != nil {
		return "", wrongf("the message must be a JSON object with an action and a match")
	}
	if !score.ValidMatch(request.Match) {
		return "", wrongf("match must be 1 to 64 letters, digits or any of . _ : -, got %.80q", request.Match)
	}
	return request.Match, nil
}

func wrongf(format string, args ...any) *score.Message {
	return &score.Message{Type: score.TypeError, Error: fmt.Sprintf(format, args...)}
}

// end is when the connection has surely ended. DynamoDB removes what has expired
// some time later, which does no harm.
func end(r events.APIGatewayWebsocketProxyRequest) time.Time {
	start := time.Now()
	if at := r.RequestContext.ConnectedAt; at > 0 {
		start = time.UnixMilli(at)
	}
	return start.Add(layout.ConnectionLife)
}
