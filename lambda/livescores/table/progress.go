package table

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/livescores/layout"
)

// Progress is how far a shard of a match has come. Its zero value is that of one
// that has not begun.
type Progress struct {
	State   []byte // as whoever wrote it has it
	Version int64  // grows with each write
}

// progressKey lies in the partition of the first slot of the shard, so that the
// shards of a match do not all write to one.
func progressKey(id string, shard, of int) item {
	first := shard * layout.Slots / of
	return key(layout.SlotKey(id, first), fmt.Sprintf("%s%02d#%d", layout.ProgressPrefix, first, of))
}

// Progress reads how far a shard of a match has come.
func (t *Table) Progress(ctx context.Context, id string, shard, of int) (Progress, error) {
	in, err := t.get(ctx, progressKey(id, shard, of), true)
	if err != nil {
		return Progress{}, fmt.Errorf("read the progress of %s: %w", id, err)
	}
	return Progress{[]byte(asText(in[shardState])), whole(in[version])}, nil
}

// SaveProgress writes it, if nobody else has written it since it was read: of two
// functions that were given the same shard the slower one must not put back what
// the quicker one did.
func (t *Table) SaveProgress(ctx context.Context, id string, shard, of int, p Progress, now time.Time) (ok bool, err error) {
	in := progressKey(id, shard, of)
	in[shardState], in[version] = text(string(p.State)), number(p.Version+1)
	in[layout.Expires] = number(now.Add(layout.ScoreLife).Unix())
	put := &dynamodb.PutItemInput{TableName: &t.name, Item: in, ExpressionAttributeNames: map[string]string{"#version": version},
		ConditionExpression: aws.String("attribute_not_exists(#version)")}
	if p.Version > 0 {
		put.ConditionExpression, put.ExpressionAttributeValues = aws.String("#version = :version"), item{":version": number(p.Version)}
	}
	_, err = t.client.PutItem(ctx, put)
	if refused(err) {
		// Or was it this, whose first answer was lost?
		there, err := t.Progress(ctx, id, shard, of)
		return there.Version == p.Version+1 && bytes.Equal(there.State, p.State), err
	}
	if err != nil {
		return false, fmt.Errorf("write the progress of %s: %w", id, err)
	}
	return true, nil
}
