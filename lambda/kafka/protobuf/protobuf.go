// Package protobuf decodes values that are written as Protobuf, by the serializer of a
// registry or without one.
//
//	kafka.Start(kafka.Typed(protobuf.Of[*orderpb.Order](), process))
package protobuf

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

// Of returns a decoder of messages of type M, a pointer that protoc-gen-go has made,
// such as *orderpb.Order. A tombstone is nil.
//
// In front of a value that has a schema stands which message of its file it is, and one
// that is not M is refused. No registry is asked, because Protobuf needs no schema of
// the writer: so M's file has to have the messages in the order that the writers' has
// (Confluent), or the same messages (Glue). Messages are added at the end then, and none
// is taken out. A value without a schema is M.
//
// A value that is not M, or cannot be read, is permanent. Panics if M is an interface.
func Of[M proto.Message]() kafka.Decoder[M] {
	var none M
	if proto.Message(none) == nil {
		panic("protobuf: Of needs the type of a message, got an interface")
	}
	message := none.ProtoReflect()
	want := placeOf(message.Descriptor())
	return func(_ context.Context, r *kafka.Record, data []byte) (M, error) {
		w, err := wire.Split(data, r.ValueSchema)
		if err != nil {
			return none, err
		}
		if w.Format != "" && w.Format != registry.Protobuf {
			return none, fmt.Errorf("protobuf: schema %s: want the format PROTOBUF, got %s", w.ID, w.Format)
		}
		body, err := want.check(w)
		if err != nil {
			return none, fmt.Errorf("protobuf: schema %s: %w", w.ID, err)
		}
		value := message.New().Interface()
		if err := proto.Unmarshal(body, value); err != nil {
			at := len(w.Data) - len(body) + wrongAt(message.Descriptor(), body)
			return none, fmt.Errorf("protobuf: %sbyte %d of %d behind the header: %w", schemaText(w.ID), at, len(w.Data), err)
		}
		return value.(M), nil
	}
}

func schemaText(id wire.ID) string {
	if id.IsZero() {
		return ""
	}
	return "schema " + id.String() + ": "
}

// place is where a message is in its file, as the registries count.
type place struct {
	name protoreflect.FullName
	path []int // Confluent: from the file down
	flat int   // Glue: among all by name
}

func placeOf(message protoreflect.MessageDescriptor) place {
	p := place{name: message.FullName()}
	for d := protoreflect.Descriptor(message); ; d = d.Parent() {
		if _, ok := d.(protoreflect.MessageDescriptor); !ok {
			break
		}
		p.path = append(p.path, d.Index())
	}
	slices.Reverse(p.path)
	names := allNames(nil, message.ParentFile().Messages())
	slices.Sort(names)
	p.flat = slices.Index(names, string(p.name))
	return p
}

func allNames(names []string, messages protoreflect.MessageDescriptors) []string {
	for i := range messages.Len() {
		m := messages.Get(i)
		names = allNames(append(names, string(m.FullName())), m.Messages())
	}
	return names
}

// check returns what follows the index, if it is this message's.
func (p place) check(w wire.Wire) ([]byte, error) {
	var room [8]int
	index, body, err := w.AppendIndex(room[:0])
	switch {
	case err != nil:
		return nil, err
	case w.ID.IsZero():
		return body, nil
	case w.Registry == wire.Glue && index[0] != p.flat:
		return nil, fmt.Errorf("byte 0 of the data: want message %d, which is %s, got message %d", p.flat, p.name, index[0])
	case w.Registry != wire.Glue && !slices.Equal(index, p.path):
		return nil, fmt.Errorf("byte 0 of the data: want message %s, which is %s, got message %s", dotted(p.path), p.name, dotted(index))
	}
	return body, nil
}

// dotted writes an index as 2.0.
func dotted(index []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(index), " ", "."), "[]")
}
