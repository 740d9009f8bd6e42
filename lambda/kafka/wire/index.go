package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// AppendIndex reads which message of its schema a Protobuf value is, which stands in
// front of it, and returns what follows. Lambda leaves it there, also where it takes the
// header off.
//
// Confluent's serializers write the place of the message in the file, as a path: how
// many numbers follow, then these; [0] is one byte of 0. They are zigzag numbers, but
// older clients write plain ones, which are read as such where they have no meaning
// in zigzag, because one of them is negative then. Glue's write one plain number, which
// counts all messages of the file in the order of their names. Without a registry
// there is none, and an id of neither form is read as Confluent's.
func (w Wire) AppendIndex(index []int) (_ []int, rest []byte, err error) {
	switch {
	case w.Registry == None && w.ID.IsZero():
		return index, w.Data, nil
	case w.Registry == Glue:
		n, size, err := number(w.Data, 0, plain)
		if err != nil {
			return index, w.Data, fmt.Errorf("wire: message index: %w", err)
		}
		return append(index, n), w.Data[size:], nil
	}
	to, rest, err := path(index, w.Data, zigzag)
	if errors.Is(err, errNegative) {
		var plainErr error
		if to, rest, plainErr = path(index, w.Data, plain); plainErr == nil {
			return to, rest, nil
		}
	}
	if err != nil {
		return index, w.Data, fmt.Errorf("wire: message index: %w", err)
	}
	return to, rest, nil
}

// path reads a count and as many numbers.
func path(index []int, data []byte, read func([]byte) (int64, int)) (_ []int, rest []byte, err error) {
	count, at, err := number(data, 0, read)
	if err != nil {
		return nil, nil, err
	}
	if count == 0 {
		return append(index, 0), data[at:], nil
	}
	if count > len(data)-at {
		return nil, nil, fmt.Errorf("byte 0: want as many numbers as it says, got %d for %d bytes", count, len(data)-at)
	}
	for range count {
		n, next, err := number(data, at, read)
		if err != nil {
			return nil, nil, err
		}
		index, at = append(index, n), next
	}
	return index, data[at:], nil
}

var errNegative = errors.New("negative")

// number reads a number at a place, and returns the place behind it.
func number(data []byte, at int, read func([]byte) (int64, int)) (n, next int, err error) {
	v, size := read(data[at:])
	switch {
	case size == 0:
		return 0, 0, fmt.Errorf("byte %d of the data: want a number, got the end", at)
	case size < 0 || v > math.MaxInt32:
		return 0, 0, fmt.Errorf("byte %d of the data: want at most %d, got more", at, math.MaxInt32)
	case v < 0:
		return 0, 0, fmt.Errorf("byte %d of the data: want no less than 0, got %d: %w", at, v, errNegative)
	}
	return int(v), at + size, nil
}

func zigzag(b []byte) (int64, int) { return binary.Varint(b) }

func plain(b []byte) (int64, int) {
	v, size := binary.Uvarint(b)
	return int64(min(v, math.MaxInt64)), size
}
