package table

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/kafka/once"
)

// The attributes of the row of a mark, beside owner and until.
const (
	next  = "next"  // the first offset that is not done
	moved = "moved" // in milliseconds
)

// Hold implements [once.MarkStore]. The condition holds as well for what it has
// written already, by a call whose answer was lost and that the SDK has repeated.
func (s *Store) Hold(ctx context.Context, key, me string, lease, keep time.Duration) (once.Mark, error) {
	for range retries {
		now := s.now()
		out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.name, Key: row{Key: text(key)},
			UpdateExpression:         aws.String("SET #owner = :me, #until = :until, #expires = :expires"),
			ConditionExpression:      aws.String("attribute_not_exists(#until) OR #until <= :now OR #owner = :me"),
			ExpressionAttributeNames: names(owner, until, TTL),
			ExpressionAttributeValues: row{
				":me": text(me), ":until": number(now.Add(lease).UnixMilli()), ":expires": number(now.Add(lease + keep).Unix()), ":now": number(now.UnixMilli()),
			},
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		if err == nil {
			return s.remembered(ctx, key, me, out.Attributes, now.Add(-keep))
		}
		r, err := s.refused(ctx, key, err)
		if err != nil {
			return once.Mark{}, err
		}
		if r != nil && textOf(r, owner) != me {
			return once.Mark{State: once.Taken, Until: time.UnixMilli(numberOf(r, until))}, nil
		}
		// It is gone since, or what was read is what this owner wrote meanwhile.
	}
	return once.Mark{}, errors.New("table " + s.name + ": the row of the mark was there and gone several times")
}

// remembered is the mark of a row that is held. One that was moved last before a
// time is forgotten, also in the row, in which no mark moves back.
func (s *Store) remembered(ctx context.Context, key, me string, r row, since time.Time) (once.Mark, error) {
	m := once.Mark{State: once.Claimed, Next: numberOf(r, next), Moved: time.UnixMilli(numberOf(r, moved))}
	switch {
	case r[moved] == nil:
		return once.Mark{State: once.Claimed}, nil
	case m.Moved.After(since):
		return m, nil
	}
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: row{Key: text(key)},
		UpdateExpression:          aws.String("REMOVE #next, #moved"),
		ConditionExpression:       aws.String("#owner = :me"),
		ExpressionAttributeNames:  names(owner, next, moved),
		ExpressionAttributeValues: row{":me": text(me)},
	})
	return once.Mark{State: once.Claimed}, s.wrap(err)
}

// Move implements [once.MarkStore].
func (s *Store) Move(ctx context.Context, key, me string, to int64, lease, keep time.Duration) error {
	now := s.now()
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: row{Key: text(key)},
		UpdateExpression:         aws.String("SET #next = :next, #moved = :now, #until = :until, #expires = :expires"),
		ConditionExpression:      aws.String("#owner = :me AND (attribute_not_exists(#next) OR #next <= :next)"),
		ExpressionAttributeNames: names(owner, until, TTL, next, moved),
		ExpressionAttributeValues: row{
			":me": text(me), ":next": number(to), ":now": number(now.UnixMilli()), ":until": number(now.Add(lease).UnixMilli()),
			":expires": number(now.Add(lease + keep).Unix()),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err == nil {
		return nil
	}
	r, err := s.refused(ctx, key, err)
	switch {
	case err != nil:
		return err
	case textOf(r, owner) != me:
		return once.ErrLost
	}
	return nil // a call that comes late, behind another of this owner
}

// Leave implements [once.MarkStore].
func (s *Store) Leave(ctx context.Context, key, me string) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: row{Key: text(key)},
		UpdateExpression:          aws.String("REMOVE #owner, #until"),
		ConditionExpression:       aws.String("#owner = :me"),
		ExpressionAttributeNames:  names(owner, until),
		ExpressionAttributeValues: row{":me": text(me)},
	})
	if isRefused(err) {
		return nil // it is not ours any more
	}
	return s.wrap(err)
}
