package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
)

// Follower is a connection that follows a match, and what it had of it when it
// began to.
type Follower struct {
	Connection      string
	Epoch, Sequence int64
}

// Follow makes a connection follow these matches and no others, until it ends and
// at the latest until a time at which it surely has.
//
// What it follows is one item, whose write returns what it followed before: so
// nothing is read, and nothing has to be looked for when the connection ends.
func (t *Table) Follow(ctx context.Context, connection string, follows []score.Follow, until time.Time) error {
	var ids []string
	for _, f := range follows {
		ids = append(ids, f.Match)
	}
	before, err := t.remember(ctx, connection, ids, until)
	if err != nil {
		return fmt.Errorf("follow %d matches: %w", len(ids), err)
	}
	var writes []types.WriteRequest
	for _, f := range follows {
		in := followerKey(f.Match, connection)
		in[epoch], in[sequence], in[layout.Expires] = number(f.Epoch), number(f.Sequence), number(until.Unix())
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: in}})
	}
	for _, id := range before {
		if !slices.Contains(ids, id) {
			writes = append(writes, unfollow(id, connection))
		}
	}
	if err := t.writeAll(ctx, writes); err != nil {
		return fmt.Errorf("follow %d matches: %w", len(ids), err)
	}
	return nil
}

// remember writes what a connection follows and returns what it followed before.
func (t *Table) remember(ctx context.Context, connection string, ids []string, until time.Time) (before []string, err error) {
	k := key(layout.FollowsPrefix+connection, layout.FollowsItem)
	var old item
	if len(ids) == 0 {
		out, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: k, ReturnValues: types.ReturnValueAllOld})
		if err != nil {
			return nil, err
		}
		old = out.Attributes
	} else {
		k[matches], k[layout.Expires] = &types.AttributeValueMemberSS{Value: ids}, number(until.Unix())
		out, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: k, ReturnValues: types.ReturnValueAllOld})
		if err != nil {
			return nil, err
		}
		old = out.Attributes
	}
	if set, ok := old[matches].(*types.AttributeValueMemberSS); ok {
		before = set.Value
	}
	return before, nil
}

// Disconnect ends all that a connection follows, and returns how many matches that
// were.
func (t *Table) Disconnect(ctx context.Context, connection string) (int, error) {
	before, err := t.remember(ctx, connection, nil, time.Time{})
	if err != nil {
		return 0, fmt.Errorf("disconnect: %w", err)
	}
	var writes []types.WriteRequest
	for _, id := range before {
		writes = append(writes, unfollow(id, connection))
	}
	if err := t.writeAll(ctx, writes); err != nil {
		return 0, fmt.Errorf("disconnect from %d matches: %w", len(before), err)
	}
	return len(before), nil
}

func unfollow(id, connection string) types.WriteRequest {
	return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: followerKey(id, connection)}}
}

func followerKey(id, connection string) item {
	slot := layout.Slot(connection)
	return key(layout.SlotKey(id, slot), layout.FollowerItem(slot, connection))
}

// writeAll writes in as many requests at once as that takes.
func (t *Table) writeAll(ctx context.Context, writes []types.WriteRequest) error {
	const most = 25 // of one request
	var wait sync.WaitGroup
	errs := make([]error, (len(writes)+most-1)/most)
	for i := range errs {
		part := writes[i*most : min(len(writes), (i+1)*most)]
		wait.Go(func() { errs[i] = t.writeBatch(ctx, part) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// writeBatch writes one request's worth, and what the table had no room for again.
func (t *Table) writeBatch(ctx context.Context, writes []types.WriteRequest) error {
	wait := 25 * time.Millisecond
	for {
		out, err := t.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{t.name: writes}})
		if err != nil {
			return err
		}
		if writes = out.UnprocessedItems[t.name]; len(writes) == 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%d writes were throttled: %w", len(writes), ctx.Err())
		}
		wait = min(2*wait, time.Second)
	}
}

// Remove removes a follower of a match that is gone.
func (t *Table) Remove(ctx context.Context, id, connection string) error {
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: followerKey(id, connection)})
	if err != nil {
		return fmt.Errorf("remove a follower of %s: %w", id, err)
	}
	return nil
}

// Followers reads a page of the followers of a match in the slots from one to
// another, which lie in one partition, in their order: by slot and id, those after a
// connection in the first slot. There are no more if it says so.
//
// The read is a consistent one: who follows before the call is among them.
func (t *Table) Followers(ctx context.Context, id string, from int, after string, to, most int) (page []Follower, more bool, err error) {
	partition := layout.SlotKey(id, from)
	in := &dynamodb.QueryInput{
		TableName:                &t.name,
		ConsistentRead:           aws.Bool(true),
		KeyConditionExpression:   aws.String("#match = :partition AND #item BETWEEN :from AND :to"),
		ProjectionExpression:     aws.String("#item, #epoch, #sequence"),
		ExpressionAttributeNames: map[string]string{"#match": layout.Match, "#item": layout.Item, "#epoch": epoch, "#sequence": sequence},
		ExpressionAttributeValues: item{":partition": text(partition),
			":from": text(layout.FollowerItem(from, "")), ":to": text(layout.FollowerItem(to, "~"))}, // after every id
		Limit: aws.Int32(int32(most)),
	}
	if after != "" {
		in.ExclusiveStartKey = key(partition, layout.FollowerItem(from, after))
	}
	out, err := t.client.Query(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("read the followers of %s: %w", id, err)
	}
	before := len(layout.FollowerItem(from, ""))
	for _, i := range out.Items {
		page = append(page, Follower{asText(i[layout.Item])[before:], whole(i[epoch]), whole(i[sequence])})
	}
	return page, len(out.LastEvaluatedKey) > 0, nil
}
