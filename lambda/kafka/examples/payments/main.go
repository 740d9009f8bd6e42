// Command payments charges each order once, however often it comes: a row in
// DynamoDB says that an order is being charged, by whom and until when, or that it is
// done.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter/topic"
)

type Order struct {
	ID     string `json:"id"`
	Amount int    `json:"amount"`
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Getenv("BROKERS")))
	if err != nil {
		panic(err)
	}
	p := payments{dynamodb.NewFromConfig(cfg), os.Getenv("PAYMENTS_URL"), 30 * time.Second}
	kafka.Start(kafka.JSON(p.process), append(options, kafka.DeadLetter(topic.New(client, "payments-dead")))...)
}

var options = []kafka.Option{kafka.ConcurrencyByKey(16), kafka.Retry(kafka.Backoff{})}

type client interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

type payments struct {
	table client
	url   string
	lease time.Duration
}

func (p payments) process(ctx context.Context, o Order, _ *kafka.Record) error {
	if o.ID == "" || o.Amount <= 0 {
		return kafka.Permanent(fmt.Errorf("order %q of %d", o.ID, o.Amount))
	}
	if err := p.claim(ctx, o.ID); err != nil {
		return err
	}
	if err := p.charge(ctx, o); err != nil {
		return errors.Join(err, p.set(ctx, o.ID, "free", 0))
	}
	return p.set(ctx, o.ID, "done", 0)
}

// charge has the provider know an order that it has charged, by its id: a process may
// end between the charge and the row that says so.
func (p payments) charge(ctx context.Context, o Order) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"?amount="+strconv.Itoa(o.Amount), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", o.ID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return fmt.Errorf("charge %s: %s", o.ID, resp.Status)
	case resp.StatusCode >= 300:
		return kafka.Permanent(fmt.Errorf("charge %s: %s", o.ID, resp.Status))
	}
	return nil
}

// claim makes an order this invocation's, unless it is done or another's.
func (p payments) claim(ctx context.Context, id string) error {
	err := p.set(ctx, id, "leased", p.lease)
	var taken *types.ConditionalCheckFailedException
	if !errors.As(err, &taken) {
		return err
	}
	if state, ok := taken.Item["state"].(*types.AttributeValueMemberS); ok && state.Value == "done" {
		return kafka.Skip(fmt.Errorf("order %s is charged", id))
	}
	return kafka.RetryAfter(p.lease/4, fmt.Errorf("order %s is being charged", id))
}

func (p payments) set(ctx context.Context, id, state string, lease time.Duration) error {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(t time.Time) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.UnixMilli(), 10)}
	}
	in := &dynamodb.UpdateItemInput{
		TableName: aws.String("payments"), Key: map[string]types.AttributeValue{"id": text(id)},
		UpdateExpression:                    aws.String("SET #s = :state, #u = :until"),
		ExpressionAttributeNames:            map[string]string{"#s": "state", "#u": "until"},
		ExpressionAttributeValues:           map[string]types.AttributeValue{":state": text(state), ":until": number(time.Now().Add(lease))},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if state == "leased" {
		in.ConditionExpression = aws.String("attribute_not_exists(id) OR (#s <> :done AND #u < :now)")
		in.ExpressionAttributeValues[":done"], in.ExpressionAttributeValues[":now"] = text("done"), number(time.Now())
	}
	_, err := p.table.UpdateItem(ctx, in)
	return err
}
