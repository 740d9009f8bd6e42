package glue

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/glue"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/avro"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

const (
	known   = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"
	pending = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b35"
	refused = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b36"
	secret  = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b37"
	deleted = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b38"
	missing = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b39"
)

// standIn is a server that speaks the one call of Glue's API.
func standIn(t *testing.T) (client *glue.Client, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var in struct{ SchemaVersionId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AWSGlue.GetSchemaVersion" ||
			!strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
			t.Errorf("request %v of %v, %v, want a signed GetSchemaVersion", r.Header, in, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fail := func(kind string) {
			w.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(w).Encode(map[string]string{"__type": kind, "Message": "said so"})
		}
		version := map[string]string{"SchemaVersionId": in.SchemaVersionId, "DataFormat": "AVRO", "SchemaDefinition": `"string"`, "Status": "AVAILABLE"}
		switch in.SchemaVersionId {
		case known:
		case deleted:
			version["Status"] = "DELETING"
		case pending:
			version["Status"] = "PENDING"
		case refused:
			version["Status"] = "FAILURE"
		case secret:
			fail("AccessDeniedException")
			return
		default:
			fail("EntityNotFoundException")
			return
		}
		json.NewEncoder(w).Encode(version)
	}))
	t.Cleanup(server.Close)
	return glue.New(glue.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		Retryer: aws.NopRetryer{},
	}), asked
}

func TestSchema(t *testing.T) {
	client, asked := standIn(t)
	reg := New(client, registry.Limits{})
	tests := map[string]struct {
		id      string
		unknown bool
		err     string
	}{
		"known":       {known, false, ""},
		"deleting":    {deleted, false, ""}, // what is written with it is still there
		"missing":     {missing, true, "EntityNotFoundException"},
		"refused":     {refused, true, "its status is FAILURE"},
		"pending":     {pending, false, "its status is PENDING"},
		"not allowed": {secret, false, "AccessDeniedException"},
		"Confluent's": {"17", true, "not an id of Glue's registry"},
	}
	for name, test := range tests {
		got, err := reg.Schema(t.Context(), wire.ParseID(test.id))
		if test.err != "" {
			if err == nil || errors.Is(err, registry.ErrUnknown) != test.unknown || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), test.id) {
				t.Errorf("%s: %v, want %q of %s, unknown: %v", name, err, test.err, test.id, test.unknown)
			}
			continue
		}
		if want := (registry.Schema{Format: "AVRO", Text: `"string"`}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	before := asked.Load()
	if _, err := reg.Schema(t.Context(), wire.ParseID(known)); err != nil || asked.Load() != before {
		t.Errorf("asked again about what is known: %v", err)
	}
}

func TestAValueIsReadWithGlue(t *testing.T) {
	client, _ := standIn(t)
	decode := avro.Of[string](New(client, registry.Limits{}), `"string"`)
	value := append(wire.ParseID(known).AppendHeader(nil), "\x0achair"...)
	if got, err := decode(t.Context(), &kafka.Record{}, value); err != nil || got != "chair" {
		t.Errorf("%q, %v, want chair", got, err)
	}
}

func TestNewNeedsAClient(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New(nil) did not panic")
		}
	}()
	New(nil, registry.Limits{})
}
