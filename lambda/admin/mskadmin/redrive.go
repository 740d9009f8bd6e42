package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/constructs/filter"
	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/contract"
	"msklambda/lambda/admin/find"
	"msklambda/lambda/admin/redrive"
)

const fromForms = "s3://bucket/prefix, an SQS queue by its URL or ARN, or kafka://topic"

// redriving is what redrive is asked for.
type redriving struct {
	t                       *tool
	from, handler, endpoint string
	config                  redrive.Config
	bar                     *progress
}

// redriveBatches has the function handle what its mapping gave up.
func redriveBatches(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	r := &redriving{t: t}
	c := &r.config
	t.groupFlag(f)
	t.topicFlag(f)
	f.StringVar(&r.from, "from", "", "`where` the failed batches are: "+fromForms+" (default: the mapping's destination)")
	f.StringVar(&r.handler, "handler", "", "`function` that handles them (default: that of the mapping)")
	f.StringVar(&r.endpoint, "endpoint", "", "`URL` of Lambda's API, where the handler runs in the local loop")
	f.BoolVar(&c.Apply, "apply", false, "handle them, and remove what is handled; without, they are only shown")
	f.IntVar(&c.Max, "max", 100, "most messages; 0 is all")
	f.IntVar(&c.Tries, "tries", 1, "how often to try what fails, 1 to 10")
	f.BoolVar(&c.Inexact, "inexact", false, "take batches whose records are read again and are not as many as failed")
	if err := parse(f, args); err != nil {
		return false, err
	}
	switch {
	case c.Max < 0:
		return false, usage("-max must be 0 or more, got %d", c.Max)
	case c.Tries < 1 || c.Tries > 10:
		return false, usage("-tries must be 1 to 10, got %d", c.Tries)
	}
	if err := t.connect(ctx); err != nil {
		return false, err
	}
	mapping, err := t.choose(ctx, true)
	if err != nil {
		return false, err
	}
	if err := r.prepare(ctx, mapping); err != nil {
		return false, err
	}
	return r.run(ctx)
}

// prepare takes from the mapping what was not given.
func (r *redriving) prepare(ctx context.Context, m *find.Mapping) error {
	c := &r.config
	c.Topic, c.Cluster, c.Brokers = r.t.topic, r.t.about.Cluster, strings.Join(r.t.about.Brokers, ",")
	c.Read = redrive.Reader(r.t.asker)
	if m != nil {
		c.Function = m.FunctionARN
		if r.from == "" {
			r.from = m.Destination
		}
		if r.handler == "" {
			r.handler = m.FunctionARN
		}
		if m.Registry {
			c.Read = nil
		}
		for _, pattern := range m.Filters {
			p, err := filter.Parse(pattern)
			if err != nil {
				return fmt.Errorf("filter %s of the mapping: %w", pattern, err)
			}
			c.Filters = append(c.Filters, p)
		}
	}
	if r.from == "" {
		return usage("-from is needed, as the mapping has no destination: %s", fromForms)
	}
	if c.Apply && r.handler == "" {
		return usage("-handler is needed: the function that is to handle them, and with the local loop -endpoint")
	}
	if err := r.invoker(ctx); err != nil {
		return err
	}
	return r.source(ctx)
}

// invoker is how the handler is invoked.
func (r *redriving) invoker(ctx context.Context) error {
	var cfg aws.Config
	if r.endpoint != "" {
		cfg = aws.Config{Region: "us-east-1", BaseEndpoint: &r.endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	} else if r.config.Apply {
		if err := r.t.account(ctx); err != nil {
			return err
		}
		cfg = r.t.cfg
	}
	client := lambda.NewFromConfig(cfg, func(o *lambda.Options) { o.RetryMaxAttempts = 1 }) // it would be handled twice
	r.config.Invoke = func(ctx context.Context, event []byte) ([]byte, error) {
		out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &r.handler, Payload: event})
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s cannot be invoked (lambda:InvokeFunction): %w", r.handler, err)
		case aws.ToString(out.FunctionError) != "":
			return nil, redrive.FunctionError(out.Payload)
		}
		return out.Payload, nil
	}
	return nil
}

