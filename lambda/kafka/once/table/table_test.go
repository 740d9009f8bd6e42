package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/kafka/contract"
	"msklambda/lambda/kafka/once"
	"msklambda/lambda/kafka/once/internal/storetest"
	"msklambda/test/local/dynalite"
)

var tables atomic.Int64

// newTable makes a table. What stands in for DynamoDB is consistent at once, deletes
// nothing by time to live, and does not say which row a condition did not hold for.
func newTable(t *testing.T) (server *dynalite.Server, name string) {
	t.Helper()
	server, _ = dynalite.ForTest(t)
	name = fmt.Sprintf("once-%d", tables.Add(1))
	_, err := server.Client().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(Key), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(Key), KeyType: types.KeyTypeHash}},
	})
	if err == nil {
		err = dynamodb.NewTableExistsWaiter(server.Client(), func(o *dynamodb.TableExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
		}).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, 10*time.Second)
	}
	if err != nil {
		t.Fatal(err)
	}
	return server, name
}

// saying is a client that says which row a condition did not hold for, as DynamoDB does
// when it is asked to.
type saying struct {
	Client
	t     *testing.T
	reads atomic.Int64 // that the store itself does
}

func (s *saying) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	s.reads.Add(1)
	return s.Client.GetItem(ctx, in, opts...)
}

func (s *saying) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	out, err := s.Client.UpdateItem(ctx, in, opts...)
	var condition *types.ConditionalCheckFailedException
	if errors.As(err, &condition) && in.ReturnValuesOnConditionCheckFailure == types.ReturnValuesOnConditionCheckFailureAllOld {
		old, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: in.TableName, Key: in.Key, ConsistentRead: aws.Bool(true)})
		if err != nil {
			s.t.Error(err)
			return nil, err
		}
		return nil, &types.ConditionalCheckFailedException{Item: old.Item}
	}
	return out, err
}

func TestTable(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) once.Store {
		server, name := newTable(t)
		s := New(server.Client(), name)
		s.now = now
		return s
	})
}

// apart is a store of marks whose keys are in no other's way, so that one table does for
// all cases of a test.
type apart struct {
	*Store
	prefix string
}

var cases atomic.Int64

func newApart(s *Store) apart { return apart{s, fmt.Sprint(cases.Add(1), "/")} }

func (a apart) Hold(ctx context.Context, key, owner string, lease, keep time.Duration) (once.Mark, error) {
	return a.Store.Hold(ctx, a.prefix+key, owner, lease, keep)
}

func (a apart) Move(ctx context.Context, key, owner string, next int64, lease, keep time.Duration) error {
	return a.Store.Move(ctx, a.prefix+key, owner, next, lease, keep)
}

func (a apart) Leave(ctx context.Context, key, owner string) error {
	return a.Store.Leave(ctx, a.prefix+key, owner)
}

func TestTableKeepsMarks(t *testing.T) {
	for name, client := range map[string]func(*testing.T, Client) Client{
		"as dynalite answers": func(_ *testing.T, c Client) Client { return c },
		"as DynamoDB does":    func(t *testing.T, c Client) Client { return &saying{Client: c, t: t} },
	} {
		t.Run(name, func(t *testing.T) {
			server, name := newTable(t)
			storetest.RunMarks(t, func(t *testing.T, now func() time.Time) once.MarkStore {
				s := New(client(t, server.Client()), name)
				s.now = now
				return newApart(s)
			})
		})
	}
}

func TestPartitionsInATableWhateverHappensAtEachStep(t *testing.T) {
	if testing.Short() {
		t.Skip("200 cases of a dozen requests: go test without -short runs it")
	}
	server, name := newTable(t)
	storetest.RunCrashes(t, func(t *testing.T) (once.MarkStore, func(time.Duration)) {
		ahead := time.Duration(0)
		s := New(server.Client(), name)
		s.now = func() time.Time { return time.Now().Add(ahead) }
		return newApart(s), func(d time.Duration) { ahead += d }
	})
}

func TestTableThatSaysWhyItRefuses(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) once.Store {
		server, name := newTable(t)
		client := &saying{Client: server.Client(), t: t}
		t.Cleanup(func() {
			if n := client.reads.Load(); n > 0 {
				t.Errorf("%d rows read, want none: the answer has them", n)
			}
		})
		s := New(client, name)
		s.now = now
		return s
	})
}

// lossy loses the answer to each request the first time, after the server has done it.
type lossy struct {
	lost map[string]bool
	n    int
}

