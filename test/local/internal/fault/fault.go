// Package fault is what the function in test/local/faulty and those who make it
// fail agree on: the header that asks for a fault, and the ledger that tells
// afterwards what was handled and what failed, in order, also when the process
// that wrote it was killed.
package fault

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"sync"
)

// Header asks for a fault, by its kind.
const Header = "fault"

// The kinds of faults. All but Poison happen once for each record: the
// next time the record is handled.
const (
	Error   = "error"   // the handler returns an error
	Panic   = "panic"   // the handler panics
	Timeout = "timeout" // the handler does not return, nor heed its context
	Crash   = "crash"   // the process ends
	Memory  = "memory"  // the handler takes more memory than there is
	Poison  = "poison"  // the handler returns an error, each time
	Slow    = "slow"    // the handler takes a millisecond
)

// Kinds are all of them.
var Kinds = []string{Error, Panic, Timeout, Crash, Memory, Poison, Slow}

// LedgerEnv names the file that the function writes its ledger to.
const LedgerEnv = "FAULTY_LEDGER"

// LettersEnv names the file that the function writes the records to that it gives up
// itself, a letter in each line. Without it, it gives none up.
const LettersEnv = "FAULTY_LETTERS"

// SumHeader holds a checksum of a record's key and value, so that the function
// notices if what it gets is not what was produced.
const SumHeader = "sum"

// Sum is the value of SumHeader. A null and an empty value differ.
func Sum(key, value []byte) []byte {
	var b []byte
	for _, part := range [][]byte{key, value} {
		if part == nil {
			b = append(b, '-')
			continue
		}
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(b, ':')
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(part))
	}
	return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))
}

// Entry is a line of a ledger: a record that was handled, or a fault.
type Entry struct {
	Partition int32
	Offset    int64
	Fault     string // "" when the record was handled
}

// Ledger appends to a file, one write for each entry: once Add has returned,
// the entry is there even if the process is killed.
type Ledger struct {
	mu   sync.Mutex
	file *os.File
}

// OpenLedger opens a ledger to go on with it.
func OpenLedger(path string) (*Ledger, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &Ledger{file: f}, nil
}

// Add adds an entry.
func (l *Ledger) Add(e Entry) error {
	var buf [64]byte
	b := strconv.AppendInt(buf[:0], int64(e.Partition), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, e.Offset, 10)
	if e.Fault != "" {
		b = append(b, ' ')
		b = append(b, e.Fault...)
	}
	b = append(b, '\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.file.Write(b)
	return err
}

// ReadLedger reads all entries of a ledger, which may not be there yet.
func ReadLedger(path string) ([]Entry, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []Entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) != 2 && len(fields) != 3 {
			return nil, fmt.Errorf("%s: line %d is %q, want a partition, an offset and perhaps a fault", path, len(entries)+1, lines.Text())
		}
		partition, err := strconv.ParseInt(string(fields[0]), 10, 32)
		if err != nil {
			return nil, err
		}
		offset, err := strconv.ParseInt(string(fields[1]), 10, 64)
		if err != nil {
			return nil, err
		}
		e := Entry{Partition: int32(partition), Offset: offset}
		if len(fields) == 3 {
			e.Fault = string(fields[2])
		}
		entries = append(entries, e)
	}
	return entries, lines.Err()
}
