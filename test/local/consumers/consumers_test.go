package consumers

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/proto"

	"msklambda/lambda/kafka/examples/formats/orderpb"
	"msklambda/lambda/kafka/wire"
	"msklambda/test/local/internal/poller"
)

const examples = "../../../lambda/kafka/examples/"

func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes half a minute: go test without -short runs it")
	}
	t.Parallel() // most of the time is waiting for leases
}

// Orders, of which one in five comes twice, one in a hundred cannot be charged, a service
// that says no at first to one in fifty, and processes that end behind a charge: each order
// is charged once, and what cannot be is in the topic of dead letters.
func TestPaymentsAreMadeOnce(t *testing.T) {
	long(t)
	w := newWorld(t, "payments-dead")
	number := func(key string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(key, "order-"))
		if err != nil {
			t.Errorf("key %q", key)
		}
		return n
	}
	s := &service{w: w, crashes: func(key string) bool { return number(key)%2500 == 1200 }, busy: func(key string) bool { return number(key)%50 == 3 }}
	random := rand.New(rand.NewPCG(1, 2))
	orders, bad := map[string]bool{}, map[string]bool{}
	var all []*kgo.Record
	offsets := map[int32]int64{}
	for i := range records {
		id := fmt.Sprintf("order-%d", i)
		if i > 0 && random.IntN(5) == 0 {
			id = fmt.Sprintf("order-%d", random.IntN(i)) // in any partition
		}
		value := fmt.Sprintf(`{"id":%q,"amount":%d}`, id, 1+len(id))
		partition := int32(random.IntN(partitions))
		switch random.IntN(200) {
		case 0:
			value, id = `{"id":`, ""
		case 1:
			value, id = fmt.Sprintf(`{"id":%q,"amount":0}`, id), ""
		}
		if id == "" {
			bad[fmt.Sprintf("%d@%d", partition, offsets[partition])] = true
		} else {
			orders[id] = true
		}
		offsets[partition]++
		all = append(all, &kgo.Record{Partition: partition, Key: []byte(id), Value: []byte(value)})
	}
	w.produce(all)
	env := append(w.table("payments"), "PAYMENTS_URL="+s.start(), "BROKERS="+w.broker.Addrs()[0])
	w.run(examples+"payments", env, nil)

	s.audit(orders, 16)
	letters := map[string]bool{}
	for _, r := range w.read("payments-dead") {
		header := map[string]string{}
		for _, h := range r.Headers {
			header[h.Key] = string(h.Value)
		}
		place := header["dead-letter-partition"] + "@" + header["dead-letter-offset"]
		if letters[place] = true; !bad[place] {
			t.Errorf("%s is given up for %s, and could be charged", place, header["dead-letter-error"])
		}
	}
	if len(letters) != len(bad) {
		t.Errorf("%d dead letters, want %d", len(letters), len(bad))
	}
	if rows := w.rows("payments"); rows != len(orders) {
		t.Errorf("%d rows, want one for each of %d orders", rows, len(orders))
	}
}

// Entries of a ledger, booked in the order of their partition by one mark for each, with
// processes that end behind a booking.
func TestEntriesAreBookedOnceAndInOrder(t *testing.T) {
	long(t)
	w := newWorld(t)
	var calls atomic.Int64
	s := &service{w: w, crashes: func(key string) bool {
		return strings.HasSuffix(key, "@333") && key != "orders[0]@333" && key < "orders[4]"
	},
		busy: func(key string) bool { return strings.HasSuffix(key, "7") && calls.Add(1)%20 == 0 }}
	var all []*kgo.Record
	want := map[string]bool{}
	for i := range records {
		partition, offset := int32(i%partitions), i/partitions
		all = append(all, &kgo.Record{Partition: partition, Value: []byte(strconv.Itoa(i))})
		want[fmt.Sprintf("orders[%d]@%d", partition, offset)] = true
	}
	w.produce(all)
	w.run("marks", append(w.table("marks"), "LEDGER_URL="+s.start()), nil)

	s.audit(want, partitions)
	last := map[string]int{}
	for _, key := range s.order {
		partition, offset, _ := strings.Cut(key, "@")
		n, err := strconv.Atoi(offset)
		if err != nil {
			t.Fatal(err)
		}
		if n < last[partition] {
			t.Errorf("%s is booked behind %d", key, last[partition])
		}
		last[partition] = n
	}
	if rows := w.rows("marks"); rows != partitions {
		t.Errorf("%d rows, want one for each of %d partitions", rows, partitions)
	}
}

