package table

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"msklambda/lambda/livescores/score"
	"msklambda/test/local/dynalite"
)

// watched is an Audience of which each request can be looked at, held up or failed.
func watched(t *testing.T, look func(operation string, in any) error) *Audience {
	t.Helper()
	server, name := dynalite.ForTest(t)
	client := dynamodb.New(server.Client().Options(), func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("look", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if err := look(middleware.GetOperationName(ctx), in.Parameters); err != nil {
					return middleware.InitializeOutput{}, middleware.Metadata{}, err
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		})
	})
	return NewAudience(client, dynalite.Followers(name))
}

// What is followed already is not written again: a page with 200 matches that
// follows one more costs two writes, and not 201. One that was not told is.
func TestOnlyTheDifferenceIsWritten(t *testing.T) {
	var mu sync.Mutex
	writes := 0
	table := watched(t, func(_ string, in any) error {
		mu.Lock()
		defer mu.Unlock()
		switch in := in.(type) {
		case *dynamodb.BatchWriteItemInput:
			for _, all := range in.RequestItems {
				writes += len(all)
			}
		case *dynamodb.PutItemInput, *dynamodb.DeleteItemInput:
			writes++
		}
		return nil
	})
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("m%03d", i))
	}
	lost := follows(many...)
	lost[7].Again = true
	for _, step := range []struct {
		name    string
		follows []score.Follow
		want    int
	}{
		{"200 at first", follows(many...), 201}, {"the same again", follows(many...), 1}, {"one more", follows(append(many, "more")...), 2},
		{"that one less", follows(many...), 2}, {"one that was not told", lost, 2}, {"all but three", follows(many[3:]...), 4}, {"none", nil, 198},
	} {
		writes = 0
		if err := follow(t, table, "one", step.follows); err != nil {
			t.Fatal(err)
		}
		if writes != step.want {
			t.Errorf("%s: writes = %d, want %d", step.name, writes, step.want)
		}
	}
}

// A browser that did not wait for an answer has two messages handled at once: what it
// said last holds, whichever is quicker.
func TestWhatWasAskedForLaterHolds(t *testing.T) {
	table := newAudience(t)
	later := now.Add(time.Second)
	if ok, err := table.Follow(t.Context(), "one", follows("a", "b"), later, now); !ok || err != nil {
		t.Fatalf("Follow = %v, %v", ok, err)
	}
	if ok, err := table.Follow(t.Context(), "one", follows("a"), now, now); ok || err != nil {
		t.Errorf("Follow of what was asked for before = %v, %v, want that it is overtaken", ok, err)
	}
	if got := followers(t, table, "b"); len(got) != 1 {
		t.Errorf("followers of b = %q, want one", got)
	}
	if ok, err := table.Follow(t.Context(), "one", nil, later.Add(time.Second), now); !ok || err != nil {
		t.Fatalf("Follow = %v, %v", ok, err)
	}
	if ok, err := table.Follow(t.Context(), "one", follows("a"), later, now); ok || err != nil {
		t.Errorf("Follow of what was asked for before nothing was = %v, %v, want that it is overtaken", ok, err)
	}
}

// Messages that are handled at once never cost a follower of what the last one names,
// in whatever order their requests come to the table.
func TestMessagesThatOverlapLoseNoFollower(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	table := watched(t, func(string, any) error {
		time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
		return nil
	})
	for n := range 24 {
		connection := fmt.Sprintf("c%d=", n)
		asked := time.Now()
		messages := [][]score.Follow{follows("a", "b", "c"), follows("a"), follows("a", "b", "c")}
		if n%2 == 1 {
			messages = [][]score.Follow{follows("a"), follows("b", "c")}
		}
		if n%3 > 0 { // it followed something before
			if _, err := table.Follow(t.Context(), connection, follows([]string{"a", "b"}[:n%3]...), asked, now); err != nil {
				t.Fatal(err)
			}
		}
		var wait sync.WaitGroup
		for i, m := range messages {
			wait.Go(func() {
				if _, err := table.Follow(t.Context(), connection, m, asked.Add(time.Duration(i+1)*time.Millisecond), now); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for _, f := range messages[len(messages)-1] {
			if !slices.Contains(followers(t, table, f.Match), connection) {
				t.Errorf("%s does not follow %s, which it asked for last", connection, f.Match)
			}
		}
	}
}

// Whatever ends in the middle, to ask again for the same makes a follower of all of
// it.
func TestWhatEndedInTheMiddleIsMadeGood(t *testing.T) {
	for _, change := range [][2]string{{"", "a b c"}, {"a b", "b c"}, {"a b c", "a"}} {
		for fails := 0; ; fails++ {
			var requests atomic.Int64 // several are made at once
			table := watched(t, func(string, any) error {
				if requests.Add(1) == int64(fails) {
					return errors.New("the end")
				}
				return nil
			})
			before, after := follows(strings.Fields(change[0])...), follows(strings.Fields(change[1])...)
			requests.Store(-1 << 20)
			if err := follow(t, table, "one", before); err != nil {
				t.Fatal(err)
			}
			requests.Store(-1)
			err := follow(t, table, "one", after)
			last := err == nil // all requests were before the one that fails
			requests.Store(-1 << 20)
			// It may have come back to what it followed meanwhile, or not.
			for _, want := range [][]score.Follow{before, after, before} {
				if err := follow(t, table, "one", want); err != nil {
					t.Fatal(err)
				}
				for _, f := range want {
					if got := followers(t, table, f.Match); !slices.Equal(got, []string{"one"}) {
						t.Errorf("from %q to %q, request %d failed: followers of %s = %q, want one", change[0], change[1], fails, f.Match, got)
					}
				}
			}
			if last {
				break
			}
		}
	}
}

// A table that is throttled makes a browser wait, and then says so.
func TestWritesThatAreThrottledAreTriedUntilTheTimeIsUp(t *testing.T) {
	server, name := dynalite.ForTest(t)
	refuse := 2
	client := dynamodb.New(server.Client().Options(), func(o *dynamodb.Options) {
		o.HTTPClient = clientFunc(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".BatchWriteItem") && refuse > 0 {
				refuse--
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"X-Amzn-Errortype": {"ProvisionedThroughputExceededException"}}, Body: http.NoBody}, nil
			}
			return http.DefaultClient.Do(r)
		})
	})
	table := NewAudience(client, dynalite.Followers(name))
	if ok, err := table.Follow(t.Context(), "one", follows("a"), now, now); !ok || err != nil {
		t.Errorf("Follow = %v, %v, want true once the table takes it", ok, err)
	}
	refuse = 1 << 20
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := table.Follow(ctx, "one", follows("a", "b"), now, now); err == nil || !strings.Contains(err.Error(), "follow 2 matches") {
		t.Errorf("Follow = %v, want that the time is up", err)
	}
}