// source opens the destination.
func (r *redriving) source(ctx context.Context) error {
	if topic, ok := strings.CutPrefix(r.from, "kafka://"); ok {
		if r.config.Apply {
			if err := r.t.needs(ask.DoCommit); err != nil {
				return err
			}
		}
		r.config.Source = redrive.NewTopic(r.t.asker, topic, contract.RedriveGroup(r.t.group))
		return nil
	}
	if strings.HasPrefix(r.from, "arn:") && strings.Contains(r.from, ":sns:") {
		return usage("a topic of SNS keeps nothing: give the queue that is subscribed to it by -from, got %q", r.from)
	}
	bucket, isBucket := strings.CutPrefix(r.from, "s3://")
	if i := strings.Index(r.from, ":s3:::"); strings.HasPrefix(r.from, "arn:") && i > 0 {
		bucket, isBucket = r.from[i+len(":s3:::"):], true
	}
	isURL := strings.HasPrefix(r.from, "http://") || strings.HasPrefix(r.from, "https://")
	isQueue := strings.HasPrefix(r.from, "arn:") && strings.Contains(r.from, ":sqs:")
	if !isBucket && !isURL && !isQueue {
		return usage("-from must be %s, got %q", fromForms, r.from)
	}
	if err := r.t.account(ctx); err != nil {
		return err
	}
	if isBucket {
		name, prefix, _ := strings.Cut(bucket, "/")
		client := s3.NewFromConfig(r.t.cfg, func(o *s3.Options) {
			// A stand-in has no host name for each bucket.
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired // or each object without one is a line of log
			o.UsePathStyle = os.Getenv("AWS_ENDPOINT_URL_S3") != "" || os.Getenv("AWS_ENDPOINT_URL") != ""
		})
		r.config.Source = redrive.NewBucket(client, name, prefix)
		return nil
	}
	client := sqs.NewFromConfig(r.t.cfg)
	url := r.from
	if isQueue {
		parts := strings.Split(r.from, ":")
		if len(parts) != 6 {
			return usage("-from must be %s, got %q", fromForms, r.from)
		}
		out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &parts[5], QueueOwnerAWSAccountId: &parts[4]})
		if err != nil {
			return fmt.Errorf("the queue %s cannot be found (sqs:GetQueueUrl): %w", r.from, err)
		}
		url = aws.ToString(out.QueueUrl)
	}
	r.config.Source = redrive.NewQueue(client, url)
	return nil
}

func (r *redriving) run(ctx context.Context) (bool, error) {
	r.bar = r.t.newProgress("redriven", 0)
	defer r.bar.end()
	var failed error
	r.config.Report = func(o redrive.Outcome) {
		r.bar.end()
		if err := r.report(&o); err != nil && failed == nil {
			failed = err
		}
		r.bar.add(1)
	}
	s, err := redrive.Run(ctx, r.config)
	r.bar.end()
	if r.t.isJSON() {
		if err := r.t.jsonLine(map[string]any{"summary": s, "applied": r.config.Apply}); err != nil {
			return false, err
		}
	} else {
		r.summary(&s)
	}
	if err != nil {
		return false, err
	}
	return s.Left == 0, failed
}

func (r *redriving) report(o *redrive.Outcome) error {
	if r.t.isJSON() {
		return r.t.jsonLine(o)
	}
	text := fmt.Sprintf("%s: %s", o.Message, o.Status)
	if o.From != "" {
		text += fmt.Sprintf(", %s, %s", o.From, o.Cause)
	}
	if o.Records > 0 {
		text += ", " + count(o.Records, "record")
	}
	if o.Why != "" {
		text += ": " + o.Why
	}
	if o.Status == redrive.Left && o.Handled > 0 {
		text += fmt.Sprintf(" (%d of them are handled, and will be again)", o.Handled)
	}
	_, err := fmt.Fprintln(r.t.out, text)
	return err
}

func (r *redriving) summary(s *redrive.Summary) {
	if !r.config.Apply {
		r.t.note("%s, %d of others; nothing was done: with -apply the function handles %s", count(s.Messages, "message"), s.NotOnes, count(s.Records, "record"))
	} else {
		r.t.note("%s: %d handled and removed, %d left, %d of others; %s handled", count(s.Messages, "message"), s.Done, s.Left, s.NotOnes, count(s.Handled, "record"))
	}
	if s.More {
		r.t.note("there are more: -max was %d", r.config.Max)
	}
}
