package kafka_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// exported returns the names that a package exports.
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range file.Scope.Objects {
			if o.Kind != ast.Pkg && ast.IsExported(name) {
				names[name] = true
			}
		}
	}
	return names
}

// What the pages say is to be found in the packages.
func TestThePagesNameWhatThereIs(t *testing.T) {
	packages := map[string]map[string]bool{
		"kafka":      exported(t, "."),
		"kafkatest":  exported(t, "kafkatest"),
		"deadletter": exported(t, "deadletter"),
		"topic":      exported(t, "deadletter/topic"),
		"queue":      exported(t, "deadletter/queue"),
		"bucket":     exported(t, "deadletter/bucket"),
		"wire":       exported(t, "wire"),
		"avro":       exported(t, "avro"),
		"protobuf":   exported(t, "protobuf"),
		"jsonschema": exported(t, "jsonschema"),
		"registry":   exported(t, "registry"),
		"confluent":  exported(t, "registry/confluent"),
		"glue":       exported(t, "registry/glue"),
		"once":       exported(t, "once"),
		"metrics":    exported(t, "metrics"),
		"traces":     exported(t, "traces"),
		"table":      exported(t, "once/table"),
	}
	name := regexp.MustCompile(`\b(kafka|kafkatest|deadletter|topic|queue|bucket|wire|avro|protobuf|jsonschema|registry|confluent|glue|once|table|metrics|traces)\.([A-Z]\w*)`)
	found := map[string]bool{}
	for _, page := range []string{"handler.md", "CHANGELOG.md", "../README.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "table" && page == "../README.md" {
				continue // a variable of an example there
			}
			found[m[0]] = true
			if !packages[m[1]][m[2]] {
				t.Errorf("%s names %s, which is not there", page, m[0])
			}
		}
	}
	if len(found) < 20 {
		t.Errorf("the pages name %d symbols, want more: is the pattern right?", len(found))
	}
	// And handler.md has every option and error.
	page, err := os.ReadFile("../../docs/handler.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Permanent", "Skip", "RetryAfter", "Transient", "Unstarted", "FailedAt", "FailedOnly", "Retry", "DeadLetter", "SkipDone", "Concurrency",
		"ConcurrencyByKey", "ContinueOnError", "DeadlineMargin", "WholeEvent", "ForEach", "Typed", "TypedBatch", "JSON", "Use", "AfterBatch",
		"OnShutdown", "FromContext", "LogHandler", "NewMemoryStore", "SinkFunc", "Observe", "EventContext",
	} {
		if !packages["kafka"][want] || !regexp.MustCompile(`\b`+want+`\b`).Match(page) {
			t.Errorf("handler.md does not say what %s is", want)
		}
	}
}
