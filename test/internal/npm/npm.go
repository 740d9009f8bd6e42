// Package npm installs programs of npm that tests and the local loop need, outside
// of the repository: once for each lock file, into the user's cache.
package npm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// MissingError is that Node, npm or npm's registry is not there. Anything else that
// goes wrong is a failure everywhere.
type MissingError struct{ why string }

func (e MissingError) Error() string { return e.why }

// File is one that is installed beside what it names.
type File struct {
	Name string
	Text []byte
}

var noNetwork = regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED`)

// Install makes a directory of the files, among them package.json and
// package-lock.json, and of what the lock file names. The name tells it from the
// directories of others.
func Install(ctx context.Context, name string, files ...File) (string, error) {
	hash := sha256.New()
	for _, f := range files {
		hash.Write(f.Text)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	parent := filepath.Join(cache, "msklambda-test")
	dir := filepath.Join(parent, fmt.Sprintf("%s-%x", name, hash.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", MissingError{program + " is not on the PATH"}
		}
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	// Complete or not there: two runs may install at once.
	temp, err := os.MkdirTemp(parent, "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	if err := install(ctx, temp, files); err != nil {
		return "", err
	}
	if err := os.Rename(temp, dir); err != nil {
		if _, there := os.Stat(dir); there == nil {
			return dir, nil // by another run, meanwhile
		}
		return "", err
	}
	return dir, nil
}

func install(ctx context.Context, dir string, files []File) error {
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o644); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--fetch-retries=1")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if code := noNetwork.Find(out); code != nil {
		return MissingError{fmt.Sprintf("npm cannot reach its registry (%s)", code)}
	}
	return errors.Join(fmt.Errorf("npm ci: %w", err), errors.New(string(bytes.TrimSpace(out))))
}
