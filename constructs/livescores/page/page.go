// Package page is the page that shows live scores: static files, without a
// framework. The stack deploys it, and the local loop serves it.
package page

import (
	"embed"
	"io/fs"
	"iter"
)

//go:embed index.html app.js style.css
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
