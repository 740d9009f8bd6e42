// Package table is the store of package once in a DynamoDB table.
//
//	store := table.FromEnv(dynamodb.NewFromConfig(cfg))
//
// The table has one key, id, a string, and no other. The construct makes one, or grants the use of one, by
// ConsumerProps.Idempotency. Its time to live is the attribute
// expires, which is needed to have rows deleted, and not to have them forgotten: DynamoDB
// deletes them days later. The function needs dynamodb:UpdateItem, dynamodb:DeleteItem
// and dynamodb:GetItem on it, and, in a VPC without a way to the internet, a gateway
// endpoint for DynamoDB. A record takes two writes.
//
// Leases are compared by the clocks of the environments, which Lambda keeps in step.
package table

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/kafka/contract"
	"msklambda/lambda/kafka/once"
)

// Client is the part of a DynamoDB client that is needed; [dynamodb.NewFromConfig] makes
// one.
type Client interface {
	UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
}

// The attributes of a row.
const (
	Key     = contract.OnceKey
	TTL     = contract.OnceTTL // in seconds, as DynamoDB wants it
	owner   = "owner"
	state   = "state" // leased or done
	until   = "until" // of the lease, in milliseconds
	result  = "result"
	leased  = "leased"
	done    = "done"
	retries = 3 // of a claim that finds a row that is gone when it looks
)

// Store is a table.
type Store struct {
	client Client
	name   string
	now    func() time.Time
}

// New makes a store of the table with this name. It panics without a client or a name.
func New(client Client, name string) *Store {
	if client == nil || name == "" {
		panic("table: New needs a client and the name of a table")
	}
	return &Store{client, name, time.Now}
}

// FromEnv makes a store of the table that the construct tells the function of, by
// MSKLAMBDA_ONCE_TABLE. It panics without a client, or where that is not set.
func FromEnv(client Client) *Store {
	name := os.Getenv(contract.OnceTable)
	if name == "" {
		panic("table: FromEnv needs the name of a table in " + contract.OnceTable + ", which the construct sets with ConsumerProps.Idempotency")
	}
	return New(client, name)
}

type row = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func textOf(r row, name string) string {
	if s, ok := r[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func numberOf(r row, name string) int64 {
	if s, ok := r[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.ParseInt(s.Value, 10, 64) // DynamoDB has checked it
		return n
	}
	return 0
}

// names are for expressions, where some of them are reserved words.
func names(attributes ...string) map[string]string {
	m := map[string]string{}
	for _, a := range attributes {
		m["#"+a] = a
	}
	return m
}

// Claim implements [once.Store]. The claim that it finds to be its own is one that it
// has written itself, by a call whose answer was lost and that the SDK has repeated.
func (s *Store) Claim(ctx context.Context, key, me string, lease, keep time.Duration) (once.Claim, error) {
	for range retries {
		now := s.now()
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.name, Key: row{Key: text(key)},
			UpdateExpression:         aws.String("SET #owner = :me, #state = :leased, #until = :until, #expires = :expires REMOVE #result"),
			ConditionExpression:      aws.String("attribute_not_exists(#id) OR #expires <= :seconds OR (#state = :leased AND #until <= :now)"),
			ExpressionAttributeNames: names(Key, owner, state, until, TTL, result),
			ExpressionAttributeValues: row{
				":me": text(me), ":leased": text(leased), ":until": number(now.Add(lease).UnixMilli()), ":expires": number(now.Add(lease + keep).Unix()),
				":now": number(now.UnixMilli()), ":seconds": number(now.Unix()),
			},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		if err == nil {
			return once.Claim{State: once.Claimed}, nil
		}
		r, err := s.refused(ctx, key, err)
		if err != nil {
			return once.Claim{}, err
		}
		switch {
		case textOf(r, state) == done:
			kept, _ := r[result].(*types.AttributeValueMemberB)
			if kept == nil {
				return once.Claim{State: once.Done}, nil
			}
			return once.Claim{State: once.Done, Result: kept.Value}, nil
		case r != nil && textOf(r, owner) == me:
			return once.Claim{State: once.Claimed}, nil
		case r != nil:
			return once.Claim{State: once.Taken, Until: time.UnixMilli(numberOf(r, until))}, nil
		}
		// It is gone since: released, or deleted.
	}
	return once.Claim{}, fmt.Errorf("table %s: the row was there and gone %d times", s.name, retries)
}

// Finish implements [once.Store]. The condition holds as well for a row that it has
// marked already.
func (s *Store) Finish(ctx context.Context, key, me string, kept []byte, keep time.Duration) error {
	in := &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: row{Key: text(key)},
		UpdateExpression:          aws.String("SET #state = :done, #expires = :expires REMOVE #until"),
		ConditionExpression:       aws.String("#owner = :me"),
		ExpressionAttributeNames:  names(owner, state, until, TTL),
		ExpressionAttributeValues: row{":me": text(me), ":done": text(done), ":expires": number(s.now().Add(keep).Unix())},
	}
	if kept != nil {
		*in.UpdateExpression = "SET #state = :done, #expires = :expires, #result = :result REMOVE #until"
		in.ExpressionAttributeNames["#result"] = result
		in.ExpressionAttributeValues[":result"] = &types.AttributeValueMemberB{Value: kept}
	}
	_, err := s.client.UpdateItem(ctx, in)
	if isRefused(err) {
		return once.ErrLost
	}
	return s.wrap(err)
}

// Release implements [once.Store].
func (s *Store) Release(ctx context.Context, key, me string) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.name, Key: row{Key: text(key)},
		ConditionExpression:       aws.String("#owner = :me AND #state = :leased"),
		ExpressionAttributeNames:  names(owner, state),
		ExpressionAttributeValues: row{":me": text(me), ":leased": text(leased)},
	})
	if isRefused(err) {
		return nil // it is not ours any more
	}
	return s.wrap(err)
}

// refused returns the row for which a condition did not hold, nil if it is gone.
func (s *Store) refused(ctx context.Context, key string, err error) (row, error) {
	var condition *types.ConditionalCheckFailedException
	if !errors.As(err, &condition) {
		return nil, s.wrap(err)
	}
	if condition.Item != nil {
		return condition.Item, nil
	}
	// What stands in for DynamoDB may not say it.
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.name, Key: row{Key: text(key)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, s.wrap(err)
	}
	return out.Item, nil
}

func isRefused(err error) bool {
	var condition *types.ConditionalCheckFailedException
	return errors.As(err, &condition)
}

func (s *Store) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("table %s: %w", s.name, err)
}