// order is one as those who write see it.
type order struct {
	ID     string `avro:"id"`
	Amount int64  `avro:"amount"`
}

// Orders in Avro and Protobuf behind the headers of Confluent's and Glue's serializers, of
// which one in 250 cannot be read, and processes that end: each is read as it was
// written, and what cannot be read is in the destination.
func TestOrdersAreReadInTheirFormats(t *testing.T) {
	long(t)
	w := newWorld(t)
	schema, err := os.ReadFile(examples + "formats/schemas/17.avsc")
	if err != nil {
		t.Fatal(err)
	}
	var serde sr.Serde
	writer := avro.MustParse(string(schema))
	serde.Register(17, order{}, sr.EncodeFn(func(v any) ([]byte, error) { return avro.Marshal(writer, v) }))
	serde.Register(18, &orderpb.Order{}, sr.EncodeFn(func(v any) ([]byte, error) { return proto.Marshal(v.(proto.Message)) }), sr.Index(0))
	encode := func(v any) []byte {
		data, err := serde.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	glue := func(message []byte, compressed bool) []byte {
		data := message[5:]
		head := wire.ParseID("0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34").AppendHeader(nil)
		if compressed {
			head[1] = 5
			var b bytes.Buffer
			z := zlib.NewWriter(&b)
			z.Write(data)
			z.Close()
			data = b.Bytes()
		}
		return append(head, data...)
	}
	orders, bad := map[string]int64{}, map[position]bool{}
	var all []*kgo.Record
	for i := range records {
		o := order{fmt.Sprintf("order-%d", i), int64(i * 1000)}
		message := encode(&orderpb.Order{Id: o.ID, Amount: o.Amount})
		value := [][]byte{encode(o), message, glue(message, false), glue(message, true)}[i%4]
		partition, offset := int32(i/4%partitions), int64(i/4/partitions*4+i%4)
		if i%250 == 42 {
			value = value[:len(value)-1]
			bad[position{partition, offset}] = true
		} else {
			orders[o.ID] = o.Amount
		}
		all = append(all, &kgo.Record{Partition: partition, Value: value})
	}
	w.produce(all)
	failures := filepath.Join(t.TempDir(), "failures")
	destination, err := poller.OpenFile(failures)
	if err != nil {
		t.Fatal(err)
	}
	defer destination.Close()
	// One invocation in ten ends in the middle, which is never the next try of the same.
	killer := &every{world: w, n: 10}
	w.run(examples+"formats", nil, func(c *poller.Config) {
		c.Function, c.RetryAttempts, c.BisectOnError, c.OnFailure = killer, 3, true, destination
	})

	read := map[string]bool{}
	for _, line := range w.lines {
		var l struct {
			Message, ID string
			Amount      int64
		}
		if json.Unmarshal([]byte(line), &l) != nil || l.Message != "order" {
			continue
		}
		if amount, ok := orders[l.ID]; !ok || amount != l.Amount {
			t.Errorf("%s of %d is read, want %d (%t)", l.ID, l.Amount, amount, ok)
		}
		read[l.ID] = true
	}
	if len(read) != len(orders) {
		t.Errorf("%d orders are read, want %d", len(read), len(orders))
	}
	given := failed(t, failures)
	for at := range bad {
		if !given[at] {
			t.Errorf("orders[%d]@%d cannot be read, and is not in the destination", at.partition, at.offset)
		}
	}
	if len(given) != len(bad) {
		t.Errorf("%d records in the destination, want %d", len(given), len(bad))
	}
	t.Logf("%d orders are read as they were written, %d are in the destination", len(read), len(given))
	if w.ended == 0 {
		t.Error("no process ended in the middle")
	}
}

// The page of the function says how long the examples are.
func TestThePageCountsTheLines(t *testing.T) {
	text, err := os.ReadFile("../../../docs/handler.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dir, says string }{
		{"formats", "reads both formats behind both headers in %d lines of code"},
		{"payments", "charges orders once in %d lines of code"},
	} {
		want := fmt.Sprintf(tt.says, linesOfCode(t, examples+tt.dir+"/main.go"))
		if !strings.Contains(strings.ReplaceAll(string(text), "\n  ", " "), want) {
			t.Errorf("docs/handler.md does not say that examples/%s %s", tt.dir, want)
		}
	}
}
