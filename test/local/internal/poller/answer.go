package poller

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// namedRecords returns the records that an answer with ReportBatchItemFailures
// says have failed, in their order. An empty answer, null, or one without names
// means that all were handled. An error means that all have failed: AWS
// documents it of an identifier that is not in the batch, and here it is so for
// everything else that is not an answer too.
func namedRecords(answer []byte, topic string, records []*record) ([]*record, error) {
	answer = bytes.TrimSpace(answer)
	if len(answer) == 0 {
		return nil, nil
	}
	var a *struct {
		BatchItemFailures []struct {
			ItemIdentifier *struct {
				Partition *string `json:"partition"`
				Offset    *int64  `json:"offset"`
			} `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	dec := json.NewDecoder(bytes.NewReader(answer))
	if err := dec.Decode(&a); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its JSON")
	}
	if a == nil || len(a.BatchItemFailures) == 0 {
		return nil, nil
	}
	type id struct {
		partition string
		offset    int64
	}
	name := func(r *record) id {
		return id{topic + "-" + strconv.Itoa(int(r.Partition)), r.Offset}
	}
	known := make(map[id]bool, len(records))
	for _, r := range records {
		known[name(r)] = true
	}
	named := map[id]bool{}
	for i, item := range a.BatchItemFailures {
		d := item.ItemIdentifier
		if d == nil || d.Partition == nil || d.Offset == nil {
			return nil, fmt.Errorf("batchItemFailures[%d] has no itemIdentifier with partition and offset", i)
		}
		one := id{*d.Partition, *d.Offset}
		if !known[one] {
			return nil, fmt.Errorf("batchItemFailures[%d] names %s offset %d, which is not in the batch", i, one.partition, one.offset)
		}
		named[one] = true
	}
	var failed []*record
	for _, r := range records {
		if named[name(r)] {
			failed = append(failed, r)
		}
	}
	return failed, nil
}
