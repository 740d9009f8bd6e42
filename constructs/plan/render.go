package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Format is how a plan is written.
type Format string

// The formats.
const (
	Text     Format = "text"
	Markdown Format = "markdown"
	JSON     Format = "json"
)

// Write writes reports.
func Write(w io.Writer, format Format, reports []*Report) error {
	switch format {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(map[string]any{"prices": Prices.Region + ", " + Prices.Date, "stacks": reports})
	case Text, Markdown:
		var out strings.Builder
		p := &page{&out, format == Markdown}
		for i, r := range reports {
			if i > 0 {
				out.WriteString("\n")
			}
			p.report(r)
		}
		if len(reports) == 0 {
			out.WriteString("no stack has a consumer of an MSK cluster\n")
		}
		_, err := io.WriteString(w, out.String())
		return err
	}
	return fmt.Errorf("format must be %q, %q or %q, got %q", Text, Markdown, JSON, format)
}

// page is where a report is written, as plain text or as Markdown.
type page struct {
	*strings.Builder
	markdown bool
}

func (p *page) heading(level int, text string) {
	if p.markdown {
		fmt.Fprintf(p, "%s %s\n\n", strings.Repeat("#", level+2), text)
		return
	}
	fmt.Fprintf(p, "%s%s\n", strings.Repeat("  ", level-1), text)
}

// item is a line, with more below it.
func (p *page) item(text string, more ...string) {
	indent, bullet := "    ", ""
	if p.markdown {
		indent, bullet = "", "- "
	}
	fmt.Fprintf(p, "%s%s%s\n", indent, bullet, text)
	for _, each := range more {
		fmt.Fprintf(p, "%s  - %s\n", indent, each)
	}
}

// plain is text in which nothing means anything to Markdown.
func (p *page) plain(text string) string {
	if !p.markdown {
		return text
	}
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", "&lt;", "`", "\\`", "|", `\|`).Replace(text)
}

func (p *page) code(text string) string {
	if p.markdown {
		return "`" + text + "`"
	}
	return text
}

func (p *page) end() {
	if p.markdown {
		p.WriteString("\n")
	}
}

func (p *page) report(r *Report) {
	title := "Stack " + p.code(r.Stack)
	if r.Compared && r.Refused() {
		title += ": THE DEPLOY WOULD BE REFUSED"
	}
	p.heading(1, title)
	if r.Pending != "" {
		p.item("not known: " + p.plain(r.Pending))
		p.end()
		return
	}
	if r.Compared && len(r.Lines) == 0 {
		p.item("nothing changes")
		p.end()
	}
	for _, section := range Sections {
		if lines := r.of(section); len(lines) > 0 {
			p.heading(2, string(section))
			for _, l := range lines {
				p.line(l)
			}
			p.end()
		}
	}
	p.heading(2, "Cost")
	p.item(r.cost())
	p.end()
	for _, list := range []struct {
		title string
		texts []string
	}{{"How what is there is known", r.Known}, {"Why", r.Why}, {"Warnings", r.Warnings}} {
		if len(list.texts) > 0 {
			p.heading(2, list.title)
			for _, text := range list.texts {
				p.item(p.plain(text))
			}
			p.end()
		}
	}
}

func (r *Report) of(section Section) (out []Line) {
	for _, l := range r.Lines {
		if l.Section == section {
			out = append(out, l)
		}
	}
	return out
}

func (p *page) line(l Line) {
	text := p.code(l.Path) + ": " + p.plain(l.Text)
	switch {
	case l.Verdict == "":
	case p.markdown:
		text = "**" + string(l.Verdict) + "** " + text
	default:
		text = fmt.Sprintf("%-8s  %s", l.Verdict, text)
	}
	var more []string
	for _, effect := range l.Effects {
		more = append(more, p.plain(effect))
	}
	if l.Offsets != "" {
		more = append(more, "offsets: "+p.plain(l.Offsets))
	}
	if l.CutsOff {
		more = append(more, p.strong("CUTS OFF")+" whoever relies on what is lost")
	}
	p.item(text, more...)
}

func (p *page) strong(text string) string {
	if p.markdown {
		return "**" + text + "**"
	}
	return text
}

// cost is what the stack costs at least, and did before.
func (r *Report) cost() string {
	parts := func(c Cost) string {
		out := fmt.Sprintf("$%.2f a month", c.Month)
		var of []string
		if c.EndpointSubnets > 0 {
			of = append(of, fmt.Sprintf("endpoints in %s at $%.2f", plural(c.EndpointSubnets, "subnet"), Prices.EndpointMonth()))
		}
		if c.PollerUnits > 0 {
			of = append(of, fmt.Sprintf("%s at $%.3f an hour", plural(c.PollerUnits, "event poller unit"), Prices.PollerUnit))
		}
		if len(of) > 0 {
			out += " (" + strings.Join(of, ", ") + ")"
		}
		return out
	}
	out := parts(r.After)
	if r.Compared && r.Before != r.After {
		out = parts(r.Before) + " -> " + out
	}
	return out + fmt.Sprintf(" at least: list prices of %s, %s; what is billed by use comes on top%s", Prices.Region, Prices.Date, r.After.ofTables())
}
