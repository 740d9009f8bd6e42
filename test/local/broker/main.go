// Command broker is a Kafka broker of its own process, on 127.0.0.1: one that stays
// while the loop comes and goes, and one to try TLS and SCRAM on.
//
//	go run ./test/local/broker -topics orders,enriched:8 -tls -tls-ca ca.pem -user me
//	go run ./test/local -brokers 127.0.0.1:9092 -tls -tls-ca ca.pem -sasl SCRAM-SHA-512 -username me
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/options"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "broker:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("broker", flag.ContinueOnError)
	port := f.Int("port", 9092, "`port` to listen on; 0 for any that is free")
	data := f.String("data", "", "`directory` that keeps records and offsets (default: they are in memory)")
	secure := f.Bool("tls", false, "take connections by TLS only, with a certificate that is made now")
	ca := f.String("tls-ca", "", "`file` to write the certificate to, for clients to trust")
	user := f.String("user", "", "`name` that clients must have, with SCRAM-SHA-512 and the password in "+connect.PasswordEnv)
	topics := f.String("topics", "", "topics to make: `orders,enriched:8`")
	if err := f.Parse(args); err != nil {
		return err
	}
	config := broker.Config{Port: *port, DataDir: *data, User: *user, Password: os.Getenv(connect.PasswordEnv)}
	wanted, err := options.ParseTopics(*topics)
	switch {
	case err != nil:
		return fmt.Errorf("-topics: %w", err)
	case f.NArg() > 0:
		return fmt.Errorf("no arguments are taken beside flags, got %q", f.Args())
	case *user != "" && config.Password == "":
		return fmt.Errorf("-user needs a password in the variable %s", connect.PasswordEnv)
	case *secure != (*ca != ""):
		return errors.New("-tls and -tls-ca need each other: a client must know what to trust")
	}
	if *secure {
		cert, text, err := broker.SelfSigned()
		if err != nil {
			return err
		}
		config.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		if err := os.WriteFile(*ca, text, 0o644); err != nil {
			return err
		}
	}
	b, err := broker.Start(config)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, t := range wanted {
		if b.HasTopic(t.Name) {
			continue // the directory had it
		}
		if err := b.CreateTopic(t.Name, t.Partitions); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "listening on %s\n", strings.Join(b.Addrs(), ","))
	<-ctx.Done()
	return nil
}
