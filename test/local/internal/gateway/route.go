package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/coder/websocket"

	"msklambda/lambda/livescores/layout"
)

// named are those of the construct that messages name, beside the default one.
var named = map[string]bool{layout.Subscribe: true, layout.Ping: true}

// serveSocket serves one browser until it, or the gateway, has had enough.
func (g *Gateway) serveSocket(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	server := g.server
	g.mu.Unlock()
	// Whoever wants may connect, as the construct has it: no function is asked.
	if !g.limited().connects.take() {
		http.Error(w, "", http.StatusTooManyRequests)
		return
	}
	c := &connection{id: newID(), since: time.Now()}
	var err error
	// API Gateway does not look at the origin of a page; the default here does.
	if c.socket, err = websocket.Accept(w, r, nil); err != nil {
		return
	}
	c.socket.SetReadLimit(maxMessage)
	if err := g.add(c, server); err != nil {
		_ = c.socket.CloseNow()
		return
	}
	defer g.running.Done()
	g.cfg.Log("browser %s connected", c.id)
	ctx, cancel := context.WithTimeout(context.Background(), connectionAt)
	defer cancel()
	err = g.serve(ctx, c)
	g.remove(c)
	_ = c.socket.CloseNow()
	g.cfg.Log("browser %s gone: %v", c.id, reason(err))
	if _, err := g.invoke(context.Background(), c, layout.Disconnect, "DISCONNECT", ""); err != nil {
		g.cfg.Log("%s: %v", layout.Disconnect, err)
	}
}

func reason(err error) string {
	switch {
	case websocket.CloseStatus(err) >= 0:
		return websocket.CloseStatus(err).String()
	case errors.Is(err, context.DeadlineExceeded):
		return "its time was up"
	}
	return "the connection broke"
}

// serve handles the messages of a browser, one after the other.
func (g *Gateway) serve(ctx context.Context, c *connection) error {
	for {
		idle, cancel := context.WithTimeout(ctx, idleTimeout)
		_, message, err := c.socket.Read(idle)
		cancel()
		if err != nil {
			return err
		}
		if err := g.hear(ctx); err != nil {
			return err
		}
		body := g.answer(ctx, c, routeOf(message), message)
		if len(body) > 0 {
			if err := c.write(ctx, body); err != nil {
				return err
			}
		}
	}
}

// answer is what a browser gets for a message.
func (g *Gateway) answer(ctx context.Context, c *connection, route string, message []byte) []byte {
	own := func(text string) []byte {
		body, _ := json.Marshal(map[string]string{"message": text, "connectionId": c.id, "requestId": newID()})
		return body
	}
	if !g.limited().message(route) {
		return own("Too Many Requests")
	}
	if route == layout.Ping {
		return []byte(layout.Pong)
	}
	body, err := g.invoke(ctx, c, route, "MESSAGE", string(message))
	if err != nil {
		g.cfg.Log("%s: %v", route, err)
		return own("Internal server error")
	}
	return body
}

// routeOf is the route selection expression, $request.body.action.
func routeOf(message []byte) string {
	var body struct{ Action string }
	if json.Unmarshal(message, &body) != nil || !named[body.Action] {
		return layout.Default
	}
	return body.Action
}

// invoke invokes the function and returns what the browser gets.
func (g *Gateway) invoke(ctx context.Context, c *connection, route, kind, message string) ([]byte, error) {
	payload, err := json.Marshal(events.APIGatewayWebsocketProxyRequest{
		Body: message,
		RequestContext: events.APIGatewayWebsocketProxyRequestContext{
			RouteKey: route, EventType: kind, ConnectionID: c.id, ConnectedAt: c.since.UnixMilli(),
			RequestID: newID(), RequestTimeEpoch: time.Now().UnixMilli(), Stage: stage, APIID: "local",
			Identity: events.APIGatewayRequestIdentity{SourceIP: "127.0.0.1"},
		},
	})
	if err != nil {
		return nil, err
	}
	result, err := g.cfg.Routes.Invoke(ctx, payload)
	if err != nil {
		return nil, err
	}
	if result.FunctionError != "" {
		return nil, errors.New(string(result.Payload))
	}
	var answer events.APIGatewayProxyResponse
	if err := json.Unmarshal(result.Payload, &answer); err != nil {
		return nil, err
	}
	if kind != "MESSAGE" {
		return nil, nil
	}
	return []byte(answer.Body), nil
}
