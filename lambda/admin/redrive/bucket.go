package redrive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// maxObject is the largest object that is read: a batch has 6 MB.
const maxObject = 32 << 20

// Bucket is a bucket of failed batches.
type Bucket struct {
	client         *s3.Client
	bucket, prefix string
	objects        []object // that there were
	listed         bool
}

type object struct {
	key, tag string
	size     int64
	written  time.Time
}

// NewBucket makes a source of the objects of a bucket whose keys begin with a prefix.
func NewBucket(client *s3.Client, bucket, prefix string) *Bucket {
	return &Bucket{client: client, bucket: bucket, prefix: prefix}
}

// list lists the objects that there are now, the oldest first.
func (b *Bucket) list(ctx context.Context) error {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &b.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("the bucket %s cannot be listed (s3:ListBucket): %w", b.bucket, err)
		}
		for _, o := range page.Contents {
			b.objects = append(b.objects, object{aws.ToString(o.Key), aws.ToString(o.ETag), aws.ToInt64(o.Size), aws.ToTime(o.LastModified)})
		}
	}
	slices.SortStableFunc(b.objects, func(a, b object) int { return cmp.Or(a.written.Compare(b.written), cmp.Compare(a.key, b.key)) })
	b.listed = true
	return nil
}

// Next reads the next object.
func (b *Bucket) Next(ctx context.Context) (*Message, error) {
	if !b.listed {
		if err := b.list(ctx); err != nil {
			return nil, err
		}
	}
	if len(b.objects) == 0 {
		return nil, nil
	}
	o := b.objects[0]
	b.objects = b.objects[1:]
	m := &Message{ID: "s3://" + b.bucket + "/" + o.key, Sent: o.written, at: o}
	if o.size > maxObject {
		return m, nil // which is no JSON
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &o.key, IfMatch: &o.tag})
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read (s3:GetObject): %w", m.ID, err)
	}
	defer out.Body.Close()
	if m.Body, err = io.ReadAll(out.Body); err != nil {
		return nil, fmt.Errorf("%s: %w", m.ID, err)
	}
	return m, nil
}

// Remove deletes an object, unless it was written anew meanwhile: the sink of package
// deadletter/bucket gives a record that is given up again the same key.
func (b *Bucket) Remove(ctx context.Context, m *Message) error {
	o := m.at.(object)
	head, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &o.key})
	if err != nil {
		return err
	}
	if aws.ToString(head.ETag) != o.tag || !aws.ToTime(head.LastModified).Truncate(time.Second).Equal(o.written.Truncate(time.Second)) {
		return errors.New("it was written anew meanwhile: the function gave it up again")
	}
	if _, err = b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: &o.key}); err != nil {
		return fmt.Errorf("s3:DeleteObject: %w", err)
	}
	return nil
}

// Leave does nothing: an object is where it is.
func (b *Bucket) Leave(context.Context, *Message, bool) {}

// Close does nothing.
func (b *Bucket) Close(context.Context) error { return nil }
