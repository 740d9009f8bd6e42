// Package table keeps the newest score of each match and who follows it, in
// DynamoDB. See package layout for what the items look like.
package table

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
)

// Table is one table. Its methods may be called by several goroutines.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New makes a Table of one that exists. It calls nothing.
func New(client *dynamodb.Client, name string) *Table { return &Table{client, name} }

// Claim makes an event the newest of its match, if it is newer. One conditional
// write decides, so that of several functions that have the same event, or two
// of a match, the newest wins.
//
// It is not ok if the event is late: a duplicate of one that was sent, or
// overtaken by a newer one. Otherwise events after the sequence sent are to be
// sent; there can be several, and the newest can have been written before: whoever
// wrote it ended before it was sent to all.
func (t *Table) Claim(ctx context.Context, match string, sequence int64, event []byte, now time.Time) (sent int64, ok bool, err error) {
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &t.name,
		Key:                 key(match, layout.ScoreItem),
		UpdateExpression:    aws.String("SET #sequence = :sequence, #event = :event, #expires = :expires"),
		ConditionExpression: aws.String("attribute_not_exists(#sequence) OR #sequence < :sequence"),
		ExpressionAttributeNames: map[string]string{
			"#sequence": layout.Sequence, "#event": layout.Event, "#expires": layout.Expires},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":sequence": number(sequence), ":event": text(string(event)), ":expires": number(now.Add(layout.ScoreLife).Unix())},
		ReturnValues: types.ReturnValueAllOld,
	})
	if err == nil {
		return whole(out.Attributes[layout.Sent]), true, nil
	}
	if !refused(err) {
		return 0, false, fmt.Errorf("write the score of %s: %w", match, err)
	}
	item, err := t.score(ctx, match)
	if err != nil {
		return 0, false, err
	}
	sent = whole(item[layout.Sent])
	return sent, whole(item[layout.Sequence]) == sequence && sent < sequence, nil
}

// MarkSent notes that the events up to this, the newest, were posted to every
// connection, so that they are late from now on. A newer one may have come meanwhile: then there is
// nothing to note.
func (t *Table) MarkSent(ctx context.Context, match string, sequence int64) error {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &t.name,
		Key:                       key(match, layout.ScoreItem),
		UpdateExpression:          aws.String("SET #sent = :sequence"),
		ConditionExpression:       aws.String("#sequence = :sequence"),
		ExpressionAttributeNames:  map[string]string{"#sequence": layout.Sequence, "#sent": layout.Sent},
		ExpressionAttributeValues: map[string]types.AttributeValue{":sequence": number(sequence)},
	})
	if err != nil && !refused(err) {
		return fmt.Errorf("note that %d of %s is sent: %w", sequence, match, err)
	}
	return nil
}

// Current returns the newest event of a match as JSON, nil if there is none.
func (t *Table) Current(ctx context.Context, match string) ([]byte, error) {
	item, err := t.score(ctx, match)
	if err != nil {
		return nil, err
	}
	if event, ok := item[layout.Event].(*types.AttributeValueMemberS); ok {
		return []byte(event.Value), nil
	}
	return nil, nil
}

func (t *Table) score(ctx context.Context, match string) (map[string]types.AttributeValue, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &t.name,
		Key:            key(match, layout.ScoreItem),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, fmt.Errorf("read the score of %s: %w", match, err)
	}
	return out.Item, nil
}

// Subscribe makes a connection follow a match until it ends, and at the latest
// until a time at which it surely has.
func (t *Table) Subscribe(ctx context.Context, match, connection string, until time.Time) error {
	item := key(match, layout.ConnectionPrefix+connection)
	item[layout.Connection] = text(connection)
	item[layout.Expires] = number(until.Unix())
	if _, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item}); err != nil {
		return fmt.Errorf("subscribe to %s: %w", match, err)
	}
	return nil
}

// Unsubscribe ends what Subscribe began. That there was nothing is no error.
func (t *Table) Unsubscribe(ctx context.Context, match, connection string) error {
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(match, layout.ConnectionPrefix+connection)})
	if err != nil {
		return fmt.Errorf("unsubscribe from %s: %w", match, err)
	}
	return nil
}

// Connections yields the connections that follow a match, those too that
// subscribed just before the call.
func (t *Table) Connections(ctx context.Context, match string) iter.Seq2[string, error] {
	return t.query(ctx, layout.Item, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("#match = :match AND begins_with(#item, :prefix)"),
		ProjectionExpression:      aws.String("#item"),
		ExpressionAttributeNames:  map[string]string{"#match": layout.Match, "#item": layout.Item},
		ExpressionAttributeValues: map[string]types.AttributeValue{":match": text(match), ":prefix": text(layout.ConnectionPrefix)},
	}, len(layout.ConnectionPrefix))
}

// Disconnect ends all subscriptions of a connection and returns how many there
// were. The index follows the table in a moment and not at once: a subscription
// of the last moment is left, until a post to it says that the connection is gone.
func (t *Table) Disconnect(ctx context.Context, connection string) (int, error) {
	n := 0
	var errs []error
	for match, err := range t.query(ctx, layout.Match, &dynamodb.QueryInput{
		IndexName:                 aws.String(layout.Index),
		KeyConditionExpression:    aws.String("#connection = :connection"),
		ExpressionAttributeNames:  map[string]string{"#connection": layout.Connection},
		ExpressionAttributeValues: map[string]types.AttributeValue{":connection": text(connection)},
	}, 0) {
		if err == nil {
			err = t.Unsubscribe(ctx, match, connection)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

// query yields one attribute of each item, from a character on.
func (t *Table) query(ctx context.Context, attribute string, in *dynamodb.QueryInput, from int) iter.Seq2[string, error] {
	in.TableName = &t.name
	return func(yield func(string, error) bool) {
		pages := dynamodb.NewQueryPaginator(t.client, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", fmt.Errorf("query %s: %w", attribute, err))
				return
			}
			for _, item := range page.Items {
				s, ok := item[attribute].(*types.AttributeValueMemberS)
				if ok && !yield(s.Value[from:], nil) {
					return
				}
			}
		}
	}
}

func key(match, item string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{layout.Match: text(match), layout.Item: text(item)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
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
