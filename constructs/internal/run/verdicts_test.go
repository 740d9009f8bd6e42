package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const hash1 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
const hash2 = "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// function is a template of one function, with a further property.
func function(hash, more string) string {
	return `{"Resources":{"F":{"Type":"AWS::Lambda::Function","Properties":{"Code":{"S3Bucket":"b","S3Key":"` + hash + `.zip"},"MemorySize":256` + more + `},` +
		`"Metadata":{"aws:asset:path":"asset.` + hash + `","aws:asset:property":"Code"}}}}`
}

func TestAVerdictIsForATemplateWithoutTheHashOfItsCode(t *testing.T) {
	v := &verdicts{engine: "v1 sum"}
	key := func(v *verdicts, template, account, region string) string {
		t.Helper()
		key, ok := v.key([]byte(template), account, region)
		if !ok {
			t.Fatalf("no key for %s", template)
		}
		return key
	}
	base := key(v, function(hash1, ""), "1", "r")
	same := map[string]string{
		"another build": key(v, function(hash2, ""), "1", "r"),
		"white space":   key(v, strings.ReplaceAll(function(hash1, ""), "{", "{\n "), "1", "r"),
	}
	for name, got := range same {
		if got != base {
			t.Errorf("%s: another key, want the same", name)
		}
	}
	other := map[string]string{
		"a property":                    key(v, function(hash1, `,"Timeout":1`), "1", "r"),
		"a property of that name":       key(v, function(hash1, `,"S3Key":"`+hash1+`.zip"`), "1", "r"),
		"that property, changed":        key(v, function(hash1, `,"S3Key":"`+hash2+`.zip"`), "1", "r"),
		"a key that is no hash":         key(v, function("x", ""), "1", "r"),
		"another key that is no hash":   key(v, function("y", ""), "1", "r"),
		"a key of another resource":     key(v, strings.Replace(function(hash1, ""), "Lambda::Function", "Lambda::LayerVersion", 1), "1", "r"),
		"that key, changed":             key(v, strings.Replace(function(hash2, ""), "Lambda::Function", "Lambda::LayerVersion", 1), "1", "r"),
		"an output":                     key(v, strings.TrimSuffix(function(hash1, ""), "}")+`,"Outputs":{"O":{"Value":"`+hash1+`.zip"}}}`, "1", "r"),
		"another account":               key(v, function(hash1, ""), "2", "r"),
		"another region":                key(v, function(hash1, ""), "1", "s"),
		"another CDK":                   key(&verdicts{engine: "v2 sum"}, function(hash1, ""), "1", "r"),
		"a number written otherwise":    key(v, strings.Replace(function(hash1, ""), "256", "256.0", 1), "1", "r"),
		"a number beyond float64":       key(v, strings.Replace(function(hash1, ""), "256", "9007199254740993", 1), "1", "r"),
		"the next number beyond it":     key(v, strings.Replace(function(hash1, ""), "256", "9007199254740992", 1), "1", "r"),
		"account and region, otherwise": key(v, function(hash1, ""), "1r", ""),
	}
	seen := map[string]string{base: "the template itself"}
	for name, got := range other {
		if twin := seen[got]; twin != "" {
			t.Errorf("%s: the key of %s, want one of its own", name, twin)
		}
		seen[got] = name
	}
	for _, template := range []string{"", "[]", "{", `{} {}`, "null x"} {
		if key, ok := v.key([]byte(template), "1", "r"); ok {
			t.Errorf("key of %q = %s, want none", template, key)
		}
	}
}

func TestOnlyAWholeVerdictOfThisEngineCounts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "verdicts")
	v := &verdicts{dir: dir, engine: "v1 sum"}
	if v.isClean(hash1) {
		t.Error("clean before anything was kept")
	}
	v.keep(hash1)
	if !v.isClean(hash1) || v.isClean(hash2) {
		t.Errorf("clean = %v, %v, want what was kept alone", v.isClean(hash1), v.isClean(hash2))
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("files = %v, want one", entries)
	}
	if other := (&verdicts{dir: dir, engine: "v2 sum"}); other.isClean(hash1) {
		t.Error("clean for another engine")
	}
	whole, err := os.ReadFile(v.file(hash1))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"empty": "", "cut short": string(whole[:len(whole)-1]), "longer": string(whole) + "x",
		"of another template": strings.ReplaceAll(string(whole), hash1, hash2)} {
		if err := os.WriteFile(v.file(hash1), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if v.isClean(hash1) {
			t.Errorf("%s: clean", name)
		}
	}
	v.keep(hash1)
	if !v.isClean(hash1) {
		t.Error("a broken verdict was not written anew")
	}
}

func TestWithNowhereToKeepVerdictsThereIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v := &verdicts{dir: filepath.Join(file, "verdicts"), engine: "v1"}
	v.keep(hash1)
	if v.isClean(hash1) {
		t.Error("clean, want no verdict")
	}
}

func TestVerdictsNotUsedForLongestGoFirst(t *testing.T) {
	v := &verdicts{dir: t.TempDir(), engine: "v1"}
	start := time.Now().Add(-24 * time.Hour)
	for i := range most {
		key := fmt.Sprint(i)
		if err := os.WriteFile(v.file(key), v.text(key), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(v.file(key), start, start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if !v.isClean("0") { // in use, so 1 is now the oldest
		t.Fatal("0 is not clean")
	}
	v.keep("new")
	for key, want := range map[string]bool{"0": true, "1": false, "2": true, "new": true} {
		if got := v.isClean(key); got != want {
			t.Errorf("%s: clean = %v, want %v", key, got, want)
		}
	}
	if entries, _ := os.ReadDir(v.dir); len(entries) != most {
		t.Errorf("%d verdicts, want %d", len(entries), most)
	}
}
