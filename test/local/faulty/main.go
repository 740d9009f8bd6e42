// Command faulty is a function that fails where its records ask for it, in
// their header "fault". It is built and run as any other function, and is what
// -fail and the tests run.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
	"msklambda/lambda/lambdalog"
	"msklambda/test/local/internal/fault"
)

func main() {
	slog.SetDefault(slog.New(kafka.LogHandler(lambdalog.NewHandler(os.Stdout))))
	f, err := newFunction(os.Getenv(fault.LedgerEnv))
	if err != nil {
		slog.Error("faulty: no ledger", "error", err)
		os.Exit(1)
	}
	var opts []kafka.Option
	if path := os.Getenv(fault.LettersEnv); path != "" {
		letters, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			slog.Error("faulty: no file for letters", "error", err)
			os.Exit(1)
		}
		opts = append(opts, kafka.DeadLetter(sink{letters}))
	}
	kafka.Start(f.process, opts...)
}

// sink appends letters to a file.
type sink struct{ file *os.File }

func (s sink) Send(_ context.Context, failures []kafka.Failure) error {
	for _, f := range failures {
		letter, err := deadletter.NewLetter(f).JSON()
		if err != nil {
			return err
		}
		if _, err := s.file.Write(append(letter, '\n')); err != nil {
			return err
		}
	}
	return nil
}

type function struct {
	ledger *fault.Ledger
	before map[fault.Entry]bool // faults that there were already
}

// newFunction goes on where a process that was killed has left off.
func newFunction(path string) (*function, error) {
	if path == "" {
		return nil, fmt.Errorf("%s is not set: the file to note in what was handled", fault.LedgerEnv)
	}
	entries, err := fault.ReadLedger(path)
	if err != nil {
		return nil, err
	}
	before := map[fault.Entry]bool{}
	for _, e := range entries {
		if e.Fault != "" {
			before[e] = true
		}
	}
	ledger, err := fault.OpenLedger(path)
	if err != nil {
		return nil, err
	}
	return &function{ledger, before}, nil
}

func (f *function) process(ctx context.Context, r *kafka.Record) error {
	entry := fault.Entry{Partition: r.Partition, Offset: r.Offset}
	for key, value := range r.Headers() {
		switch key {
		case fault.SumHeader:
			if got, want := fault.Sum(r.Key, r.Value), value; !slices.Equal(got, want) {
				return fmt.Errorf("the checksum is %x, want %x: key or value are not what was produced", got, want)
			}
		case fault.Header:
			if err := f.fail(entry, string(value)); err != nil {
				return err
			}
		}
	}
	return f.ledger.Add(entry)
}

// fail is the fault of the given kind, if it is to happen now.
func (f *function) fail(e fault.Entry, kind string) error {
	e.Fault = kind
	if f.before[e] && kind != fault.Poison || !slices.Contains(fault.Kinds, kind) {
		return nil
	}
	f.before[e] = true
	if err := f.ledger.Add(e); err != nil {
		return err
	}
	switch kind {
	case fault.Slow:
		time.Sleep(time.Millisecond)
		return nil
	case fault.Panic:
		panic("the record asks for it")
	case fault.Timeout:
		time.Sleep(time.Hour)
	case fault.Crash:
		os.Exit(3)
	case fault.Memory:
		takeMemory()
	case fault.Poison:
		return kafka.Permanent(errors.New("the record asks for it"))
	}
	return errors.New("the record asks for it")
}

// takeMemory takes more memory than the function has, in steps that leave the
// sandbox time to look. It gives up at twice the memory.
func takeMemory() {
	size, err := strconv.Atoi(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil {
		return
	}
	const step = 8 << 20
	var all [][]byte
	for len(all)*step < 2*size<<20 {
		b := make([]byte, step)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1 // or it would not be resident
		}
		all = append(all, b)
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Minute)
	all[0][0]++
}
