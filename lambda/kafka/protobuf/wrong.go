package protobuf

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// wrongAt returns where data stops being a message, because proto does not say: the
// start of the field that cannot be read, as deep as it is to be found.
func wrongAt(message protoreflect.MessageDescriptor, data []byte) int {
	at, _ := find(message, data)
	return at
}

func find(message protoreflect.MessageDescriptor, data []byte) (at int, wrong bool) {
	for at < len(data) {
		number, kind, tag := protowire.ConsumeTag(data[at:])
		if tag < 0 {
			return at, true
		}
		size := protowire.ConsumeFieldValue(number, kind, data[at+tag:])
		if size < 0 {
			return at, true
		}
		field := message.Fields().ByNumber(number)
		if field != nil && kind == protowire.BytesType {
			content, n := protowire.ConsumeBytes(data[at+tag:])
			start := at + tag + n - len(content)
			switch field.Kind() {
			case protoreflect.MessageKind:
				if inner, wrong := find(field.Message(), content); wrong {
					return start + inner, true
				}
			case protoreflect.StringKind:
				if !utf8.Valid(content) {
					return at, true
				}
			}
		}
		at += tag + size
	}
	return at, false
}
