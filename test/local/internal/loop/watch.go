package loop

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"msklambda/test/local/internal/reload"
)

// remember looks at the source of a function before it is built, so that what changes
// meanwhile is a change.
func (l *session) remember(ctx context.Context, entry string) error {
	if !l.o.Watch {
		return nil
	}
	source, err := reload.New(ctx, entry)
	l.sources[entry] = source
	return err
}

// watch builds functions anew when their source changes. Brokers, topics, offsets and
// pollers know nothing of it: the next event goes to the new program.
func (l *session) watch(ctx context.Context) {
	byEntry := map[string][]*consumer{}
	for _, c := range l.consumers {
		if c.Entry != "" {
			byEntry[c.Entry] = append(byEntry[c.Entry], c)
		} else {
			l.line(c, "watching", "nothing: what runs is the bundle %s, whose source is not here", c.Bundle)
		}
	}
	var all sync.WaitGroup
	for entry, consumers := range byEntry {
		l.s.Line("watching   %s", entry)
		all.Go(func() { l.watchOne(ctx, entry, l.sources[entry], consumers) })
	}
	all.Wait()
}

func (l *session) watchOne(ctx context.Context, entry string, source *reload.Source, consumers []*consumer) {
	before := ""
	for {
		changed, err := source.Wait(ctx)
		if err != nil {
			return
		}
		start := time.Now()
		bootstrap, err := l.compile(ctx, entry)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				l.s.Line("building   %s", strings.TrimRight(line, "\n"))
			}
			l.s.Line("watching   %s runs on as it was", entry)
			continue
		}
		for _, c := range consumers {
			for _, one := range c.slots {
				one.function.Replace(bootstrap)
			}
		}
		l.s.Line("reloaded   %s in %v, for %s", entry, time.Since(start).Round(10*time.Millisecond), filepath.Base(changed))
		if before != "" {
			os.RemoveAll(filepath.Dir(before)) // nothing runs of it any more
		}
		before = bootstrap
		if err := source.Built(ctx); err != nil && ctx.Err() == nil {
			l.s.Line("watching   %s: %v", entry, err)
		}
	}
}
