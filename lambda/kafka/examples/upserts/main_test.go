package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

// database is a PostgreSQL that knows the two statements. It refuses negative
// amounts, and with down it is not there.
type database struct {
	mu         sync.Mutex
	rows       map[string]int64
	statements int
	down       int // statements that fail
}

type sqlError string

func (e sqlError) Error() string    { return "SQLSTATE " + string(e) }
func (e sqlError) SQLState() string { return string(e) }

func (d *database) Connect(context.Context) (driver.Conn, error) { return conn{d}, nil }
func (d *database) Driver() driver.Driver                        { return nil }

type conn struct{ d *database }

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (conn) Close() error                        { return nil }
func (conn) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }

func (c conn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.d.statements++
	if c.d.down > 0 {
		c.d.down--
		return nil, sqlError("57P03")
	}
	text := []byte(args[0].Value.(string))
	if query == remove {
		var ids []string
		if err := json.Unmarshal(text, &ids); err != nil {
			return nil, err
		}
		for _, id := range ids {
			delete(c.d.rows, id)
		}
		return driver.RowsAffected(len(ids)), nil
	}
	var rows []Order
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, o := range rows {
		switch {
		case o.Amount < 0:
			return nil, sqlError("23514") // a CHECK
		case seen[o.ID]:
			return nil, sqlError("21000") // twice in one statement
		}
		seen[o.ID] = true
	}
	for _, o := range rows {
		c.d.rows[o.ID] = o.Amount
	}
	return driver.RowsAffected(len(rows)), nil
}

func orders(n int, amount func(i int) int64) []kafka.Record {
	var all []kafka.Record
	for p := range int32(4) {
		var kv []string
		for i := int(p); i < n; i += 4 {
			kv = append(kv, fmt.Sprintf("k%d", i%(n/2)), fmt.Sprintf(`{"amount":%d}`, amount(i)))
		}
		all = append(all, kafkatest.Keyed("orders", p, 0, kv...)...)
	}
	return all
}

func handler(d *database, given *[]string, opts ...kafka.Option) kafka.Invoker {
	s := store{sql.OpenDB(d)}
	return kafka.Handler(kafka.TypedBatch(kafka.FromJSON[*Order], s.write), append(append(options, opts...),
		kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, failures []kafka.Failure) error {
			for _, f := range failures {
				*given = append(*given, f.Record.String())
			}
			return nil
		})))...)
}

// Poison records, which held up every partition, go to the dead letters alone, with
// pollers of either kind.
func TestARowThatIsRefusedIsGivenUpAlone(t *testing.T) {
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		d := &database{rows: map[string]int64{}}
		var given []string
		h := handler(d, &given)
		records := orders(2000, func(i int) int64 {
			if i%700 == 699 {
				return -1
			}
			return int64(i)
		})
		results := kafkatest.Redeliver(t, h, kafkatest.Event(records...), mode, 5)
		if len(results) != 1 || len(given) != 2 {
			t.Errorf("%v: %d deliveries, dead letters %v, want 1 and 2", mode, len(results), given)
		}
		for i := range 1000 {
			want := int64(i + 1000)
			if (i+1000)%700 == 699 {
				want = int64(i)
			}
			if got := d.rows[fmt.Sprintf("k%d", i)]; got != want {
				t.Fatalf("%v: k%d = %d, want %d", mode, i, got, want)
			}
		}
	}
}

func TestAnEventIsOneStatementAndTombstonesAnother(t *testing.T) {
	d := &database{rows: map[string]int64{"gone": 1}}
	var given []string
	records := append(orders(1000, func(i int) int64 { return 1 }), kafkatest.Keyed("orders", 4, 0, "gone", "")...)
	records[1000].Value = nil
	kafkatest.Run(t, handler(d, &given), kafkatest.Event(records...), kafkatest.OnDemand)
	if _, there := d.rows["gone"]; d.statements != 2 || len(d.rows) != 500 || there {
		t.Errorf("%d statements, %d rows, want 2 and 500", d.statements, len(d.rows))
	}
}

func TestADatabaseThatIsBackIsTriedAgain(t *testing.T) {
	d := &database{rows: map[string]int64{}, down: 2}
	var given []string
	retry := kafka.Retry(kafka.Backoff{First: 1, Attempts: 3})
	if r := kafkatest.Run(t, handler(d, &given, retry), kafkatest.Event(orders(10, func(i int) int64 { return 1 })...), kafkatest.OnDemand); r.Err != nil || given != nil {
		t.Errorf("error = %v, dead letters %v, want none", r.Err, given)
	}
}

func TestEachRowIsThereWhateverFails(t *testing.T) {
	records := kafkatest.Keyed("orders", 0, 0, "a", `{"amount":1}`, "b", `{"amount":2}`, "a", `{"amount":3}`, "c", `{"amount":-4}`)
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		kafkatest.AtEachRecord(t, mode, records, func(t *testing.T) (kafka.Invoker, func([]kafkatest.Result)) {
			d := &database{rows: map[string]int64{}}
			var given []string
			return handler(d, &given, kafka.Retry(kafka.Backoff{First: 1, Attempts: 2})), func([]kafkatest.Result) {
				if got := fmt.Sprint(d.rows); got != "map[a:3 b:2]" || !strings.Contains(strings.Join(given, " "), "orders[0]@3") {
					t.Errorf("rows = %s, dead letters %v", got, given)
				}
			}
		})
	}
}
