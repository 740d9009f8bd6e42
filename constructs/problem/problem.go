// Package problem is how everything here says what is wrong with what it was
// given: a field, and what is allowed and was got. It knows nothing of what the
// fields are of.
package problem

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Problem is one wrong value. A caller that knows the fields by other names, such
// as context keys, gives it those with [Problem.Rename].
type Problem struct {
	// Field is the field as it is written in Go, such as "BatchSize".
	Field string

	// Message says what is allowed and what was got.
	Message string

	format string // with the fields that it refers to in braces; "" = none
	args   []any
}

// Error returns the field and the message.
func (p *Problem) Error() string { return p.Field + " " + p.Message }

// reference is a field in the format of a message. What a user gave stands in the
// arguments, where braces mean nothing.
var reference = regexp.MustCompile(`\{([A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)*)\}`)

// New makes a problem. Other fields that the message refers to stand in braces in
// the format: "needs {Pollers}: Lambda has it in provisioned mode only". What
// stands in the arguments is what was given and is never taken for a field.
func New(field, format string, args ...any) *Problem {
	p := &Problem{Field: field, format: format, args: args}
	p.Message = p.message(func(field string) string { return field })
	return p
}

func (p *Problem) message(rename func(string) string) string {
	format := reference.ReplaceAllStringFunc(p.format, func(braced string) string {
		return rename(braced[1 : len(braced)-1])
	})
	return fmt.Sprintf(format, p.args...)
}

// Refers lists the other fields that the message names, each once.
func (p *Problem) Refers() []string {
	var fields []string
	for _, m := range reference.FindAllStringSubmatch(p.format, -1) {
		if !slices.Contains(fields, m[1]) {
			fields = append(fields, m[1])
		}
	}
	return fields
}

// Rename returns the problem with other names for its field and for the fields
// that its message refers to. Every other word, and every value that was given,
// stays as it is.
func (p *Problem) Rename(name func(field string) string) *Problem {
	renamed := &Problem{Field: name(p.Field), Message: p.Message}
	if p.format != "" {
		renamed.Message = p.message(name)
	}
	return renamed
}

// List collects problems.
type List []*Problem

// Add appends a problem, as [New] makes it.
func (l *List) Add(field, format string, args ...any) { *l = append(*l, New(field, format, args...)) }

// Err joins the problems (see [errors.Join]); it is nil where there are none.
func (l List) Err() error {
	errs := make([]error, len(l))
	for i, p := range l {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// Of lists the problems that an error is made of, in their order. It looks into
// joined and wrapped errors, and leaves out what is no problem.
func Of(err error) List {
	switch err := err.(type) {
	case *Problem:
		return List{err}
	case interface{ Unwrap() []error }:
		var out List
		for _, err := range err.Unwrap() {
			out = append(out, Of(err)...)
		}
		return out
	case interface{ Unwrap() error }:
		return Of(err.Unwrap())
	}
	return nil
}
