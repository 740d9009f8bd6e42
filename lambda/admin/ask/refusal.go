package ask

import (
	"fmt"
	"strings"
)

// Kind is the kind of a refusal.
type Kind string

// The kinds.
const (
	NoTopic      Kind = "no such topic"
	NoGroup      Kind = "no such group"
	NoRight      Kind = "not allowed here"  // by the function itself
	Forbidden    Kind = "not allowed there" // by the brokers
	HasMembers   Kind = "group has members"
	Moved        Kind = "offsets moved"
	Unreachable  Kind = "no broker answers"
	Unauthorized Kind = "not authenticated"
	Invalid      Kind = "not valid"
	Failed       Kind = "failed"
)

// Refusal is why there is no answer. It is an error.
type Refusal struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`

	// Near are names that may have been meant.
	Near []string `json:"near,omitempty"`

	// Cure is what to do about it.
	Cure string `json:"cure,omitempty"`
}

// Error is the text, with the near names and the cure.
func (r *Refusal) Error() string {
	text := r.Text
	if len(r.Near) > 0 {
		quoted := make([]string, len(r.Near))
		for i, name := range r.Near {
			quoted[i] = fmt.Sprintf("%q", name)
		}
		text += ", did you mean " + strings.Join(quoted, " or ") + "?"
	}
	if r.Cure != "" {
		text += ": " + r.Cure
	}
	return text
}

// Refuse makes a refusal.
func Refuse(kind Kind, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// With adds a cure.
func (r *Refusal) With(format string, args ...any) *Refusal {
	r.Cure = fmt.Sprintf(format, args...)
	return r
}

// MayMean adds names that may have been meant.
func (r *Refusal) MayMean(names ...string) *Refusal {
	r.Near = names
	return r
}
