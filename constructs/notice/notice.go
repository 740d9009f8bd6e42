// Package notice holds every warning and every note that a synth may show: its
// id, when it is shown, what it says, and what to do about it. Who decides that
// one is due brings the data.
package notice

import (
	"fmt"
	"regexp"
	"strings"
)

// Kind is one kind of warning or note.
type Kind struct {
	// ID is what acknowledges it: awscdk.Annotations_Of(construct).AcknowledgeWarning.
	ID string

	// On is the construct that it is shown on: "cluster" or "consumer".
	On string

	// When says in a few words of Markdown when it is shown.
	When string

	// Text says what is the case, and Do what to do about it. Data stands in
	// braces, by its name.
	Text, Do string
}

// Data is what a notice says of the case at hand, by name.
type Data map[string]any

// Notice is a warning or a note that is due.
type Notice struct {
	ID   string
	On   string
	Kind Kind
	Data Data
}

// With makes a notice of a kind.
func (k Kind) With(data Data) Notice { return Notice{ID: k.ID, On: k.On, Kind: k, Data: data} }

// For makes a notice whose id ends in the name of a field, so that it is
// acknowledged for that field alone. An index has a dot there: CDK shows an id no
// further than to its first bracket that closes.
func (k Kind) For(field string, data Data) Notice {
	n := k.With(data)
	n.ID += withoutBrackets.Replace(field)
	return n
}

var withoutBrackets = strings.NewReplacer("[", ".", "]", "")

var name = regexp.MustCompile(`\{[a-z][A-Za-z]*\}`)

// String is the text with its data. A name that has no data is a bug, and stays as
// it is.
func (n Notice) String() string {
	text := n.Kind.Text
	if n.Kind.Do != "" {
		text += " " + n.Kind.Do
	}
	return name.ReplaceAllStringFunc(text, func(braced string) string {
		if value, ok := n.Data[braced[1:len(braced)-1]]; ok {
			return fmt.Sprint(value)
		}
		return braced
	})
}
