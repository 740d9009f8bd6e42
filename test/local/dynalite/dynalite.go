// Package dynalite serves DynamoDB's API on loopback, with npm's dynalite, for
// the local loop and for tests. The table that it makes is the one that the
// construct defines, as far as the API there knows it: dynalite has no time to
// live.
package dynalite

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
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
	"msklambda/test/internal/npm"
)

var (
	//go:embed package.json
	manifest []byte
	//go:embed package-lock.json
	lock []byte
	//go:embed serve.cjs
	program []byte
)

// Server is a running dynalite.
type Server struct {
	// Endpoint is its URL, for AWS_ENDPOINT_URL_DYNAMODB.
	Endpoint string

	input io.Closer
	cmd   *exec.Cmd
}

// MissingError is that Node, npm or npm's registry is not there.
type MissingError struct{ why string }

func (e MissingError) Error() string { return "the local table needs npm's dynalite: " + e.why }

// Start starts a server whose tables are gone when it ends. It ends with Close,
// and with the process that started it.
func Start(ctx context.Context) (*Server, error) {
	dir, err := npm.Install(ctx, "dynalite", npm.File{Name: "package.json", Text: manifest}, npm.File{Name: "package-lock.json", Text: lock},
		npm.File{Name: "serve.cjs", Text: program})
	var missing npm.MissingError
	if errors.As(err, &missing) {
		return nil, MissingError{missing.Error()}
	}
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", filepath.Join(dir, "serve.cjs"), dir)
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
		return nil, MissingError{err.Error()}
	}
	s := &Server{input: in, cmd: cmd}
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("dynalite said no port: %w", err)
	}
	s.Endpoint = "http://127.0.0.1:" + strings.TrimSpace(port)
	return s, nil
}

// Close ends the server.
func (s *Server) Close() {
	s.input.Close()
	_ = s.cmd.Wait()
}

// Client returns a client of the server.
func (s *Server) Client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: &s.Endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// Followers is the name of the table of the followers that is made with a table of
// the live scores.
func Followers(table string) string { return table + "-followers" }

// CreateTables makes the two tables of the live scores.
func (s *Server) CreateTables(ctx context.Context, name string) error {
	if err := s.createTable(ctx, name); err != nil {
		return err
	}
	return s.createTable(ctx, Followers(name))
}

func (s *Server) createTable(ctx context.Context, name string) error {
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	element := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	_, err := s.Client().CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &name,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{text(layout.Match), text(layout.Item)},
		KeySchema:            []types.KeySchemaElement{element(layout.Match, types.KeyTypeHash), element(layout.Item, types.KeyTypeRange)},
	})
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(s.Client(), func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, 10*time.Second)
}
