// Package table keeps the matches and who follows them, in two tables of DynamoDB.
// See package layout for where the items lie.
package table

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
)

// Table has the matches. Its methods may be called by several goroutines.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New makes a Table of one that exists. It calls nothing.
func New(client *dynamodb.Client, name string) *Table { return &Table{client, name} }

// Patient is a retryer for those whom nobody waits for: what is throttled or has no
// answer is tried again until the context ends, at most a second later. An outage
// of the table then delays events, and fails none.
func Patient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = math.MaxInt32
		o.MaxBackoff = time.Second
		o.RateLimiter = ratelimit.None
	})
}

// Attributes that no other package needs to know.
const (
	sequence   = "sequence" // of the newest event; of what a follower has
	epoch      = "epoch"
	at         = "at"    // of the newest event; when a follower asked for it
	last       = "last"  // place of the newest event, as JSON
	began      = "began" // place of the last reset, as JSON
	phase      = "phase"
	history    = "history" // the last events, as a JSON list
	handed     = "handed"
	shards     = "shards"
	version    = "version"
	matches    = "matches"  // what a connection follows
	line       = "line"     // of the list of matches, as JSON
	shardState = "progress" // of a shard, as JSON
)

type item = map[string]types.AttributeValue

func key(partition, sort string) item {
	return item{layout.Match: text(partition), layout.Item: text(sort)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// asText returns a text, "" for none.
func asText(v types.AttributeValue) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

// whole returns a number, 0 for none.
func whole(v types.AttributeValue) int64 {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	i, _ := strconv.ParseInt(n.Value, 10, 64)
	return i
}

func refused(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed)
}

func (t *Table) get(ctx context.Context, k item, consistent bool) (item, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: k, ConsistentRead: &consistent})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}
