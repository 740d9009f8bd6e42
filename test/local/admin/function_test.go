// Package admin has tests of the admin function and its client with real parts: the
// function's binary over a Lambda Runtime API, and brokers that check signatures.
package admin

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/contract"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/gate"
	"msklambda/test/local/internal/sandbox"
)

// key is that of a role, as Lambda gives it to a function: AWS' example.
var key = gate.Key{ID: "ASIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Token: "IQoJb3JpZ2luX2Vj/token+with=signs"}

// behindGate starts brokers that check signatures, with the topic orders.
func behindGate(t *testing.T, keys ...gate.Key) (*gate.Gate, *broker.Broker, string) {
	t.Helper()
	g, err := gate.New("us-east-1", keys...)
	if err != nil {
		t.Fatal(err)
	}
	b, err := broker.Start(broker.Config{Brokers: 2, Before: g.Before})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.CreateTopic("orders", 3); err != nil {
		t.Fatal(err)
	}
	certificate := filepath.Join(t.TempDir(), "brokers.pem")
	if err := os.WriteFile(certificate, g.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	return g, b, certificate
}

func environment(b *broker.Broker, right ask.Right, k gate.Key, certificate string) []string {
	return []string{
		contract.Right + "=" + string(right), contract.Topics + "=orders", contract.Groups + "=orders-fn",
		contract.Cluster + "=arn:aws:kafka:us-east-1:111122223333:cluster/demo/11111111-2222-3333-4444-555555555555-2",
		contract.Authentication + "=iam", contract.Brokers + "=" + strings.Join(b.Addrs(), ","),
		"AWS_ACCESS_KEY_ID=" + k.ID, "AWS_SECRET_ACCESS_KEY=" + k.Secret, "AWS_SESSION_TOKEN=" + k.Token,
		"SSL_CERT_FILE=" + certificate,
	}
}

func invoke(t *testing.T, f *sandbox.Function, q ask.Question) *ask.Answer {
	t.Helper()
	event, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Invoke(t.Context(), event)
	if err != nil || result.FunctionError != "" {
		t.Fatalf("%s: %v %s %s", q.Do, err, result.FunctionError, result.Payload)
	}
	a := &ask.Answer{}
	if err := json.Unmarshal(result.Payload, a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheFunctionsBinaryOnBrokersThatCheckSignatures(t *testing.T) {
	g, b, certificate := behindGate(t, key)
	program := build(t, "../../../lambda/admin")
	start := func(right ask.Right, k gate.Key) *sandbox.Function {
		f := sandbox.New(sandbox.Config{Bootstrap: program, Name: "admin", Env: environment(b, right, k, certificate), Log: func(line string) { t.Log(line) }})
		t.Cleanup(f.Close)
		return f
	}
	f := start(ask.Manage, key)
	if a := invoke(t, f, ask.Question{Do: ask.DoAbout}); a.About == nil || a.About.Right != ask.Manage || a.About.Topics[0] != "orders" {
		t.Errorf("about = %+v", a.About)
	}
	a := invoke(t, f, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{{Partition: 2, Value: []byte("paid")}}})
	if a.Refused != nil || len(a.Records) != 1 {
		t.Fatalf("produce = %+v, %v", a.Records, a.Refused)
	}
	a = invoke(t, f, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{2: 0}, To: map[int32]int64{2: 1}})
	if a.Refused != nil || len(a.Records) != 1 || string(a.Records[0].Value) != "paid" {
		t.Fatalf("fetch = %+v, %v", a.Records, a.Refused)
	}
	if g.Let() == 0 || len(g.Refused()) != 0 {
		t.Errorf("%d connections were let in and %q refused, want some and none", g.Let(), g.Refused())
	}
	let := g.Let()
	invoke(t, f, ask.Question{Do: ask.DoTopics})
	if g.Let() > let+1 {
		t.Errorf("%d connections for one more question, want those that there are", g.Let()-let)
	}

	// Its own word comes before the brokers'.
	let = g.Let()
	reader := start(ask.Read, key)
	a = invoke(t, reader, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{{Value: []byte("x")}}})
	if a.Refused == nil || a.Refused.Kind != ask.NoRight || !strings.Contains(a.Refused.Error(), `AdminProps.Allow "produce"`) {
		t.Errorf("a reader's produce is refused with %v, want the right and its prop", a.Refused)
	}
	if g.Let() != let {
		t.Error("a question that the function refuses went to the brokers")
	}

	// Brokers refuse what is signed with another key, for another session, or not
	// known, and the function says so.
	for name, wrong := range map[string]gate.Key{
		"bad signature":         {ID: key.ID, Secret: "not the secret", Token: key.Token},
		"another session token": {ID: key.ID, Secret: key.Secret, Token: "old"},
		"unknown key":           {ID: "ASIAUNKNOWN", Secret: key.Secret, Token: key.Token},
	} {
		before := len(g.Refused())
		a := invoke(t, start(ask.Read, wrong), ask.Question{Do: ask.DoTopics})
		if a.Refused == nil || a.Refused.Kind != ask.Unauthorized || !strings.Contains(a.Refused.Error(), "kafka-cluster:Connect") {
			t.Errorf("%s: answered %+v, %v, want it to be refused", name, a.Topics, a.Refused)
		}
		if refused := g.Refused()[before:]; len(refused) == 0 || !strings.Contains(refused[0], name) {
			t.Errorf("%s: the brokers refused for %q", name, refused)
		}
		t.Logf("%s: %v", name, a.Refused)
	}
}
