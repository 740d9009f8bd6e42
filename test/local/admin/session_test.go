package admin

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/poller"
)

var update = flag.Bool("update", false, "write docs/admin.md's session anew")

const (
	page  = "../../../docs/admin.md"
	begin = "<!-- The session is written by go test ./test/local/admin -run TestTheSession -update -->\n"
	end   = "<!-- The session ends -->\n"
)

// session is what somebody types, and what came of it.
type session struct {
	*rig
	text strings.Builder
}

// line runs a command line of mskadmin, on the loop's broker.
func (s *session) line(in string, want int, line string) string {
	s.t.Helper()
	if in != "" {
		fmt.Fprintf(&s.text, "$ cat orders.jsonl\n%s", in)
	}
	shown := "$ mskadmin " + quoted(line) + " -brokers 127.0.0.1:9092"
	if in != "" {
		shown += " < orders.jsonl"
	}
	out := s.admin(in, want, append(strings.Fields(strings.ReplaceAll(line, "http://127.0.0.1:9001", s.api.Endpoint)), "-brokers", s.brokers())...)
	fmt.Fprintf(&s.text, "%s\n%s", shown, settle(out))
	if want != 0 {
		fmt.Fprintf(&s.text, "(exit status %d)\n", want)
	}
	s.text.WriteString("\n")
	return out
}

// quoted is a line as a shell takes it.
func quoted(line string) string {
	words := strings.Fields(line)
	for i, word := range words {
		if strings.ContainsAny(word, `%\\{"`) {
			words[i] = "'" + word + "'"
		}
	}
	return strings.Join(words, " ")
}

func (s *session) say(format string, args ...any) { fmt.Fprintf(&s.text, "# "+format+"\n", args...) }

// settle makes what differs from run to run the same.
func settle(text string) string {
	for _, r := range []struct{ from, to string }{
		{`127\.0\.0\.1:\d{4,5}`, "127.0.0.1:9092"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`, "2026-11-26T12:00:00.000Z"},
		{`\b(after|for) [0-9.]+m?s\b`, "$1 0.4s"},
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return text
}

// TestTheSession is a session with the local loop, as docs/admin.md shows it: a batch
// that the function gives up, whose records come to the failure destination, and are
// handled once the function is mended, none lost and none twice.
func TestTheSession(t *testing.T) {
	s := &session{rig: newRig(t, func(b *broker.Broker) poller.Destination {
		d, err := poller.OpenTopic(b.Addrs(), "orders-failed")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	})}
	s.start()
	s.say("what is there")
	s.line("", 0, "topics")
	s.say("four orders of two customers; the function fails at the negative amount")
	var in strings.Builder
	for _, order := range orders[:1] {
		fmt.Fprintf(&in, `{"key":"customer-1","value":%s}`+"\n", order)
	}
	fmt.Fprintf(&in, `{"key":"customer-2","value":%s}`+"\n", orders[1])
	fmt.Fprintf(&in, `{"key":"customer-1","value":%s}`+"\n", orders[2])
	fmt.Fprintf(&in, `{"key":"customer-2","value":%s}`+"\n", orders[4])
	s.line(in.String(), 0, "produce -topic orders -json")
	s.settled()
	s.say("the mapping has come to the end of the topic")
	s.line("", 0, "lag -topic orders -interval 0")
	s.line("", 0, "peek -topic orders -partition 0")
	s.say("but it gave two records up: the refund, and what came behind it")
	s.line("", 0, `peek -topic orders-failed -n 0 -from earliest -f %t-%p@%o:%k\n`)
	s.line("", 0, "redrive -topic orders -from kafka://orders-failed")
	s.say("the function is not mended yet: nothing is removed")
	s.line("", 1, "redrive -topic orders -from kafka://orders-failed -handler broken -endpoint http://127.0.0.1:9001 -apply")
	s.wantOnce(orders[0], orders[2])
	s.say("mended, by a deploy that takes refunds")
	s.line("", 0, "redrive -topic orders -from kafka://orders-failed -handler orders -endpoint http://127.0.0.1:9001 -apply")
	s.wantOnce(orders[0], orders[1], orders[2], orders[4])
	s.say("a second time there is nothing left to do")
	s.line("", 0, "redrive -topic orders -from kafka://orders-failed -handler orders -endpoint http://127.0.0.1:9001 -apply")
	s.wantOnce(orders[0], orders[1], orders[2], orders[4])
	s.say("the last step of a deploy: a record that the group comes by")
	s.line("", 0, `verify -topic orders -produce -value {"id":6,"amount":0}`)
	s.say("handle all again? Not while the mapping reads")
	s.line("", 0, "offsets -topic orders -to earliest")
	s.line("", 1, "offsets -topic orders -to earliest -apply")
	s.stop()
	s.say("it is disabled")
	s.line("", 0, "offsets -topic orders -to -1 -partition 0 -apply")

	text := begin + "\n```sh\n" + strings.TrimSpace(s.text.String()) + "\n```\n\n" + end
	all, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(all), begin)
	was, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the session", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+text+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := begin + was + end; got != text {
		t.Errorf("%s has another session than this, -update writes it:\n%s", page, text)
	}
}
