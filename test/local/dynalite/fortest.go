package dynalite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background()) })
	tables atomic.Int64
)

// ForTest makes a new table, and that of its followers, on a server that the tests of a process share and
// that ends with it. Without npm or its registry the test is skipped, but with
// CI set it fails.
func ForTest(t testing.TB) (s *Server, table string) {
	t.Helper()
	s, err := shared()
	var missing MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("%v (with CI set this is a failure)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	table = fmt.Sprintf("scores-%d", tables.Add(1))
	if err := s.CreateTables(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	return s, table
}
