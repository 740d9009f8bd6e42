package find

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"msklambda/lambda/admin/ask"
)

// MaxEvent is the most that Lambda takes and gives, in bytes.
const MaxEvent = 6 << 20

// Caller asks an admin function.
type Caller struct {
	client  *lambda.Client
	name    string
	brokers []string
}

// NewCaller makes one of a function, which is told the brokers with each question.
func NewCaller(cfg aws.Config, function string, brokers ...string) *Caller {
	return &Caller{lambda.NewFromConfig(cfg), function, brokers}
}

// Ask asks the function. What changes something is asked once: Lambda does not tell
// whether an invocation that failed has begun.
func (c *Caller) Ask(ctx context.Context, q *ask.Question) (*ask.Answer, error) {
	one := *q
	one.Brokers = c.brokers
	event, err := json.Marshal(one)
	if err != nil {
		return nil, err
	}
	if len(event) > MaxEvent {
		return nil, ask.Refuse(ask.Invalid, "the question has %d bytes, and Lambda takes %d in an event", len(event), MaxEvent).
			With("a record so large must be written by somebody who reaches the brokers: -brokers, from a host in the VPC")
	}
	tries := func(o *lambda.Options) {
		if q.Do.Needs() != ask.Read {
			o.RetryMaxAttempts = 1
		}
	}
	out, err := c.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &c.name, Payload: event}, tries)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("the admin function %s cannot be invoked (lambda:InvokeFunction): %w", c.name, err)
	case aws.ToString(out.FunctionError) != "":
		return nil, fmt.Errorf("the admin function %s failed: %s", c.name, failure(out.Payload))
	}
	a := &ask.Answer{}
	if err := json.Unmarshal(out.Payload, a); err != nil {
		return nil, fmt.Errorf("the function %s does not answer as an admin function does: %w", c.name, err)
	}
	if a.Refused != nil {
		return a, a.Refused
	}
	return a, nil
}

// failure is what Lambda says of an invocation that failed.
func failure(payload []byte) string {
	var said struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal(payload, &said) != nil || said.ErrorMessage == "" {
		return string(payload)
	}
	return errors.New(said.ErrorType + ": " + said.ErrorMessage).Error()
}
