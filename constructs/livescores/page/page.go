// Package page is the page that shows live scores: static files, without a
// framework. The stack deploys it, and the local loop serves it.
package page

import (
	"embed"
	"io/fs"
	"iter"
)

//go:embed index.html app.js feed.js style.css
var files embed.FS

// Config is the name of the file that tells the page where the API is. Whoever
// deploys or serves the page writes it: {"url": "wss://...", "matches": ["..."]}.
const Config = "config.json"

// Files yields the files by name, in a fixed order.
func Files() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		entries, err := fs.ReadDir(files, ".")
		if err != nil {
			panic(err) // they are part of the program
		}
		for _, entry := range entries {
			text, err := files.ReadFile(entry.Name())
			if err != nil {
				panic(err)
			}
			if !yield(entry.Name(), string(text)) {
				return
			}
		}
	}
}

// Policy is the content security policy of the page, which talks to its own origin
// and to the API at this endpoint, and to nobody else.
func Policy(endpoint string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' " + endpoint +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
