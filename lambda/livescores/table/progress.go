package table

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/livescores/layout"
)

// progressKey lies in the partition of the first slot of the shard, so that the
// shards of a match do not all write to one.
func progressKey(id string, shard, of int) item {
	first := shard * layout.Slots / of
	return key(layout.SlotKey(id, first), fmt.Sprintf("%s%02d#%d", layout.ProgressPrefix, first, of))
}

// Progress reads how far a shard of a match has come, nil if it has not begun.
func (t *Table) Progress(ctx context.Context, id string, shard, of int) ([]byte, error) {
	in, err := t.get(ctx, progressKey(id, shard, of), true)
	if err != nil {
		return nil, fmt.Errorf("read the progress of %s: %w", id, err)
	}
	if state := asText(in[shardState]); state != "" {
		return []byte(state), nil
	}
	return nil, nil
}

// SaveProgress writes it.
func (t *Table) SaveProgress(ctx context.Context, id string, shard, of int, state []byte, now time.Time) error {
	in := progressKey(id, shard, of)
	in[shardState] = text(string(state))
	in[layout.Expires] = number(now.Add(layout.ScoreLife).Unix())
	if _, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: in}); err != nil {
		return fmt.Errorf("write the progress of %s: %w", id, err)
	}
	return nil
}
