package loop

import (
	"context"
	"errors"
	"sync"

	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
	"msklambda/test/local/internal/trouble"
)

// slot is one poller of a mapping with its function, or the pollers one after the other
// where one ends before its time.
type slot struct {
	config   poller.Config
	function *sandbox.Function

	mu      sync.Mutex
	poller  *poller.Poller
	past    poller.Stats // of the pollers before
	stopped bool
}

func newSlot(config poller.Config, f *sandbox.Function) (*slot, error) {
	p, err := poller.New(config)
	return &slot{config: config, function: f, poller: p}, err
}

// run polls until the context ends or it is stopped.
func (s *slot) run(ctx context.Context) error {
	for {
		s.mu.Lock()
		p := s.poller
		s.mu.Unlock()
		err := p.Run(ctx)
		if !errors.Is(err, trouble.ErrRestart) {
			return err
		}
		s.mu.Lock()
		s.past = s.past.Plus(p.Stats())
		s.poller, err = poller.New(s.config)
		if err == nil && s.stopped {
			s.poller.Stop()
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (s *slot) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	s.poller.Stop()
}

func (s *slot) stats() poller.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.past.Plus(s.poller.Stats())
}
