package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tests are the tests and fuzz tests of the module.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				all[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEachPageHasItsReader holds the table of docs/README.md against the pages.
func TestEachPageHasItsReader(t *testing.T) {
	var named []string
	row := regexp.MustCompile(`(?m)^\| \[[^\]]+\]\(([^)]+)\) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	for _, m := range row.FindAllStringSubmatch(read(t, "docs/README.md"), -1) {
		named = append(named, m[1])
		if !strings.Contains(m[4], "`") && !strings.HasPrefix(m[4], "the names are there (above)") && !strings.HasPrefix(m[4], "nothing: ") {
			t.Errorf("docs/README.md does not say what a test holds of %s", m[1])
		}
	}
	want := []string{"../README.md", "examples/README.md"}
	files, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); name != "README.md" {
			want = append(want, name)
		}
	}
	slices.Sort(named)
	slices.Sort(want)
	if !slices.Equal(named, want) {
		t.Errorf("docs/README.md has the pages\n%q\nand there are\n%q", named, want)
	}
	// From the README each is one link away.
	readme := read(t, "README.md")
	for _, page := range want[2:] {
		if !strings.Contains(readme, "(docs/"+page) && page != "../README.md" {
			t.Errorf("README.md does not lead to docs/%s", page)
		}
	}
}

func TestTheREADMEIsShort(t *testing.T) {
	if n := strings.Count(read(t, "README.md"), "\n"); n > 200 {
		t.Errorf("README.md has %d lines, want 200 at most", n)
	}
}

// TestThePagesNamePropsThatAreThere looks up names of several words in backticks: props,
// types and functions of the code, properties of AWS, and tests.
func TestThePagesNamePropsThatAreThere(t *testing.T) {
	known, all := map[string]bool{}, tests(t)
	word := regexp.MustCompile(`\b[A-Z]\w+\b`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || !isProduct(strings.TrimPrefix(path, root+"/")) {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range word.FindAllString(string(text), -1) {
			known[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Of AWS and CDK, which the code has under other names or not at all.
	for _, name := range strings.Fields(`AssumeRoleWithWebIdentity BisectBatchOnFunctionError DocumentDbEventSourceConfig GrantPut GrantSendMessages KmsKeyArn
		MaximumPayloadSizeExceeded MaximumRecordAge MaximumRecordAgeInSeconds MaximumRetryAttempts ParallelizationFactor Queue_FromQueueArn RecordAgeExceeded
		RetriesExhausted ScalingConfig SecurityGroup_FromLookupById SelfManagedKafkaEventSourceConfig StringParameter_ValueFromLookup
		SynchroniseConsumerGroupOffsets TumblingWindowInSeconds`) {
		known[name] = true
	}
	found := 0
	for page, text := range pages(t) {
		for _, m := range regexp.MustCompile("`([A-Z][a-z]\\w*[A-Z]\\w*)`").FindAllStringSubmatch(text, -1) {
			found++
			if !known[m[1]] && !all[m[1]] {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
	if found < 300 {
		t.Errorf("%d names are found, want those of the pages", found)
	}
}

// TestTheQuestionsHaveAnswers wants fifteen questions, each answered in five lines with a
// link.
func TestTheQuestionsHaveAnswers(t *testing.T) {
	questions := regexp.MustCompile(`(?m)^\*\*(\d+)\. [^*]+\?\*\*`).FindAllString(read(t, "docs/faq.md"), -1)
	answers := strings.Split(read(t, "docs/faq.md"), "\n**")[1:]
	if len(questions) != 15 || len(answers) != 15 {
		t.Fatalf("docs/faq.md has %d questions and %d answers, want 15: %q", len(questions), len(answers), questions)
	}
	for i, answer := range answers {
		if lines := strings.Count(strings.TrimSpace(answer), "\n") + 1; lines > 5 || !strings.Contains(answer, "](") {
			t.Errorf("docs/faq.md: question %d is answered in %d lines, want five at most, with a link:\n%s", i+1, lines, answer)
		}
	}
}

// TestTheWordsAreUsed wants each word of docs/terminology.md on other pages.
func TestTheWordsAreUsed(t *testing.T) {
	others := ""
	for page, text := range pages(t) {
		if page != "docs/terminology.md" {
			others += strings.ToLower(text)
		}
	}
	rows := regexp.MustCompile(`(?m)^\| ([a-z][^|]+) \|`).FindAllStringSubmatch(read(t, "docs/terminology.md"), -1)
	if len(rows) < 15 {
		t.Fatalf("docs/terminology.md has %d rows", len(rows))
	}
	for _, m := range rows {
		for word := range strings.SplitSeq(m[1], ", ") {
			if n := strings.Count(others, strings.ToLower(word)); n < 3 && word != "word" {
				t.Errorf("docs/terminology.md has %q, which the pages have %d times", word, n)
			}
		}
	}
}
