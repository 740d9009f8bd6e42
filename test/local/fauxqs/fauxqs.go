// Package fauxqs serves the APIs of SQS and S3 on loopback, with npm's fauxqs, for
// tests of what reads and removes messages and objects.
package fauxqs

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"msklambda/test/internal/npm"
)

var (
	//go:embed package.json
	manifest []byte
	//go:embed package-lock.json
	lock []byte
	//go:embed serve.mjs
	program []byte
)

// Server is a running one.
type Server struct {
	// Endpoint is its URL, for AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL_S3.
	Endpoint string

	input io.Closer
	cmd   *exec.Cmd
}

// Start starts a server. It ends with Close, and with the process that started it.
func Start(ctx context.Context) (*Server, error) {
	dir, err := npm.Install(ctx, "fauxqs", npm.File{Name: "package.json", Text: manifest}, npm.File{Name: "package-lock.json", Text: lock},
		npm.File{Name: "serve.mjs", Text: program})
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", filepath.Join(dir, "serve.mjs"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{input: in, cmd: cmd}
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("fauxqs said no port: %w", err)
	}
	s.Endpoint = "http://127.0.0.1:" + strings.TrimSpace(port)
	return s, nil
}

// Close ends the server.
func (s *Server) Close() {
	s.input.Close()
	_ = s.cmd.Wait()
}

// Config is that of a client of the server.
func (s *Server) Config() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &s.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
}

var shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background()) })

// ForTest is a server that the tests of a process share and that ends with it. Without
// npm or its registry the test is skipped, but with CI set it fails.
func ForTest(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	var missing npm.MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("%v (with CI set this is a failure)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