func (l *lossy) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	resp, err := http.DefaultClient.Do(r)
	what := r.Header.Get("X-Amz-Target") + string(body)
	if err != nil || l.lost[what] {
		return resp, err
	}
	l.lost[what] = true
	l.n++
	resp.Body.Close()
	return nil, errors.New("connection reset by peer")
}

// The SDK's own retry of a conditional write finds what the first one has written.
func TestAnAnswerThatIsLostIsNotAnotherOwner(t *testing.T) {
	server, name := newTable(t)
	network := &lossy{lost: map[string]bool{}}
	s := New(dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &server.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""), HTTPClient: network,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 10 * time.Millisecond }),
	}), name)
	for _, key := range []string{"done", "released"} {
		if c, err := s.Claim(t.Context(), key, "a", time.Minute, time.Hour); err != nil || c.State != once.Claimed {
			t.Errorf("claim of %s: %v, %v, want it", key, c.State, err)
		}
	}
	if err := s.Finish(t.Context(), "done", "a", []byte("r"), time.Hour); err != nil {
		t.Error(err)
	}
	if err := s.Release(t.Context(), "released", "a"); err != nil {
		t.Error(err)
	}
	if m, err := s.Hold(t.Context(), "mark", "a", time.Minute, time.Hour); err != nil || m.State != once.Claimed {
		t.Errorf("hold: %v, %v, want it", m.State, err)
	}
	if err := errors.Join(s.Move(t.Context(), "mark", "a", 7, time.Minute, time.Hour), s.Leave(t.Context(), "mark", "a")); err != nil {
		t.Error(err)
	}
	if m, err := s.Hold(t.Context(), "mark", "b", time.Minute, time.Hour); err != nil || m.State != once.Claimed || m.Next != 7 {
		t.Errorf("hold of what is left: %v at %d, %v, want it at 7", m.State, m.Next, err)
	}
	if c, err := s.Claim(t.Context(), "done", "b", time.Minute, time.Hour); err != nil || c.State != once.Done || string(c.Result) != "r" {
		t.Errorf("claim of what is done: %v, %q, %v", c.State, c.Result, err)
	}
	if c, err := s.Claim(t.Context(), "released", "b", time.Minute, time.Hour); err != nil || c.State != once.Claimed {
		t.Errorf("claim of what is released: %v, %v", c.State, err)
	}
	if network.n < 10 {
		t.Errorf("%d answers lost, want that of each write", network.n)
	}
}

func TestAnErrorNamesTheTable(t *testing.T) {
	server, _ := newTable(t)
	s := New(server.Client(), "not-there")
	_, claim := s.Claim(t.Context(), "key", "a", time.Minute, time.Hour)
	for what, err := range map[string]error{"claim": claim, "finish": s.Finish(t.Context(), "key", "a", nil, time.Hour), "release": s.Release(t.Context(), "key", "a")} {
		var missing *types.ResourceNotFoundException
		if !errors.As(err, &missing) || !strings.HasPrefix(err.Error(), "table not-there: ") {
			t.Errorf("%s: %v, want that table not-there is not there", what, err)
		}
	}
}

func TestARowIsWrittenForDynamoDBsTimeToLive(t *testing.T) {
	server, name := newTable(t)
	s := New(server.Client(), name)
	s.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	read := func() row {
		out, err := server.Client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: row{Key: text("key")}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Item
	}
	if _, err := s.Claim(t.Context(), "key", "a", time.Minute, time.Hour); err != nil || numberOf(read(), TTL) != 1_800_003_660 {
		t.Errorf("claimed: %v, %v, want %s of 1800003660 seconds", read(), err, TTL)
	}
	if err := s.Finish(t.Context(), "key", "a", []byte("r"), time.Hour); err != nil || numberOf(read(), TTL) != 1_800_003_600 {
		t.Errorf("done: %v, %v, want %s of 1800003600 seconds", read(), err, TTL)
	}
}

func TestTheConstructSaysWhichTable(t *testing.T) {
	t.Setenv(contract.OnceTable, "orders-once")
	if s := FromEnv(dynamodb.New(dynamodb.Options{})); s.name != "orders-once" {
		t.Errorf("table = %q, want orders-once", s.name)
	}
}

func TestNewNeedsAClientAndAName(t *testing.T) {
	for name, make := range map[string]func(){
		"no client": func() { New(nil, "once") },
		"no name":   func() { New(dynamodb.New(dynamodb.Options{}), "") },
		"no table":  func() { FromEnv(dynamodb.New(dynamodb.Options{})) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: New did not panic", name)
				}
			}()
			make()
		}()
	}
}
