// Package routes answers what browsers send to the WebSocket API of the live
// scores:
//
//	{"action":"subscribe","matches":[{"match":"2026-11-23-ajx-psv","sequence":12}]}
//
// That names all matches that the browser follows from now on, with what it has of
// each. To send it again does no harm. The answer says which are followed, and not
// how they stand: that is in their snapshots, so that no match is read here however
// many come at once, but only what the connection follows. The messages are those of
// package score.
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

// Handler makes the function of all routes but those that API Gateway answers
// alone. A connection follows at most limit matches. An error, of the table's
// alone, is logged; API Gateway then tells the browser that there was one, and not
// which.
func Handler(t *table.Audience, limit int) Func {
	return func(ctx context.Context, r events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
		// An error that is answered is better than an end without one.
		if deadline, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-spare))
			defer cancel()
		}
		m, err := answer(ctx, t, limit, r)
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

// spare is the time that is left at the end to say what went wrong.
const spare = 500 * time.Millisecond

// answer returns what to send to the browser, if anything.
func answer(ctx context.Context, t *table.Audience, limit int, r events.APIGatewayWebsocketProxyRequest) (*score.Message, error) {
	connection := r.RequestContext.ConnectionID
	switch r.RequestContext.RouteKey {
	case layout.Disconnect:
		n, err := t.Disconnect(ctx, connection)
		slog.InfoContext(ctx, "connections: disconnected", "connection", connection, "matches", n)
		return nil, err
	case layout.Subscribe:
		var request score.Request
		if err := json.Unmarshal([]byte(r.Body), &request); err != nil || request.Matches == nil {
			return wrongf(`the message must be a JSON object with an action and matches, as in {"action":"subscribe","matches":[{"match":"..."}]}`), nil
		}
		m, follows := check(request.Matches, limit)
		ok, err := t.Follow(ctx, connection, follows, asked(r), end(r))
		if err == nil && !ok {
			return wrongf("a message that was sent later holds: wait for the answer before you send the next"), nil
		}
		return m, err
	}
	return wrongf(`the action must be %q or %q, as in {"action":"subscribe","matches":[{"match":"..."}]}`, layout.Subscribe, layout.Ping), nil
}

// check leaves out what cannot be followed: one wrong id is not to cost a page all
// its matches. The answer names those that are followed, and what is wrong first.
func check(asked []score.Follow, limit int) (*score.Message, []score.Follow) {
	m := &score.Message{Type: score.TypeSubscribed}
	var follows []score.Follow
	seen := map[string]bool{}
	for _, f := range asked {
		switch {
		case seen[f.Match]:
			continue
		case !score.ValidMatch(f.Match):
			if m.Error == "" {
				m.Error = fmt.Sprintf("match must be 1 to 64 letters, digits or any of . _ : -, got %.80q", f.Match)
			}
			continue
		case len(follows) == limit:
			m.Error = fmt.Sprintf("matches must be at most %d for a connection, got %d", limit, len(asked))
			return m, follows
		}
		seen[f.Match] = true
		follows = append(follows, f)
		m.Matches = append(m.Matches, f.Match)
	}
	return m, follows
}

func wrongf(format string, args ...any) *score.Message {
	return &score.Message{Type: score.TypeError, Error: fmt.Sprintf(format, args...)}
}

// asked is when API Gateway got the message. Messages of a browser that does not
// wait for answers are handled at once, and in any order.
func asked(r events.APIGatewayWebsocketProxyRequest) time.Time {
	if at := r.RequestContext.RequestTimeEpoch; at > 0 {
		return time.UnixMilli(at)
	}
	return time.Now()
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
