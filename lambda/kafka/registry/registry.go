// Package registry has schemas by the id that their serializer wrote. Package
// confluent beside it asks a registry that speaks Confluent's API, package glue asks AWS
// Glue, and [Static] and [Files] need no network.
//
// What a registry says of an id never changes, so that each id is asked about once
// for each execution environment: see [Cached].
package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/wire"
)

// The formats of schemas.
const (
	Avro     = "AVRO"
	JSON     = "JSON"
	Protobuf = "PROTOBUF"
)

// Schema is a schema of a registry.
type Schema struct {
	Format string // AVRO, JSON or PROTOBUF
	Text   string

	// References are the texts of the schemas that Text names, each behind
	// those that it names itself.
	References []string
}

// Registry has schemas by id. Its method may be called by several goroutines.
//
// What it returns of an id that there is not is [ErrUnknown], which is permanent for a
// decoder. An error after which it is to be asked again is marked by
// [kafka.Transient].
type Registry interface {
	Schema(ctx context.Context, id wire.ID) (Schema, error)
}

// ErrUnknown is that a registry does not have an id.
var ErrUnknown = errors.New("the registry does not have it")

// Func is a function as a [Registry].
type Func func(ctx context.Context, id wire.ID) (Schema, error)

// Schema calls f.
func (f Func) Schema(ctx context.Context, id wire.ID) (Schema, error) { return f(ctx, id) }

// Static returns a registry of these schemas, by id as [wire.ParseID] reads it. An id
// that it does not have is [ErrUnknown], and transient: the next version of the
// function may have it, and no record is given up until then.
func Static(schemas map[string]Schema) Registry {
	byID := make(map[wire.ID]Schema, len(schemas))
	for id, schema := range schemas {
		byID[wire.ParseID(id)] = schema
	}
	return Func(func(_ context.Context, id wire.ID) (Schema, error) {
		schema, ok := byID[id]
		if !ok {
			return Schema{}, kafka.Transient(fmt.Errorf("schema %s: %w", id, ErrUnknown))
		}
		return schema, nil
	})
}

var formats = map[string]string{".avsc": Avro, ".json": JSON, ".proto": Protobuf}

// Files returns the registry, as [Static] does, of the files of a directory, which
// are named by id and format: 17.avsc, 0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34.proto or
// 18.json.
//
//	//go:embed schemas
//	var schemas embed.FS
//
//	reg, err := registry.Files(schemas, "schemas")
func Files(fsys fs.FS, dir string) (Registry, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	schemas := map[string]Schema{}
	for _, e := range entries {
		format, ok := formats[path.Ext(e.Name())]
		id := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		if !ok || wire.ParseID(id).Registry() == wire.None {
			return nil, fmt.Errorf("registry: %s must be named by a number or a UUID, and .avsc, .json or .proto", path.Join(dir, e.Name()))
		}
		text, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("registry: %w", err)
		}
		if _, twice := schemas[id]; twice {
			return nil, fmt.Errorf("registry: %s has schema %s twice", dir, id)
		}
		schemas[id] = Schema{Format: format, Text: string(text)}
	}
	return Static(schemas), nil
}
