// Command upserts keeps a PostgreSQL table of orders as its topic says: one
// statement for all records of an event, whichever partitions they are of.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter/queue"
)

// Order is a row. Its key is the record's.
type Order struct {
	ID     string `json:"id"`
	Amount int64  `json:"amount"`
}

type message = kafka.Message[*Order]

type store struct{ db *sql.DB }

const (
	upsert = `INSERT INTO orders SELECT * FROM json_to_recordset($1) AS o(id text, amount bigint)
		ON CONFLICT (id) DO UPDATE SET amount = excluded.amount`
	remove = `DELETE FROM orders WHERE id IN (SELECT json_array_elements_text($1))`
)

func main() {
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL")) // with the import of a driver
	if err != nil {
		panic(err)
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	s := store{db}
	kafka.Start(kafka.TypedBatch(kafka.FromJSON[*Order], s.write), append(options,
		kafka.DeadLetter(queue.New(sqs.NewFromConfig(cfg), os.Getenv("DEAD_LETTERS"))))...)
}

var options = []kafka.Option{kafka.WholeEvent(), kafka.Retry(kafka.Backoff{Attempts: 5})}

// write writes the newest of each key: a statement may touch a row once. If it is
// refused, what is written again are the halves, until it is known for which row.
func (s store) write(ctx context.Context, messages []message) error {
	newest := map[string]*Order{}
	for _, m := range messages {
		newest[string(m.Key)] = m.Value
	}
	rows, gone := []*Order{}, []string{}
	for id, o := range newest {
		if o == nil {
			gone = append(gone, id)
			continue
		}
		o.ID = id
		rows = append(rows, o)
	}
	err := errors.Join(s.run(ctx, upsert, len(rows), rows), s.run(ctx, remove, len(gone), gone))
	if refused(err) {
		return kafka.Permanent(err)
	}
	return err
}

func (s store) run(ctx context.Context, statement string, n int, data any) error {
	if n == 0 {
		return nil
	}
	text, err := json.Marshal(data)
	if err == nil {
		_, err = s.db.ExecContext(ctx, statement, string(text))
	}
	return err
}

// refused says that PostgreSQL will refuse the row again: bad data, or a constraint.
func refused(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && (strings.HasPrefix(state.SQLState(), "22") || strings.HasPrefix(state.SQLState(), "23"))
}
