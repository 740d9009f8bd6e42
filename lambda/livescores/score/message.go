package score

import "encoding/json"

// Request is what a browser sends.
type Request struct {
	Action string `json:"action"` // subscribe or unsubscribe
	Match  string `json:"match"`
}

// The types of a Message.
const (
	TypeScore        = "score"        // something happened in a match
	TypeSubscribed   = "subscribed"   // the answer to subscribe, with the newest event if there was one yet
	TypeUnsubscribed = "unsubscribed" // the answer to unsubscribe
	TypeError        = "error"        // the answer to what was not understood
)

// Message is what a browser gets. Its events are in order. Messages can arrive
// twice and an older one after a newer one: the sequence of an event tells, and
// whoever shows a match drops what is not newer than what is shown.
type Message struct {
	Type   string            `json:"type"`
	Match  string            `json:"match,omitempty"`
	Events []json.RawMessage `json:"events,omitempty"`
	Error  string            `json:"error,omitempty"`
}

// JSON returns the message as it is sent.
func (m Message) JSON() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // texts, and what was JSON before
	}
	return text
}
