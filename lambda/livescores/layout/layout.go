// Package layout names what the functions of the live scores and the construct
// that deploys them agree on: the table, the environment, the routes and the
// files. It imports nothing of theirs, so that the construct does not come to
// depend on what the functions are made of.
package layout

import (
	"fmt"
	"hash/fnv"
	"time"
)

// The table of the matches holds, by partition key and sort key:
//
//	match           score               the newest state of a match, with its last events
//	match#partition progress#slot#of    how far a shard has come that begins with this slot
//	#index          match               a line of the list of the day's matches
//
// and that of the followers, which is one of its own so that browsers can hold up
// each other and no event:
//
//	match#partition connection#slot#id  a connection that follows the match
//	#connection#id  follows             the matches that a connection follows
//
// The followers of a match lie in Slots slots, by a hash of the connection, from the
// first one on, so that the number of shards that post to them can grow without
// moving anything: a shard is a range of slots. The slots lie in Partitions
// partitions of the table, so that all can come at once; a match with few followers
// is read with a request for each partition, and not for each slot.
const (
	Match = "match" // partition key
	Item  = "item"  // sort key

	ScoreItem        = "score"
	ConnectionPrefix = "connection#"
	ProgressPrefix   = "progress#"
	FollowsPrefix    = "#connection#"
	FollowsItem      = "follows"
	IndexKey         = "#index"

	Expires = "expires" // time to live, in seconds since 1970
)

// Slots is the most shards that there can be. Neither it nor Partitions can change
// while anybody follows.
const (
	Slots      = 64
	Partitions = 8
)

// SplitBy is how many shards one becomes when it has too many followers: a match has
// 1, 4, 16 or 64.
const SplitBy = 4

// MostShards is how many shards a match may have so that it takes half of the
// posters at most: whatever happens in it, there is one for the others.
func MostShards(posters int) int {
	n := 1
	for n < Slots && 2*n*SplitBy <= posters {
		n *= SplitBy
	}
	return n
}

// Slot returns the slot of a connection.
func Slot(connection string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(connection)) // which never fails
	return int(h.Sum32() % Slots)
}

// SlotKey is the partition key of a slot of a match, whose id has no '#'.
func SlotKey(match string, slot int) string {
	return fmt.Sprintf("%s#%d", match, slot*Partitions/Slots)
}

// LastOfPartition is the last slot that lies in the partition of a slot.
func LastOfPartition(slot int) int {
	const each = Slots / Partitions
	return slot/each*each + each - 1
}

// FollowerItem is the sort key of a connection that follows a match; that of "" is
// before all of its slot.
func FollowerItem(slot int, connection string) string {
	return fmt.Sprintf("%s%02d#%s", ConnectionPrefix, slot, connection)
}

// Environment variables of the functions.
const (
	TableEnv       = "TABLE_NAME"
	FollowersEnv   = "FOLLOWERS_TABLE"
	EndpointEnv    = "CONNECTIONS_ENDPOINT" // of the management API, with the stage
	SnapshotsEnv   = "SNAPSHOTS_BUCKET"
	FailedEnv      = "FAILED_BUCKET"
	QueueEnv       = "QUEUE_URL"
	QuotaEnv       = "POSTS_PER_SECOND"  // that all shards of a match may post
	BurstEnv       = "POSTS_BURST"       // and at once
	MatchShardsEnv = "MATCH_SHARDS"      // the most of a match
	MatchLimitEnv  = "MATCHES_LIMIT"     // of a connection
	MetricsEnv     = "METRICS_DIMENSION" // which live scores the metrics are of
)

// MetricsSpace is the namespace of the metrics, and Dimension the name of their
// dimension.
const (
	MetricsSpace = "LiveScores"
	Dimension    = "LiveScores"
)

// Keys of the buckets.
const (
	Snapshots = "m/"                           // prefix of the snapshots, and their path in CloudFront
	Index     = Snapshots + "day/matches.json" // the list of the day's matches; no match's id has a '/'
	IndexPage = Snapshots + "day/index.html"   // the same for those without JavaScript
	Rejected  = "rejected/"                    // prefix of bad events, in the bucket of what failed
)

// Snapshot is the key of the snapshot of a match.
func Snapshot(match string) string { return Snapshots + match + ".json" }

// Routes of the WebSocket API, by the action of a message.
const (
	Connect    = "$connect"
	Disconnect = "$disconnect"
	Default    = "$default" // every other action, and what is no JSON
	Subscribe  = "subscribe"
	Ping       = "ping"
)

// Pong is the answer to Ping, which API Gateway gives alone.
const Pong = `{"type":"pong"}`

const (
	// MatchLimit is how many matches a connection can follow by default.
	MatchLimit = 200

	// SnapshotTTL is the longest that CloudFront answers with a copy: who asks that
	// long after it began to follow has missed nothing.
	SnapshotTTL = 2 * time.Second

	// History is how many events of a match are kept.
	History = 50

	// ConnectionLife is how long API Gateway keeps a connection, and so how long
	// a subscription can be of use.
	ConnectionLife = 2 * time.Hour

	// ScoreLife is how long the state of a match is kept. An event that arrives
	// later than that is taken for the first of its match.
	ScoreLife = 30 * 24 * time.Hour

	// IndexLife is how long a match is in the list after its last event.
	IndexLife = 24 * time.Hour
)
