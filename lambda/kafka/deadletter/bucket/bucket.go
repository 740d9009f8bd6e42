// Package bucket writes records that are given up to an S3 bucket.
//
// The function needs s3:PutObject on the objects, kms:GenerateDataKey on the bucket's
// key if it has one of its own, and, in a VPC without a way to the internet, a gateway
// endpoint for S3.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
)

// atOnce is how many objects are written at once.
const atOnce = 8

// Client is the part of an S3 client that is needed; [s3.NewFromConfig] makes one.
type Client interface {
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Sink is a bucket that records are given up to.
type Sink struct {
	client         Client
	bucket, prefix string
}

// New makes a sink of a bucket, to be given to [kafka.DeadLetter]. The prefix may be
// empty.
//
// Each record is an object with a [deadletter.Letter], whose key is
// prefix + topic/partition/offset.json, the offset with 20 digits, so that they sort: a record
// that is given up again takes its place. Where it came from, and for what it failed,
// are metadata too. New panics without a client or the name of a bucket.
func New(client Client, bucket, prefix string) *Sink {
	if client == nil || bucket == "" {
		panic("bucket: New needs a client and the name of a bucket")
	}
	return &Sink{client, bucket, prefix}
}

// Send writes the records and returns when the bucket has them all. What it does not
// take is told record by record.
func (s *Sink) Send(ctx context.Context, failures []kafka.Failure) error {
	errs := make([]error, len(failures))
	slots := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for i, f := range failures {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := s.put(ctx, f); err != nil {
				errs[i] = kafka.FailedOnly(err, f.Record)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (s *Sink) put(ctx context.Context, f kafka.Failure) error {
	body, err := letter(f)
	if err != nil {
		return err
	}
	metadata := map[string]string{}
	for _, o := range deadletter.Origins(f) {
		metadata[strings.TrimPrefix(o.Name, "dead-letter-")] = ascii(o.Value)
	}
	key := fmt.Sprintf("%s%s/%d/%020d.json", s.prefix, f.Record.Topic, f.Record.Partition, f.Record.Offset)
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body),
		ContentType: aws.String("application/json"), Metadata: metadata,
	})
	if err != nil {
		return fmt.Errorf("put %s into %s: %w", key, s.bucket, err)
	}
	return nil
}

// letter writes a failure down. Headers that are malformed panic: in a goroutine of
// ours that would end the process.
func letter(f kafka.Failure) (body []byte, err error) {
	if err := f.Record.CheckHeaders(); err != nil {
		return nil, err
	}
	if body, err = deadletter.NewLetter(f).JSON(); err != nil {
		return nil, fmt.Errorf("write down %s: %w", f.Record, err)
	}
	return body, nil
}

// ascii replaces what a header of HTTP, which metadata is, does not take.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
