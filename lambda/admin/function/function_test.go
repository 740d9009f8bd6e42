package function

import (
	"encoding/json"
	"strings"
	"testing"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/contract"
)

func environment(changes map[string]string) func(string) string {
	env := map[string]string{
		contract.Right: "read", contract.Topics: "orders,refunds", contract.Groups: "orders-fn", contract.Authentication: "iam",
		contract.Cluster: "arn:aws:kafka:eu-central-1:111122223333:cluster/demo/1-2", "AWS_REGION": "eu-central-1",
	}
	for name, value := range changes {
		env[name] = value
	}
	return func(name string) string { return env[name] }
}

func handle(t *testing.T, f *Function, event string) *ask.Answer {
	t.Helper()
	a, err := f.Handle(t.Context(), json.RawMessage(event))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWrongEnvironments(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"right":          {map[string]string{contract.Right: "admin"}, `must be one of ["read" "produce" "manage"], got "admin"`},
		"authentication": {map[string]string{contract.Authentication: ""}, contract.Authentication + " must be one of"},
		"secret":         {map[string]string{contract.Authentication: "scram"}, contract.Secret + ` is required with "scram"`},
	} {
		if _, err := New(environment(c.env)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestWhatNeedsNoBroker(t *testing.T) {
	f, err := New(environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if a := handle(t, f, `{"do":"about"}`); a.About == nil || len(a.About.Topics) != 2 || a.About.Right != ask.Read {
		t.Errorf("about = %+v", a.About)
	}
	for event, want := range map[string]string{
		`"text"`:          "no question",
		`{"do":"topics"}`: "names no brokers",
		`{"do":"topics","brokers":["evil.example.com:9098"]}`: "must be of MSK in eu-central-1",
	} {
		if a := handle(t, f, event); a.Refused == nil || !strings.Contains(a.Refused.Error(), want) {
			t.Errorf("%s: %v, want %q", event, a.Refused, want)
		}
	}
}

func TestBrokersThatItWasToldAreTaken(t *testing.T) {
	f, err := New(environment(map[string]string{contract.Brokers: "127.0.0.1:1", contract.Authentication: "plaintext"}))
	if err != nil {
		t.Fatal(err)
	}
	a := handle(t, f, `{"do":"produce","topic":"orders","brokers":["evil.example.com:9098"]}`)
	if a.Refused == nil || a.Refused.Kind != ask.NoRight {
		t.Errorf("refused = %+v, want the right and not the brokers", a.Refused)
	}
}
