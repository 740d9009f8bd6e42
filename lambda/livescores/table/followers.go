package table

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
)

// Audience is who follows which match. Its methods may be called by several
// goroutines.
type Audience struct {
	client *dynamodb.Client
	name   string
}

// NewAudience makes an Audience of a table that exists. It calls nothing.
func NewAudience(client *dynamodb.Client, name string) *Audience { return &Audience{client, name} }

// Follower is a connection that follows a match, and what it had of it when it
// began to.
type Follower struct {
	Connection      string
	Epoch, Sequence int64
}

// Follow makes a connection follow these matches and no others, until it ends and
// at the latest until a time at which it surely has. asked is when it was asked
// for: what was asked for later holds, and if that was quicker, Follow says so and
// does nothing.
//
// Of the matches only those are written that the connection does not follow yet, or
// of which it says that it was not told (Follow.Again). What it follows is one item.
// That is written after the followers that are new, and before those that go are
// deleted, so that whatever ends in between leaves a follower too many and none too
// few: one that is not known to be there is written when it is asked for again.
func (a *Audience) Follow(ctx context.Context, connection string, follows []score.Follow, asked, until time.Time) (ok bool, err error) {
	for {
		before, version, err := a.follows(ctx, connection)
		if err != nil {
			return false, fmt.Errorf("follow %d matches: %w", len(follows), err)
		}
		if version > asked.UnixMilli() {
			return false, nil
		}
		gone := maps.Clone(before)
		var fresh []types.WriteRequest
		var ids []string
		for _, f := range follows {
			if !before[f.Match] || f.Again {
				in := followerKey(f.Match, connection)
				in[epoch], in[sequence], in[at], in[layout.Expires] = number(f.Epoch), number(f.Sequence), number(asked.UnixMilli()), number(until.Unix())
				fresh = append(fresh, types.WriteRequest{PutRequest: &types.PutRequest{Item: in}})
			}
			delete(gone, f.Match)
			ids = append(ids, f.Match)
		}
		if err := a.writeAll(ctx, fresh); err != nil {
			return false, fmt.Errorf("follow %d matches: %w", len(follows), err)
		}
		ok, err := a.remember(ctx, connection, ids, version, asked, until)
		if err != nil {
			return false, fmt.Errorf("follow %d matches: %w", len(follows), err)
		}
		if !ok {
			continue // another of its messages was handled meanwhile: see which
		}
		if err := a.leave(ctx, connection, slices.Sorted(maps.Keys(gone)), asked); err != nil {
			return false, fmt.Errorf("leave %d matches: %w", len(gone), err)
		}
		return true, nil
	}
}

// follows reads what a connection follows, and when that was asked for, 0 for never.
func (a *Audience) follows(ctx context.Context, connection string) (map[string]bool, int64, error) {
	out, err := a.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &a.name, ConsistentRead: aws.Bool(true),
		Key: key(layout.FollowsPrefix+connection, layout.FollowsItem)})
	if err != nil {
		return nil, 0, err
	}
	return setOf(out.Item[matches]), whole(out.Item[at]), nil
}

func setOf(v types.AttributeValue) map[string]bool {
	all := map[string]bool{}
	if set, ok := v.(*types.AttributeValueMemberSS); ok {
		for _, id := range set.Value {
			all[id] = true
		}
	}
	return all
}

// remember writes what a connection follows, unless that is not what it was any
// more. With no matches it is written too: when that was asked for.
func (a *Audience) remember(ctx context.Context, connection string, ids []string, version int64, asked, until time.Time) (ok bool, err error) {
	in := key(layout.FollowsPrefix+connection, layout.FollowsItem)
	in[at], in[layout.Expires] = number(asked.UnixMilli()), number(until.Unix())
	if len(ids) > 0 { // a set has members
		in[matches] = &types.AttributeValueMemberSS{Value: ids}
	}
	put := &dynamodb.PutItemInput{TableName: &a.name, Item: in, ExpressionAttributeNames: map[string]string{"#at": at},
		ConditionExpression: aws.String("attribute_not_exists(#at)")}
	if version > 0 {
		put.ConditionExpression, put.ExpressionAttributeValues = aws.String("#at = :version"), item{":version": number(version)}
	}
	_, err = a.client.PutItem(ctx, put)
	if refused(err) {
		return false, nil
	}
	return err == nil, err
}

// leave deletes followers, but for those that were written for what was asked for
// later.
func (a *Audience) leave(ctx context.Context, connection string, ids []string, asked time.Time) error {
	const atOnce = 25
	var wait sync.WaitGroup
	errs := make([]error, len(ids))
	free := make(chan struct{}, atOnce)
	for i, id := range ids {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			_, err := a.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &a.name, Key: followerKey(id, connection),
				ConditionExpression:       aws.String("attribute_not_exists(#at) OR #at <= :asked"),
				ExpressionAttributeNames:  map[string]string{"#at": at},
				ExpressionAttributeValues: item{":asked": number(asked.UnixMilli())}})
			if !refused(err) {
				errs[i] = err
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// Disconnect ends all that a connection follows, and returns how many matches that
// were.
func (a *Audience) Disconnect(ctx context.Context, connection string) (int, error) {
	out, err := a.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &a.name, ReturnValues: types.ReturnValueAllOld,
		Key: key(layout.FollowsPrefix+connection, layout.FollowsItem)})
	if err != nil {
		return 0, fmt.Errorf("disconnect: %w", err)
	}
	before := setOf(out.Attributes[matches])
	var writes []types.WriteRequest
	for id := range before {
		writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: followerKey(id, connection)}})
	}
	if err := a.writeAll(ctx, writes); err != nil {
		return 0, fmt.Errorf("disconnect from %d matches: %w", len(before), err)
	}
	return len(before), nil
}

func followerKey(id, connection string) item {
	slot := layout.Slot(connection)
	return key(layout.SlotKey(id, slot), layout.FollowerItem(slot, connection))
}

// writeAll writes in as many requests at once as that takes.
func (a *Audience) writeAll(ctx context.Context, writes []types.WriteRequest) error {
	const most = 25 // of one request
	var wait sync.WaitGroup
	errs := make([]error, (len(writes)+most-1)/most)
	for i := range errs {
		part := writes[i*most : min(len(writes), (i+1)*most)]
		wait.Go(func() { errs[i] = a.writeBatch(ctx, part) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// writeBatch writes one request's worth, and what the table had no room for again.
func (a *Audience) writeBatch(ctx context.Context, writes []types.WriteRequest) error {
	wait := 25 * time.Millisecond
	for {
		out, err := a.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{a.name: writes}})
		if err != nil {
			return err
		}
		if writes = out.UnprocessedItems[a.name]; len(writes) == 0 {
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
func (a *Audience) Remove(ctx context.Context, id, connection string) error {
	_, err := a.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &a.name, Key: followerKey(id, connection)})
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
func (a *Audience) Followers(ctx context.Context, id string, from int, after string, to, most int) (page []Follower, more bool, err error) {
	partition := layout.SlotKey(id, from)
	in := &dynamodb.QueryInput{
		TableName:                &a.name,
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
	out, err := a.client.Query(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("read the followers of %s: %w", id, err)
	}
	before := len(layout.FollowerItem(from, ""))
	for _, i := range out.Items {
		page = append(page, Follower{asText(i[layout.Item])[before:], whole(i[epoch]), whole(i[sequence])})
	}
	return page, len(out.LastEvaluatedKey) > 0, nil
}
