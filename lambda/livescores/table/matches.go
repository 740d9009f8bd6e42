package table

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
)

// Match reads what is known of a match, which may be nothing. consistent is for
// whoever is to miss nothing.
func (t *Table) Match(ctx context.Context, id string, consistent bool) (match.State, error) {
	s := match.State{ID: id}
	in, err := t.get(ctx, key(id, layout.ScoreItem), consistent)
	if err != nil {
		return s, fmt.Errorf("read the match %s: %w", id, err)
	}
	s.Epoch, s.Sequence, s.At, s.Phase = whole(in[epoch]), whole(in[sequence]), whole(in[at]), asText(in[phase])
	// What was written before there were places has the times.
	s.Last, s.Began = placeOf(in[last], s.At), placeOf(in[began], s.Epoch)
	s.Handed, s.Shards, s.Version = whole(in[handed]), max(1, int(whole(in[shards]))), whole(in[version])
	if events := asText(in[history]); events != "" {
		if err := json.Unmarshal([]byte(events), &s.Events); err != nil {
			return s, fmt.Errorf("read the events of %s: %w", id, err)
		}
	}
	return s, nil
}

func place(p match.Place) types.AttributeValue {
	written, err := json.Marshal(p)
	if err != nil {
		panic(err) // a text and numbers
	}
	return text(string(written))
}

func placeOf(v types.AttributeValue, at int64) match.Place {
	p := match.Place{At: at}
	_ = json.Unmarshal([]byte(asText(v)), &p) // or there is none
	return p
}

// Write writes what has become of a match, if nobody else has written it since it
// was read: of several functions that have events of a match, each then sees what
// the others did. If it is not ok, the match is to be read again.
func (t *Table) Write(ctx context.Context, s *match.State, now time.Time) (ok bool, err error) {
	events, err := json.Marshal(s.Events)
	if err != nil {
		return false, err
	}
	_, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name,
		Key:       key(s.ID, layout.ScoreItem),
		UpdateExpression: aws.String("SET #epoch = :epoch, #sequence = :sequence, #at = :at, #last = :last, #began = :began, #phase = :phase, #history = :history, " +
			"#handed = :handed, #version = :next, #expires = :expires"),
		ConditionExpression: aws.String("attribute_not_exists(#version) OR #version = :version"),
		ExpressionAttributeNames: map[string]string{"#epoch": epoch, "#sequence": sequence, "#at": at, "#last": last, "#began": began, "#phase": phase, "#history": history,
			"#handed": handed, "#version": version, "#expires": layout.Expires},
		ExpressionAttributeValues: item{":epoch": number(s.Epoch), ":sequence": number(s.Sequence), ":at": number(s.At), ":last": place(s.Last), ":began": place(s.Began), ":phase": text(s.Phase),
			":history": text(string(events)), ":handed": number(s.Handed), ":version": number(s.Version), ":next": number(s.Version + 1),
			":expires": number(now.Add(layout.ScoreLife).Unix())},
	})
	if refused(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("write the match %s: %w", s.ID, err)
	}
	s.Version++
	return true, nil
}

// MarkHanded notes that the events up to this were handed on, so that they are not
// when they are delivered again. It changes nothing if more of them were meanwhile,
// or if the match was reset.
func (t *Table) MarkHanded(ctx context.Context, s *match.State) error {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &t.name,
		Key:                       key(s.ID, layout.ScoreItem),
		UpdateExpression:          aws.String("SET #handed = :sequence"),
		ConditionExpression:       aws.String("#epoch = :epoch AND #handed < :sequence"),
		ExpressionAttributeNames:  map[string]string{"#epoch": epoch, "#handed": handed},
		ExpressionAttributeValues: item{":epoch": number(s.Epoch), ":sequence": number(s.Sequence)},
	})
	if err != nil && !refused(err) {
		return fmt.Errorf("note that %d of %s is handed on: %w", s.Sequence, s.ID, err)
	}
	return nil
}

// Split notes how many shards the match has now, if it is more.
func (t *Table) Split(ctx context.Context, id string, n int) error {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &t.name,
		Key:                       key(id, layout.ScoreItem),
		UpdateExpression:          aws.String("SET #shards = :n"),
		ConditionExpression:       aws.String("attribute_exists(#version) AND (attribute_not_exists(#shards) OR #shards < :n)"),
		ExpressionAttributeNames:  map[string]string{"#shards": shards, "#version": version},
		ExpressionAttributeValues: item{":n": number(int64(n))},
	})
	if err != nil && !refused(err) {
		return fmt.Errorf("note that %s has %d shards: %w", id, n, err)
	}
	return nil
}

// PutLine writes the line of a match in the list of the day's matches, unless that
// has one of something newer: then whoever wrote that was quicker.
func (t *Table) PutLine(ctx context.Context, s *match.State, summary []byte, now time.Time) error {
	in := key(layout.IndexKey, s.ID)
	in[line], in[epoch], in[sequence] = text(string(summary)), number(s.Epoch), number(s.Sequence)
	in[layout.Expires] = number(now.Add(layout.IndexLife).Unix())
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name,
		Item:      in,
		ConditionExpression: aws.String("attribute_not_exists(#sequence) OR #epoch < :epoch OR " +
			"(#epoch = :epoch AND #sequence <= :sequence)"),
		ExpressionAttributeNames:  map[string]string{"#epoch": epoch, "#sequence": sequence},
		ExpressionAttributeValues: item{":epoch": number(s.Epoch), ":sequence": number(s.Sequence)},
	})
	if err != nil && !refused(err) {
		return fmt.Errorf("list the match %s: %w", s.ID, err)
	}
	return nil
}

// Lines reads the list of the day's matches, in the order of their ids. DynamoDB
// removes what has expired in its own time, so it is left out here.
func (t *Table) Lines(ctx context.Context, now time.Time) (all []json.RawMessage, err error) {
	pages := dynamodb.NewQueryPaginator(t.client, &dynamodb.QueryInput{
		TableName:                 &t.name,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("#match = :index"),
		FilterExpression:          aws.String("#expires > :now"),
		ExpressionAttributeNames:  map[string]string{"#match": layout.Match, "#expires": layout.Expires},
		ExpressionAttributeValues: map[string]types.AttributeValue{":index": text(layout.IndexKey), ":now": number(now.Unix())},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the list of matches: %w", err)
		}
		for _, in := range page.Items {
			all = append(all, json.RawMessage(asText(in[line])))
		}
	}
	return all, nil
}
