package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes reports for people.
func WriteText(w io.Writer, reports []*Report) error {
	var out strings.Builder
	for i, r := range reports {
		if i > 0 {
			out.WriteString("\n")
		}
		r.text(&out)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteJSON writes reports as a JSON list.
func WriteJSON(w io.Writer, reports []*Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(reports)
}

func (r *Report) text(out *strings.Builder) {
	if r.UUID == "" {
		fmt.Fprintf(out, "%s\n", r.Reads)
		for _, m := range r.Meanings {
			m.text(out)
		}
		return
	}
	fmt.Fprintf(out, "mapping %s\n  %s\n  %s pollers, authentication %s\n", r.UUID, r.Reads, r.Pollers, r.Authentication)
	if r.Result != "" {
		fmt.Fprintf(out, "  last result: %s\n", r.Result)
	}
	if r.Reason != "" && r.Reason != "USER_INITIATED" && r.Reason != "User action" {
		fmt.Fprintf(out, "  state changed because: %s\n", r.Reason)
	}
	out.WriteString("\n")
	for _, h := range r.Hops {
		fmt.Fprintf(out, "%-10s %s\n", h.State, h.What)
		for _, f := range h.Findings {
			f.text(out)
		}
	}
	for _, m := range r.Meanings {
		m.text(out)
	}
	fmt.Fprintf(out, "\n%s\n", r.summary())
}

func (f Finding) text(out *strings.Builder) {
	label := map[State]string{Blocked: "why", Unknown: "not known", "": "note"}[f.State]
	fmt.Fprintf(out, "  %-9s %s\n", label, f.Why)
	for _, c := range f.Cures {
		if c.Key != "" {
			fmt.Fprintf(out, "  %-9s key %s (prop %s)\n", "cure", c.Key, c.Prop)
		}
		if c.Command != "" {
			fmt.Fprintf(out, "  %-9s %s\n", "cure", c.Command)
		}
		if c.Text != "" {
			label := ""
			if c.Key+c.Command == "" {
				label = "cure"
			}
			fmt.Fprintf(out, "  %-9s %s\n", label, c.Text)
		}
	}
}

// longest is how much of a text is repeated, which stands whole above.
const longest = 100

func (m Meaning) text(out *strings.Builder) {
	text := m.Text
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest]) + "..."
	}
	fmt.Fprintf(out, "\n%q\n", text)
	switch {
	case m.Do != "":
		fmt.Fprintf(out, "  %s\n", m.Do)
	case len(m.Found) > 0:
		fmt.Fprintf(out, "  is explained by what is blocked at: %s\n", strings.Join(m.Found, ", "))
	default:
		out.WriteString("  nothing that was read explains it\n")
	}
	if len(m.Unknown) > 0 {
		fmt.Fprintf(out, "  not known of: %s\n", strings.Join(m.Unknown, ", "))
	}
	if m.Do == "" && len(m.Found) == 0 && m.Unseen != "" {
		fmt.Fprintf(out, "  it may also come from: %s\n", m.Unseen)
	}
}

// summary is the verdict in a sentence.
func (r *Report) summary() string {
	var blocked, unknown []string
	for _, h := range r.Hops {
		switch h.State {
		case Blocked:
			blocked = append(blocked, h.ID)
		case Unknown:
			unknown = append(unknown, h.ID)
		}
	}
	text := "everything that was looked at is open"
	if len(blocked) > 0 {
		text = "blocked: " + strings.Join(blocked, ", ")
	} else if len(unknown) > 0 {
		text = "nothing is found blocked"
	}
	if len(unknown) > 0 {
		text += "; not known: " + strings.Join(unknown, ", ")
	}
	return text
}
