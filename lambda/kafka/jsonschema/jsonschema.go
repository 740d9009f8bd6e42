// Package jsonschema decodes values of JSON that have to hold a JSON Schema: that of a
// registry whose serializer wrote them, or one of your own.
//
//	kafka.Start(kafka.Typed(jsonschema.Of[Order](reg), process))
//	kafka.Start(kafka.Typed(jsonschema.Against[Order](schema), process))
//
// It is github.com/santhosh-tekuri/jsonschema that validates, in the draft that a schema
// names, 2020-12 by default; formats are not checked, as the drafts have it. The
// value is then decoded by encoding/json.
package jsonschema

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

// maxCompiled is how many schemas a decoder remembers. When there are more, it begins
// anew.
const maxCompiled = 1000

// Of returns a decoder of values behind a registry's header, or that Lambda took it
// off, which have to hold the schema that they were written with.
//
// A value that does not hold it, is not JSON or has no schema is permanent, and so is
// one whose schema cannot be read or is not in the registry ([registry.ErrUnknown]). What else the
// registry fails for is transient. Panics if reg is nil.
func Of[T any](reg registry.Registry) kafka.Decoder[T] {
	if reg == nil {
		panic("jsonschema: Of needs a registry, got nil")
	}
	d := &decoder{registry: reg, compiled: map[wire.ID]*jsonschema.Schema{}}
	return func(ctx context.Context, r *kafka.Record, data []byte) (value T, err error) {
		w, err := wire.Split(data, r.ValueSchema)
		if err != nil {
			return value, err
		}
		schema, err := d.schema(ctx, w)
		if err != nil {
			return value, err
		}
		if value, err = decode[T](ctx, r, schema, w.Data); err != nil {
			return value, fmt.Errorf("jsonschema: schema %s: %w", w.ID, err)
		}
		return value, nil
	}
}

// Against returns a decoder of values, without a registry's header, which have to hold a
// schema. Panics if it is not one, or refers to another.
func Against[T any](schema string) kafka.Decoder[T] {
	compiled, err := compile(registry.Schema{Format: registry.JSON, Text: schema})
	if err != nil {
		panic(fmt.Sprintf("jsonschema: Against needs a schema: %v", err))
	}
	return func(ctx context.Context, r *kafka.Record, data []byte) (value T, err error) {
		if value, err = decode[T](ctx, r, compiled, data); err != nil {
			return value, fmt.Errorf("jsonschema: %w", err)
		}
		return value, nil
	}
}

func decode[T any](ctx context.Context, r *kafka.Record, schema *jsonschema.Schema, data []byte) (value T, err error) {
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data)) // numbers as they are written
	if err != nil {
		if _, at := kafka.FromJSON[any](ctx, r, data); at != nil {
			return value, at // which says where
		}
		return value, err
	}
	if err := schema.Validate(instance); err != nil {
		return value, broken(err)
	}
	return kafka.FromJSON[T](ctx, r, data)
}

// maxBroken is how many keywords an error names.
const maxBroken = 3

// broken says where a value does not hold its schema and by which keyword, and not
// what is there, which is people's data.
func broken(err error) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var all []string
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) > 0 {
			for _, cause := range e.Causes {
				walk(cause)
			}
			return
		}
		where := "the value"
		if len(e.InstanceLocation) > 0 {
			where = "/" + strings.Join(e.InstanceLocation, "/")
		}
		all = append(all, fmt.Sprintf("%s does not hold %q", where, strings.Join(e.ErrorKind.KeywordPath(), "/")))
	}
	walk(invalid)
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > maxBroken {
		all = append(all[:maxBroken], fmt.Sprintf("and %d more", len(all)-maxBroken))
	}
	return errors.New(strings.Join(all, ", "))
}

type decoder struct {
	registry registry.Registry

	mu       sync.RWMutex
	compiled map[wire.ID]*jsonschema.Schema
}

// schema returns what a value has to hold.
func (d *decoder) schema(ctx context.Context, w wire.Wire) (*jsonschema.Schema, error) {
	switch {
	case w.ID.IsZero():
		return nil, errors.New("jsonschema: want the header of a schema registry, or what Lambda says of the schema, got none")
	case w.Format != "" && w.Format != registry.JSON:
		return nil, fmt.Errorf("jsonschema: schema %s: want the format JSON, got %s", w.ID, w.Format)
	}
	d.mu.RLock()
	known := d.compiled[w.ID]
	d.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	// Several that come here at once do the same work twice.
	written, err := d.registry.Schema(ctx, w.ID)
	if err != nil {
		return nil, fmt.Errorf("jsonschema: %w", err)
	}
	if known, err = compile(written); err != nil {
		return nil, fmt.Errorf("jsonschema: schema %s: %w", w.ID, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.compiled) >= maxCompiled {
		clear(d.compiled)
	}
	d.compiled[w.ID] = known
	return known, nil
}

// noLoader loads nothing: a schema that somebody registered is not to have the function
// read its files, or ask the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not among the references of the schema, and nothing else is loaded", url)
}

// root is where a schema without an id of its own is.
const root = "registry:///schema.json"

// compile reads a schema with those that it refers to, by their $id.
func compile(written registry.Schema) (*jsonschema.Schema, error) {
	if written.Format != registry.JSON {
		return nil, fmt.Errorf("want the format JSON, got %s", written.Format)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	for i, text := range append(slices.Clone(written.References), written.Text) {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("read the schema: %w", err)
		}
		location := root
		if i < len(written.References) {
			location = fmt.Sprintf("registry:///reference%d.json", i)
			if id := idOf(text); id != "" {
				location = id
			}
		}
		if err := c.AddResource(location, doc); err != nil {
			return nil, fmt.Errorf("read the schema: %w", err)
		}
	}
	schema, err := c.Compile(root)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	return schema, nil
}

// idOf is the $id of a schema, "" if it has none.
func idOf(text string) string {
	var s struct {
		ID string `json:"$id"`
	}
	if json.Unmarshal([]byte(text), &s) != nil {
		return "" // true or false, which are schemas too
	}
	return s.ID
}
