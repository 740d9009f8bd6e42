package wire

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
)

// ID is the id of a schema. It can be compared and be the key of a map.
type ID struct {
	registry Registry
	number   uint32
	uuid     [16]byte
	text     string // of neither form
}

// ConfluentID returns the id of a schema in Confluent's registry.
func ConfluentID(n uint32) ID { return ID{registry: Confluent, number: n} }

// GlueID returns the id of a version of a schema in Glue's registry.
func GlueID(uuid [16]byte) ID { return ID{registry: Glue, uuid: uuid} }

// ParseID returns the id that text is. Its form tells whose it is: a number is
// Confluent's, a UUID is Glue's, and another is kept as it is.
func ParseID(text string) ID {
	if n, ok := parseNumber(text); ok {
		return ConfluentID(n)
	}
	if uuid, ok := parseUUID(text); ok {
		return GlueID(uuid)
	}
	return ID{text: text}
}

// parseNumber reads a decimal number. Unlike strconv it makes no error, which would be
// an allocation for each record of Glue's.
func parseNumber(text string) (uint32, bool) {
	n := uint64(0)
	for i := range len(text) {
		digit := text[i] - '0'
		if digit > 9 {
			return 0, false
		}
		if n = n*10 + uint64(digit); n > math.MaxUint32 {
			return 0, false
		}
	}
	return uint32(n), len(text) > 0
}

// parseUUID reads 8-4-4-4-12 hexadecimal digits.
func parseUUID(text string) (uuid [16]byte, ok bool) {
	if len(text) != 36 {
		return uuid, false
	}
	var digits [32]byte
	n := 0
	for i := range len(text) {
		switch i {
		case 8, 13, 18, 23:
			if text[i] != '-' {
				return uuid, false
			}
		default:
			digits[n] = text[i]
			n++
		}
	}
	_, err := hex.Decode(uuid[:], digits[:])
	return uuid, err == nil
}

// Registry says whose id it is.
func (id ID) Registry() Registry { return id.registry }

// Number returns an id of Confluent's registry.
func (id ID) Number() (uint32, bool) { return id.number, id.registry == Confluent }

// IsZero says that there is none.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the id as its registry writes it: 17, or
// 0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34.
func (id ID) String() string {
	switch id.registry {
	case Confluent:
		return strconv.FormatUint(uint64(id.number), 10)
	case Glue:
		b := make([]byte, 0, 36)
		for i, part := range [][]byte{id.uuid[:4], id.uuid[4:6], id.uuid[6:8], id.uuid[8:10], id.uuid[10:]} {
			if i > 0 {
				b = append(b, '-')
			}
			b = hex.AppendEncode(b, part)
		}
		return string(b)
	}
	return id.text
}

// AppendHeader appends the header that the serializer of the id's registry writes in
// front of a value that is not compressed. An id of neither has none.
func (id ID) AppendHeader(b []byte) []byte {
	switch id.registry {
	case Confluent:
		return binary.BigEndian.AppendUint32(append(b, 0), id.number)
	case Glue:
		return append(append(b, glueVersion, gluePlain), id.uuid[:]...)
	}
	return b
}
