// Command local runs a function on the records of a topic on this machine: a
// Kafka broker, a poller that does what Lambda's does, and the function, built
// as the construct builds it and run over a Lambda Runtime API.
//
//	go run ./test/local
//
// Everything listens on 127.0.0.1, and nothing of it needs an account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"msklambda/test/local/internal/loop"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

func main() {
	o, err := options.Parse(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		refuse(err)
		os.Exit(loop.ExitUsage)
	}
	// The first signal ends it in order, the second at once. A terminal that is closed
	// sends one too.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan struct{})
	go func() {
		<-signals
		close(stop)
		<-signals
		cancel()
	}()
	s := screen.New(os.Stdout)
	run := loop.Run
	if o.Event != "" {
		run = loop.Replay
	}
	status, err := run(ctx, o, s, stop)
	s.Close()
	if err != nil {
		refuse(err)
		status = loop.ExitUsage
	}
	os.Exit(status)
}

// refuse says what is wrong, on a line for each thing.
func refuse(err error) {
	for text := range strings.Lines(err.Error()) {
		fmt.Fprintln(os.Stderr, "local:", strings.TrimRight(text, "\n"))
	}
}
