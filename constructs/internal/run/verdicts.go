package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// verdicts remembers, from one run to the next, in which templates CDK's own
// validation found nothing at all. One with findings is never remembered.
//
// A file for each verdict is called by the hash of all that decides it, and holds
// the same again in words: one that is cut short, edited, or of another version is
// no verdict. Everything that goes wrong here means that a template is validated.
type verdicts struct {
	dir    string
	engine string // what would judge: the version of CDK
}

// most is how many verdicts are kept; the ones not used for longest go first.
const most = 500

// asset is what the code of a function is called by. A new build of a function
// changes nothing that a rule looks at.
var asset = regexp.MustCompile(`^(asset\.)?[0-9a-f]{64}(\.zip)?$`)

// key is the hash of all that a verdict hangs on: who judges, where the stack
// goes, and the template but for the hash of the code of Lambda functions.
func (v *verdicts) key(template []byte, account, region string) (string, bool) {
	var document map[string]any
	decoder := json.NewDecoder(bytes.NewReader(template))
	decoder.UseNumber() // as written
	if decoder.Decode(&document) != nil || decoder.More() {
		return "", false
	}
	resources, _ := document["Resources"].(map[string]any)
	for _, r := range resources {
		resource, _ := r.(map[string]any)
		if resource["Type"] != "AWS::Lambda::Function" {
			continue
		}
		properties, _ := resource["Properties"].(map[string]any)
		code, _ := properties["Code"].(map[string]any)
		metadata, _ := resource["Metadata"].(map[string]any)
		blank(code, "S3Key")
		blank(metadata, "aws:asset:path")
	}
	text, err := json.Marshal([]any{v.engine, account, region, document})
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), true
}

func blank(in map[string]any, key string) {
	if text, ok := in[key].(string); ok && asset.MatchString(text) {
		in[key] = "asset"
	}
}

func (v *verdicts) file(key string) string { return filepath.Join(v.dir, key) }

func (v *verdicts) text(key string) []byte {
	return []byte("CDK's template validation found nothing\nengine " + v.engine + "\ntemplate " + key + "\n")
}

// isClean reports whether a template with this key was validated before and
// nothing was found.
func (v *verdicts) isClean(key string) bool {
	text, err := os.ReadFile(v.file(key))
	if err != nil || !bytes.Equal(text, v.text(key)) {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(v.file(key), now, now) // a verdict in use is not the one to go
	return true
}

// keep remembers that nothing was found. What cannot be written is found out
// again.
func (v *verdicts) keep(key string) {
	if os.MkdirAll(v.dir, 0o700) != nil {
		return
	}
	// Written beside and moved: another app may be reading.
	f, err := os.CreateTemp(v.dir, "new-")
	if err != nil {
		return
	}
	_, err = f.Write(v.text(key))
	if f.Close() != nil || err != nil || os.Rename(f.Name(), v.file(key)) != nil {
		_ = os.Remove(f.Name())
		return
	}
	v.prune()
}

func (v *verdicts) prune() {
	entries, err := os.ReadDir(v.dir)
	if err != nil || len(entries) <= most {
		return
	}
	type used struct {
		name string
		at   time.Time
	}
	var all []used
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			all = append(all, used{entry.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b used) int { return a.at.Compare(b.at) })
	for _, old := range all[:max(0, len(all)-most)] {
		_ = os.Remove(v.file(old.name))
	}
}
