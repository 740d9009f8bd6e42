// Package confluent asks a registry that speaks Confluent's API, by franz-go's client.
//
//	client, err := sr.NewClient(sr.URLs(os.Getenv("REGISTRY_URL")))
//	reg := confluent.New(client, registry.Limits{})
//
// The function needs a way to the registry: in a VPC, a route to it and a security
// group that its own lets in; and for a secret secretsmanager:GetSecretValue on it.
package confluent

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"

	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

// maxReferences is how many schemas one may be made of.
const maxReferences = 100

// New returns the registry that a client asks, with what it says remembered: see
// [registry.Cached]. That there is no such schema is known only if the registry itself
// says so; a 404 of something in between is transient, and so is what it does not let the
// function see. Panics if client is nil.
func New(client *sr.Client, limits registry.Limits) registry.Registry {
	if client == nil {
		panic("confluent: New needs a client, got nil")
	}
	return registry.Cached(source{client}, limits)
}

type source struct{ client *sr.Client }

// Schema implements [registry.Registry].
func (s source) Schema(ctx context.Context, id wire.ID) (registry.Schema, error) {
	number, ok := id.Number()
	if !ok {
		return registry.Schema{}, fmt.Errorf("not an id of Confluent's registry: %w", registry.ErrUnknown)
	}
	schema, err := s.client.SchemaByID(ctx, int(number))
	if err != nil {
		return registry.Schema{}, answer(err)
	}
	r := references{client: s.client, seen: map[reference]bool{}}
	if err := r.add(ctx, schema); err != nil {
		return registry.Schema{}, err
	}
	return registry.Schema{Format: schema.Type.String(), Text: schema.Schema, References: r.texts}, nil
}

// answer makes sense of an error of the client.
func answer(err error) error {
	var said *sr.ResponseError
	if !errors.As(err, &said) {
		return fmt.Errorf("ask the registry: %w", err)
	}
	if said.ErrorCode == sr.ErrSchemaNotFound.Code {
		return fmt.Errorf("%s: %w", said.URL, registry.ErrUnknown)
	}
	return fmt.Errorf("ask the registry: %s: status %d: %w", said.URL, said.StatusCode, err)
}

// reference is a version of a schema that another one names.
type reference struct {
	subject string
	version int
}

type references struct {
	client *sr.Client
	seen   map[reference]bool
	texts  []string
}

// add adds what a schema names, each behind what it names itself.
func (r *references) add(ctx context.Context, schema sr.Schema) error {
	for _, named := range schema.References {
		key := reference{named.Subject, named.Version}
		if r.seen[key] {
			continue
		}
		if len(r.seen) == maxReferences {
			return fmt.Errorf("the schema names more than %d others", maxReferences)
		}
		r.seen[key] = true
		other, err := r.client.SchemaByVersion(ctx, named.Subject, named.Version)
		if err != nil {
			return fmt.Errorf("version %d of %s, which it names: ask the registry: %w", named.Version, named.Subject, err)
		}
		if err := r.add(ctx, other.Schema); err != nil {
			return err
		}
		r.texts = append(r.texts, other.Schema.Schema)
	}
	return nil
}
