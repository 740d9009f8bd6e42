package main

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"msklambda/lambda/admin/ask"
)

// place is where in a topic, as somebody writes it.
type place struct {
	at     ask.Place
	time   time.Time // with ask.PlaceTime
	offset *int64    // one offset
	shift  *int64    // from where the group is, or the end
}

const placeForms = `earliest, latest, an offset, +N or -N records, a time such as 2026-11-26T10:00:00Z, or -2h for two hours ago`

func parsePlace(text string, now time.Time) (*place, error) {
	switch text {
	case "earliest", "beginning":
		return &place{at: ask.Earliest}, nil
	case "latest", "end":
		return &place{at: ask.Latest}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
			return &place{shift: &n}, nil
		}
		return &place{offset: &n}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d < 0 {
		return &place{at: ask.PlaceTime, time: now.Add(d)}, nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.Parse(form, text); err == nil {
			return &place{at: ask.PlaceTime, time: at}, nil
		}
	}
	return nil, usage("a place must be %s, got %q", placeForms, text)
}

// find returns the offsets at the place, within what the topic has. A shift counts from
// the offsets of base, and where there is none from the end.
func (p *place) find(ctx context.Context, t *tool, base map[int32]int64) (map[int32]int64, error) {
	first, next, err := t.ends(ctx)
	if err != nil {
		return nil, err
	}
	switch p.at {
	case ask.Earliest:
		return first, nil
	case ask.Latest:
		return next, nil
	case ask.PlaceTime:
		a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoOffsets, Topic: t.topic, At: ask.At{Place: ask.PlaceTime, Millis: p.time.UnixMilli()}})
		if err != nil {
			return nil, err
		}
		return a.Offsets, nil
	}
	out := maps.Clone(next)
	for n := range out {
		at := out[n]
		if p.offset != nil {
			at = *p.offset
		} else {
			if from, ok := base[n]; ok && from >= 0 {
				at = from
			}
			at += *p.shift
		}
		out[n] = min(max(at, first[n]), next[n])
	}
	return out, nil
}

// parsePartitions reads numbers; none is all.
func parsePartitions(text string) (map[int32]bool, error) {
	if text == "" {
		return nil, nil
	}
	out := map[int32]bool{}
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.ParseInt(part, 10, 32)
		if err != nil || n < 0 {
			return nil, usage("-partition must be numbers such as 0,2, got %q", text)
		}
		out[int32(n)] = true
	}
	return out, nil
}

// only leaves the partitions that were named, and refuses one that is not there.
func only(all map[int32]int64, named map[int32]bool) (map[int32]int64, error) {
	if named == nil {
		return all, nil
	}
	out := map[int32]int64{}
	for p := range named {
		offset, ok := all[p]
		if !ok {
			return nil, usage("there is no partition %d: the topic has 0 to %d", p, len(all)-1)
		}
		out[p] = offset
	}
	return out, nil
}
