package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Decoder makes a T of data, which is the value of a record, or what another
// decoder has made of that. It is not called for tombstones. An
// error of it is permanent, as a value that is malformed stays so; what may be over
// later, such as a registry that cannot be reached, is to be returned as [Transient]
// or [RetryAfter].
type Decoder[T any] func(ctx context.Context, r *Record, data []byte) (T, error)

// Typed makes a function of one record of fn, which takes the record's value,
// decoded. A tombstone reaches fn as the zero T, which is nil for a pointer, with a
// nil r.Value. Panics if one of the functions is nil.
func Typed[T any](decode Decoder[T], fn func(ctx context.Context, value T, r *Record) error) HandlerFunc {
	if decode == nil || fn == nil {
		panic("kafka: Typed needs a decoder and a function, got nil")
	}
	return func(ctx context.Context, r *Record) error {
		value, err := decodeValue(ctx, decode, r)
		if err != nil {
			return err
		}
		return fn(ctx, value, r)
	}
}

// decodeValue decodes a record's value, if it has one.
func decodeValue[T any](ctx context.Context, decode Decoder[T], r *Record) (value T, err error) {
	if r.Value == nil {
		return value, nil
	}
	if value, err = decode(ctx, r, r.Value); err == nil {
		return value, nil
	}
	err = fmt.Errorf("decode the value, %d bytes%s, as %v: %w", len(r.Value), schemaText(r.ValueSchema), reflect.TypeFor[T](), err)
	if v := classify(err); v.outcome == transient && !v.said && ctx.Err() == nil {
		err = Permanent(err)
	}
	return value, err
}

func schemaText(s *Schema) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf(" of %s schema %s", s.DataFormat, s.SchemaID)
}

// Message is a record with its value decoded: Value is the decoded one and
// Record.Value the bytes, which are nil for a tombstone.
type Message[T any] struct {
	*Record
	Value T
}

// TypedBatch makes a [Batch] of fn, which takes the records with their values
// decoded. fn returns what a Batch does, about the Record of a Message.
//
// A record whose value cannot be decoded does not reach fn, and fails alone.
// Neither do those behind it in its partition, before it is out of the way:
// [DeadLetter] takes it there, and with [ContinueOnError] it is not in the way. fn is
// not called without messages. Panics if one of the functions is nil.
func TypedBatch[T any](decode Decoder[T], fn func(ctx context.Context, messages []Message[T]) error) Batch {
	if decode == nil || fn == nil {
		panic("kafka: TypedBatch needs a decoder and a function, got nil")
	}
	return func(ctx context.Context, records []*Record) error {
		var errs []error
		messages := make([]Message[T], 0, len(records))
		passes := failuresPass(ctx)
		stopped := map[place]bool{}
		for _, r := range records {
			at := place{r.Topic, r.Partition}
			if stopped[at] {
				continue // it comes again with the one that stops it
			}
			value, err := decodeValue(ctx, decode, r)
			if err != nil {
				errs = append(errs, FailedOnly(err, r))
				stopped[at] = !passes(err)
				continue
			}
			messages = append(messages, Message[T]{r, value})
		}
		if len(messages) > 0 {
			errs = append(errs, fn(ctx, messages))
		}
		return errors.Join(errs...)
	}
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// failuresPass says of an error whether the records behind go on in spite of it,
// with the options of the handler that ctx is of.
func failuresPass(ctx context.Context) func(error) bool {
	b, _ := ctx.Value(batchKey{}).(*batch)
	return func(err error) bool {
		return b != nil && (b.goOn || b.sink != nil && classify(err).outcome == permanent)
	}
}

// FromJSON decodes a value from JSON: also what the schema registry integration of
// Lambda delivers with the event record format JSON. JSON's own null is the zero T.
// Its errors tell how many bytes were read until then, where encoding/json says so.
func FromJSON[T any](_ context.Context, _ *Record, data []byte) (value T, err error) {
	err = json.Unmarshal(data, &value)
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		err = fmt.Errorf("after byte %d: %w", syntax.Offset, err)
	case errors.As(err, &typ):
		err = fmt.Errorf("after byte %d: %w", typ.Offset, err)
	}
	return value, err
}

// JSON is [Typed] with [FromJSON]:
//
//	kafka.Start(kafka.JSON(func(ctx context.Context, o Order, r *kafka.Record) error { ... }))
//
// It panics if fn is nil.
func JSON[T any](fn func(ctx context.Context, value T, r *Record) error) HandlerFunc {
	if fn == nil {
		panic("kafka: JSON needs a function, got nil")
	}
	return Typed(FromJSON[T], fn)
}
