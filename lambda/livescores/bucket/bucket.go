// Package bucket writes objects to an S3 bucket, so that of several writers the one
// with the newest content is last. S3's SDK would be the largest part of the
// function, for one request of its hundred.
package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// Bucket is one bucket. Its methods may be called by several goroutines.
type Bucket struct {
	cfg    aws.Config
	base   string // URL of the bucket, which ends in '/'
	signer *v4.Signer
	client *http.Client

	mu    sync.Mutex
	known map[string]string // the entity tag of what was written last, by key
}

// New makes a Bucket of one that exists. endpoint is that of a stand-in, "" for S3.
// It calls nothing.
func New(cfg aws.Config, name, endpoint string) *Bucket {
	domain := "amazonaws.com"
	if strings.HasPrefix(cfg.Region, "cn-") {
		domain += ".cn"
	}
	base := fmt.Sprintf("https://%s.s3.%s.%s/", name, cfg.Region, domain)
	if endpoint != "" {
		base = strings.TrimSuffix(endpoint, "/") + "/" + name + "/"
	}
	return &Bucket{
		cfg: cfg, base: base, known: map[string]string{},
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }), // as S3 has it
		client: &http.Client{Timeout: 3 * time.Second, Transport: http.DefaultTransport.(*http.Transport).Clone()},
	}
}

// Object is what is written.
type Object struct {
	Content []byte
	Type    string
	MaxAge  time.Duration // that caches may keep it
}

// Put writes an object, whatever there is.
func (b *Bucket) Put(ctx context.Context, key string, o Object) error {
	_, err := b.try(ctx, http.MethodPut, key, o, nil)
	return err
}

// Replace writes what read returns. If somebody else wrote the object since this
// Bucket did, it is read again and written then, after a while that grows: what is
// written last was read last.
func (b *Bucket) Replace(ctx context.Context, key string, read func(context.Context) (Object, error)) error {
	b.mu.Lock()
	tag := b.known[key]
	b.mu.Unlock()
	for longest := 20 * time.Millisecond; ; longest = min(2*longest, time.Second) {
		o, err := read(ctx)
		if err != nil {
			return err
		}
		condition := map[string]string{"If-None-Match": "*"}
		if tag != "" {
			condition = map[string]string{"If-Match": tag}
		}
		written, err := b.try(ctx, http.MethodPut, key, o, condition)
		var answer *Error
		switch {
		case err == nil:
			b.mu.Lock()
			b.known[key] = written
			b.mu.Unlock()
			return nil
		// 409: another write is under way. 404: it is gone meanwhile.
		case errors.As(err, &answer) && (answer.Status == http.StatusPreconditionFailed || answer.Status == http.StatusConflict || answer.Status == http.StatusNotFound):
			// Anything up to the longest, so that those who met do not meet again.
			if err := pause(ctx, rand.N(longest)); err != nil {
				return fmt.Errorf("%w: %w", answer, err)
			}
			if tag, err = b.tag(ctx, key); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// pause waits, if the context lets it.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tag returns the entity tag of an object, "" if there is none. S3 says so only to
// those who may list the bucket: to others it says 403, which may mean all sorts of
// things and is an error.
func (b *Bucket) tag(ctx context.Context, key string) (string, error) {
	tag, err := b.try(ctx, http.MethodHead, key, Object{}, nil)
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusNotFound {
		return "", nil
	}
	return tag, err
}

// Error is an answer that is no success.
type Error struct {
	Method, Key string
	Status      int
	Text        string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: status %d %s", strings.ToLower(e.Method), e.Key, e.Status, e.Text)
}

// try asks until there is an answer that another attempt would not change, or the
// context ends.
func (b *Bucket) try(ctx context.Context, method, key string, o Object, headers map[string]string) (tag string, err error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		tag, err = b.once(ctx, method, key, o, headers)
		var answer *Error
		if err == nil || errors.As(err, &answer) && answer.Status < http.StatusInternalServerError && answer.Status != http.StatusTooManyRequests {
			return tag, err
		}
		if pause(ctx, wait) != nil {
			return "", err
		}
	}
}

func (b *Bucket) once(ctx context.Context, method, key string, o Object, headers map[string]string) (tag string, err error) {
	// As S3 escapes it to check the signature: all but letters, digits and -._~, so
	// ':' too, which net/url leaves as it is.
	path := httpbinding.EscapePath(key, false)
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, bytes.NewReader(o.Content))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(o.Content)
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if method == http.MethodPut {
		r.Header.Set("Content-Type", o.Type)
		r.Header.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(o.MaxAge.Seconds())))
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	who, err := b.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	if err := b.signer.SignHTTP(ctx, who, r, hash, "s3", b.cfg.Region, time.Now()); err != nil {
		return "", err
	}
	answer, err := b.client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 500))
	if err != nil {
		return "", err
	}
	if answer.StatusCode/100 != 2 {
		return "", &Error{method, key, answer.StatusCode, string(text)}
	}
	return answer.Header.Get("ETag"), nil
}
