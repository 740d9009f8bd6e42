// Package pollertest runs the event source mapping in tests beside what they look at.
package pollertest

import (
	"context"
	"sync"
	"testing"

	"msklambda/test/local/internal/poller"
)

// Start starts a mapping. It ends by stop, which may be called again, and with the test
// at the latest; that it ends with an error fails the test.
func Start(t testing.TB, config poller.Config) (stop func()) {
	t.Helper()
	p, err := poller.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(context.Background()) }()
	stop = sync.OnceFunc(func() {
		p.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
