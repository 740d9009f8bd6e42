// Package wire splits off what a schema registry's serializer wrote in front of a
// value or a key: which schema it was written with, and whether it is compressed.
//
//	w, err := wire.Value(r)
//	// w.Registry, w.ID: which schema; w.Data: the value itself
//
// The decoders of packages avro and protobuf do this themselves. It is a package of
// its own, and not a method of a record, so that zlib is in no function that has no
// use for it.
package wire

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"

	"msklambda/lambda/kafka"
)

// Registry says whose serializer wrote a value.
type Registry uint8

const (
	None      Registry = iota // no registry's, or one of which nothing is known
	Confluent                 // Confluent's, and those that speak its API
	Glue                      // AWS Glue's
)

// String returns the name of the registry.
func (r Registry) String() string {
	switch r {
	case Confluent:
		return "Confluent"
	case Glue:
		return "Glue"
	}
	return "none"
}

// Wire is a value without the header of a registry.
type Wire struct {
	// Registry is whose header the value has or had. With None, Data is all of
	// it: JSON, text, or a format without a registry.
	Registry Registry

	// ID is the schema that the value was written with.
	ID ID

	// Format is what Lambda says of the value: AVRO, JSON or PROTOBUF; empty
	// where the mapping has no registry.
	Format string

	// Removed says that Lambda has taken the header off, as it does where the
	// mapping has a registry. With its event record format SOURCE, Data is then
	// what was written, and with JSON it is JSON, whatever Format says.
	Removed bool

	// Data is what follows the header, not compressed. It is a part of the
	// value, unless it was. In front of Protobuf there is an index, see
	// [Wire.AppendIndex].
	Data []byte
}

const (
	confluentHeader = 5  // 0, then the id
	glueHeader      = 18 // 3, the compression, then the id
	glueVersion     = 3
	gluePlain       = 0
	glueZlib        = 5
)

// MaxInflated is the most bytes that a compressed value may become: ten times what an
// event holds, so that a small one cannot take all memory.
const MaxInflated = 64 << 20

// Value splits the value of a record. A tombstone is the zero Wire.
func Value(r *kafka.Record) (Wire, error) { return Split(r.Value, r.ValueSchema) }

// Key splits the key of a record. A record without one has the zero Wire.
func Key(r *kafka.Record) (Wire, error) { return Split(r.Key, r.KeySchema) }

// Split splits a value or a key, of which schema is what Lambda says, nil if nothing.
//
// What Lambda says counts. Without, it is the first bytes: 0 and four more are
// Confluent's header, 3 with 0 or 5 and sixteen more are Glue's, and all else has
// none. A number in big-endian form, as keys may be, looks like Confluent's: ask only
// about what a registry's serializer writes. The error says that what is compressed
// cannot be read.
func Split(data []byte, schema *kafka.Schema) (Wire, error) {
	switch {
	case schema != nil:
		id := ParseID(schema.SchemaID)
		return Wire{Registry: id.registry, ID: id, Format: schema.DataFormat, Removed: true, Data: data}, nil
	case len(data) >= confluentHeader && data[0] == 0:
		return Wire{Registry: Confluent, ID: ConfluentID(binary.BigEndian.Uint32(data[1:])), Data: data[confluentHeader:]}, nil
	case len(data) >= glueHeader && data[0] == glueVersion && (data[1] == gluePlain || data[1] == glueZlib):
		w := Wire{Registry: Glue, ID: GlueID([16]byte(data[2:glueHeader])), Data: data[glueHeader:]}
		if data[1] == gluePlain {
			return w, nil
		}
		inflated, err := inflate(w.Data)
		if err != nil {
			return Wire{}, fmt.Errorf("wire: value of Glue schema %s: %w", w.ID, err)
		}
		w.Data = inflated
		return w, nil
	}
	return Wire{Data: data}, nil
}

// inflate undoes zlib.
func inflate(data []byte) ([]byte, error) {
	in := bytes.NewReader(data)
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("zlib: byte %d: %w", glueHeader, err)
	}
	out, err := io.ReadAll(io.LimitReader(z, MaxInflated+1))
	at := glueHeader + len(data) - in.Len()
	switch {
	case err != nil:
		return nil, fmt.Errorf("zlib: byte %d: %w", at, err)
	case len(out) > MaxInflated:
		return nil, fmt.Errorf("zlib: more than %d bytes, which is the most that is read", MaxInflated)
	case in.Len() > 0:
		return nil, fmt.Errorf("zlib: byte %d: want the end, got %d bytes more", at, in.Len())
	}
	return out, nil
}
