// Package avro decodes values that a registry's serializer has written as Avro.
//
//	kafka.Start(kafka.Typed(avro.Of[Order](reg, schema), process))
//
// It is github.com/hamba/avro that decodes: the fields of T are those with the tag
// avro:"name", and T may be a struct, a pointer to one, or any type that goes with the
// schema.
package avro

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hamba/avro/v2"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

// api keeps which decoder is for which schema and type. It has no limits of its own
// for lengths, because these are checked before.
var api = avro.Config{MaxByteSliceSize: -1}.Freeze()

// maxResolved is how many schemas of writers a decoder remembers. When there are more,
// it begins anew.
const maxResolved = 1000

// Of returns a decoder of values that are written with any schema of the registry and
// read with one of one's own, as Avro resolves them: fields in another order, more or
// fewer of them, defaults, wider numbers. An empty reader reads each with the schema
// that it was written with.
//
// A value that does not go with its schema, goes on behind it, has none, or is of
// one that cannot be read with the reader's is permanent; so is an id that the
// registry does not have ([registry.ErrUnknown]). What else the registry fails for is
// transient. Panics if reg is nil or reader is not a schema.
func Of[T any](reg registry.Registry, reader string) kafka.Decoder[T] {
	if reg == nil {
		panic("avro: Of needs a registry, got nil")
	}
	d := &decoder{registry: reg, resolved: map[wire.ID]schemas{}}
	if reader != "" {
		schema, err := parse(registry.Schema{Text: reader})
		if err != nil {
			panic(fmt.Sprintf("avro: Of needs a schema to read with: %v", err))
		}
		d.reader = schema
	}
	return func(ctx context.Context, r *kafka.Record, data []byte) (value T, err error) {
		w, err := wire.Split(data, r.ValueSchema)
		if err != nil {
			return value, err
		}
		schema, err := d.schema(ctx, w)
		if err != nil {
			return value, err
		}
		if err := check(schema.writer, w.Data); err != nil {
			return value, fmt.Errorf("avro: schema %s: %w", w.ID, err)
		}
		if err := api.Unmarshal(schema.read, w.Data, &value); err != nil {
			var none T
			return none, fmt.Errorf("avro: schema %s: %w", w.ID, err)
		}
		return value, nil
	}
}

// schemas are those of a value.
type schemas struct {
	writer avro.Schema
	read   avro.Schema // the reader's, resolved
}

type decoder struct {
	registry registry.Registry
	reader   avro.Schema // nil: that of the writer

	mu       sync.RWMutex
	resolved map[wire.ID]schemas
}

// schema returns what a value is read with.
func (d *decoder) schema(ctx context.Context, w wire.Wire) (schemas, error) {
	switch {
	case w.ID.IsZero():
		return schemas{}, errors.New("avro: want the header of a schema registry, or what Lambda says of the schema, got none")
	case w.Format != "" && w.Format != registry.Avro:
		return schemas{}, fmt.Errorf("avro: schema %s: want the format AVRO, got %s", w.ID, w.Format)
	}
	d.mu.RLock()
	known, ok := d.resolved[w.ID]
	d.mu.RUnlock()
	if ok {
		return known, nil
	}
	// Several that come here at once do the same work twice.
	written, err := d.registry.Schema(ctx, w.ID)
	if err != nil {
		return schemas{}, fmt.Errorf("avro: %w", err)
	}
	if known, err = d.resolve(written); err != nil {
		return schemas{}, fmt.Errorf("avro: schema %s: %w", w.ID, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.resolved) >= maxResolved {
		clear(d.resolved)
	}
	d.resolved[w.ID] = known
	return known, nil
}

func (d *decoder) resolve(written registry.Schema) (schemas, error) {
	if written.Format != registry.Avro {
		return schemas{}, fmt.Errorf("want the format AVRO, got %s", written.Format)
	}
	writer, err := parse(written)
	if err != nil || d.reader == nil {
		return schemas{writer, writer}, err
	}
	read, err := avro.NewSchemaCompatibility().Resolve(d.reader, writer)
	return schemas{writer, read}, err
}

// parse reads a schema behind those that it names. Names are of this schema only.
func parse(s registry.Schema) (avro.Schema, error) {
	names := &avro.SchemaCache{}
	for _, text := range s.References {
		if _, err := avro.ParseWithCache(text, "", names); err != nil {
			return nil, err
		}
	}
	return avro.ParseWithCache(s.Text, "", names)
}
