package score

import "encoding/json"

// Request is what a browser sends: all the matches that it follows from now on,
// each with what it has of it. What is not named it follows no more.
type Request struct {
	Action  string   `json:"action"` // subscribe
	Matches []Follow `json:"matches"`
}

// Follow is a match that a browser follows. Sequence is that of the newest event
// that it has, 0 for none: an event that it has is not sent to it. Again is set by a
// browser that follows the match and was not told of an event.
type Follow struct {
	Match    string `json:"match"`
	Epoch    int64  `json:"epoch,omitempty"`
	Sequence int64  `json:"sequence,omitempty"`
	Again    bool   `json:"again,omitempty"`
}

// The types of a Message.
const (
	TypeScore      = "score"      // something happened in a match, or it was reset
	TypeSubscribed = "subscribed" // the answer to subscribe
	TypeError      = "error"      // the answer to what was not understood
)

// Message is what a browser gets. Its events are in order. Messages can arrive
// twice and an older one after a newer one: the sequence of an event tells. Events
// of a match have consecutive sequences, so that a gap tells of what was missed.
//
// Epoch grows when a match is reset. What has an older one is of before.
type Message struct {
	Type    string            `json:"type"`
	Match   string            `json:"match,omitempty"`
	Epoch   int64             `json:"epoch,omitempty"`
	Events  []json.RawMessage `json:"events,omitempty"`
	Matches []string          `json:"matches,omitempty"` // of an answer: those that are followed now
	Error   string            `json:"error,omitempty"`
}

// JSON returns the message as it is sent.
func (m Message) JSON() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // texts, and what was JSON before
	}
	return text
}

// MaxMessage keeps a message in one frame of API Gateway's, which has 32 KB.
const MaxMessage = 30 << 10

// Events is the message of the newest of the events that fit into one, which are
// in order.
func Events(match string, epoch int64, events []Event) []byte {
	m := Message{Type: TypeScore, Match: match, Epoch: epoch}
	first, size := len(events), 0
	var texts []json.RawMessage
	for first > 0 {
		text := events[first-1].JSON()
		if size += len(text) + 1; size > MaxMessage {
			break
		}
		first--
		texts = append(texts, text)
	}
	for i, j := 0, len(texts)-1; i < j; i, j = i+1, j-1 {
		texts[i], texts[j] = texts[j], texts[i]
	}
	m.Events = texts
	return m.JSON()
}
