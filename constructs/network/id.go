package network

// ID names a resource of AWS. It is a text that is known now, or an opaque one,
// such as a CDK token, that stands for an id which is known at the deploy only: it
// may turn out to be any other id.
type ID struct {
	text   string
	opaque bool
}

// Known is an id that is known now.
func Known(text string) ID { return ID{text: text} }

// Opaque is an id that is known at the deploy only. The text tells it from other
// opaque ones.
func Opaque(text string) ID { return ID{text: text, opaque: true} }

// IDs makes ids of texts, of which the predicate says which are opaque.
func IDs(texts []string, opaque func(string) bool) []ID {
	var ids []ID
	for _, text := range texts {
		ids = append(ids, ID{text, opaque(text)})
	}
	return ids
}

// Text returns the text.
func (id ID) Text() string { return id.text }

// String is the id for people, who can do nothing with the text of an opaque one.
func (id ID) String() string {
	if id.opaque {
		return "<known at the deploy>"
	}
	return id.text
}

// IsOpaque reports whether the id is known at the deploy only.
func (id ID) IsOpaque() bool { return id.opaque }

// IsZero reports whether there is no id.
func (id ID) IsZero() bool { return id == ID{} }

// Is says whether two ids are the same. Of an opaque one and any other that is not
// known now.
func (id ID) Is(other ID) Truth {
	switch {
	case id == other:
		return Yes
	case id.opaque || other.opaque:
		return Maybe
	}
	return No
}

// Truth is yes, no, or not known.
type Truth int

// The truths. The zero value is not known.
const (
	Maybe Truth = iota
	No
	Yes
)
