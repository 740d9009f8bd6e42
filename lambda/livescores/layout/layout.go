// Package layout names what the functions of the live scores and the construct
// that deploys them agree on: the table, the environment and the routes. It
// imports nothing, so that the construct does not come to depend on what the
// functions are made of.
package layout

import "time"

// The table holds two kinds of items below the key of a match: its newest score,
// whose sort key is ScoreItem, and a subscription for each connection that
// follows it, whose sort key is ConnectionPrefix and the connection's id. All
// subscriptions of a match are therefore one query, which can be a consistent
// one, and its score is one item that a conditional write guards.
//
// A subscription has its connection's id as an attribute of its own too. The
// index over that finds all subscriptions of a connection that ends. It holds no
// scores, because they have no such attribute.
const (
	Match            = "match" // partition key, the id of the match
	Item             = "item"  // sort key
	ScoreItem        = "score"
	ConnectionPrefix = "connection#"
	Connection       = "connection" // partition key of Index
	Index            = "byConnection"
	Expires          = "expires" // time to live, in seconds since 1970

	// Of a score.
	Sequence = "sequence" // of the newest event
	Event    = "event"    // that event, as JSON
	Sent     = "sent"     // the sequence that was posted to all connections
)

// Environment variables of the functions.
const (
	TableEnv    = "TABLE_NAME"
	EndpointEnv = "CONNECTIONS_ENDPOINT" // of the management API, with the stage
)

// Routes of the WebSocket API, by the action of a message.
const (
	Connect     = "$connect"
	Disconnect  = "$disconnect"
	Default     = "$default" // every other action, and what is no JSON
	Subscribe   = "subscribe"
	Unsubscribe = "unsubscribe"
)

const (
	// ConnectionLife is how long API Gateway keeps a connection, and so how long
	// a subscription can be of use.
	ConnectionLife = 2 * time.Hour

	// ScoreLife is how long the newest score of a match is kept. An event that
	// arrives later than that is taken for the first of its match.
	ScoreLife = 30 * 24 * time.Hour
)
