package afternoon

import (
	"strings"
	"testing"

	"msklambda/test/internal/cdkcli"
)

const (
	cliVersion  = cdkcli.Version
	mappingType = "AWS::Lambda::EventSourceMapping"
)

// TestTheAfternoon is docs/afternoon.md, from top to bottom.
func TestTheAfternoon(t *testing.T) {
	if testing.Short() {
		t.Skip("deploys with the real CLI: go test without -short runs it")
	}
	w := newWorld(t)
	w.asItIs()
	w.takenOver()
	w.planned()
	w.written()
	w.deployed()
	w.poisoned()
	w.redriven()
	w.takenDown()
	w.finish()
}

// asItIs: orders are written, nobody reads them, and the doctor says why.
func (w *world) asItIs() {
	w.write("waiting.jsonl", w.file("waiting.jsonl"))
	s := w.at("why")
	s.run(0, "go run ./lambda/admin/mskadmin produce -topic orders -json -brokers 127.0.0.1:9098 -authentication iam < waiting.jsonl")
	s.run(1, "go run ./constructs/doctor/mskdoctor -mapping "+mappingID)
	s.end()
}

// takenOver: the mapping becomes the stack's, as it is.
func (w *world) takenOver() {
	w.configure(w.file("cdk.json as it is"))
	w.write("mapping.json", w.file("mapping.json"))
	before := asJSON(w.account.Snapshot())
	s := w.at("take over")
	s.cdk("synth --quiet --output adopt")
	for logical := range w.resourcesOf("adopt") {
		if !strings.Contains(w.Read("mapping.json"), `"`+logical+`"`) {
			w.t.Fatalf("the template has %s, want only what mapping.json names", logical)
		}
	}
	s.cdk("import --app adopt --resource-mapping mapping.json")
	if after := asJSON(w.account.Snapshot()); after != before {
		w.t.Errorf("the import made %s of %s", after, before)
	}
	s.cdk("deploy --require-approval never")
	s.end()
}

// planned: what is to become of it, in words, for whoever reviews it.
func (w *world) planned() {
	s := w.at("plan")
	s.cdk("synth --quiet --output before")
	w.configure(w.file("cdk.json as it becomes"))
	w.write("orders/main.go", w.file("orders/main.go"))
	s.cdk("synth --quiet --output after")
	s.run(0, "go run ./constructs/plan/mskplan -before before -after after -check")
	s.end()
}

// written: the function is written while the local loop runs it.
func (w *world) written() {
	w.write("orders.jsonl", w.file("orders.jsonl"))
	s := w.at("write")
	port := freePort(w.t)
	w.same["127.0.0.1:"+port] = "127.0.0.1:9092"
	loop := s.start("go run ./test/local -entry orders -topics orders-failed -rate 0 -watch", "-port", port)
	loop.wait("broker ", "watching ")
	s.say("in another terminal")
	s.run(0, "go run ./lambda/admin/mskadmin produce -topic orders -json -brokers 127.0.0.1:9092 < orders.jsonl")
	loop.wait("ERROR", "attempt 1")
	s.say("orders/main.go is saved, with dead letters")
	w.write("orders/main.go", w.file("orders/main.go with dead letters"))
	loop.wait("reloaded", "deadLettered")
	s.say("in another terminal")
	s.run(0, "go run ./lambda/admin/mskadmin peek -topic orders-failed -from earliest -n 0 -brokers 127.0.0.1:9092")
	s.say("ctrl-C")
	loop.interrupt()
	loop.wait("lag 0", "lost: none")
	loop.end(0)
	s.end()
}

// deployed: the same code, and the rule that was missing.
func (w *world) deployed() {
	s := w.at("deploy")
	s.cdk("deploy --require-approval never")
	w.lambda.sync()
	w.settled()
	s.run(0, "go run ./constructs/doctor/mskdoctor -stack MskLambda")
	s.end()

	s = w.at("verify")
	s.run(0, `go run ./lambda/admin/mskadmin verify -stack MskLambda -produce -value '{"id":0,"amount":0}'`)
	s.run(0, "go run ./lambda/admin/mskadmin lag -stack MskLambda -interval 0")
	s.end()
}

// poisoned: a record that the function cannot handle keeps nobody waiting.
func (w *world) poisoned() {
	s := w.at("poison")
	s.run(0, "go run ./lambda/admin/mskadmin produce -stack MskLambda -topic orders -json < orders.jsonl")
	w.settled()
	s.run(0, "go run ./lambda/admin/mskadmin lag -stack MskLambda -interval 0")
	s.run(0, "go run ./lambda/admin/mskadmin peek -stack MskLambda -topic orders-failed -from earliest -n 0")
	s.end()
	w.handled(1, 2, 0, 3, 5)
}

// redriven: the function is mended, and handles what it gave up.
func (w *world) redriven() {
	source := w.Read("orders/main.go")
	before, _, ok := strings.Cut(source, "\nfunc process(")
	if !ok {
		w.t.Fatalf("orders/main.go has no func process:\n%s", source)
	}
	w.write("orders/main.go", before+"\n"+w.file("orders/main.go with refunds"))
	s := w.at("redrive")
	s.cdk("deploy --require-approval never")
	w.lambda.sync()
	redrive := "go run ./lambda/admin/mskadmin redrive -stack MskLambda -from kafka://orders-failed"
	s.run(0, redrive)
	s.run(0, redrive+" -apply")
	s.say("a second time there is nothing left")
	s.run(0, redrive+" -apply")
	s.run(0, "go run ./lambda/admin/mskadmin lag -stack MskLambda -interval 0")
	s.end()
	w.handled(1, 2, 0, 3, 5, 4)
}

// takenDown: what the stack made goes, and nothing else.
func (w *world) takenDown() {
	s := w.at("take down")
	s.cdk("destroy --force")
	w.lambda.sync()
	s.end()
	there := resources()
	mapping := there[mappingType]
	delete(there, mappingType) // it had become the stack's
	var left []string
	for typ, all := range w.account.Snapshot() {
		for id, p := range all {
			switch before := there[typ][id]; {
			case before == nil:
				left = append(left, typ+" "+id)
			case asJSON(p) != asJSON(before):
				w.t.Errorf("%s %s is %s, want it as it was: %s", typ, id, asJSON(p), asJSON(before))
			}
		}
	}
	for typ, all := range there {
		for id := range all {
			if w.account.Snapshot()[typ][id] == nil {
				w.t.Errorf("%s %s is gone, and was none of the stack's", typ, id)
			}
		}
	}
	isLog := func(r string) bool { return strings.HasPrefix(r, "AWS::Logs::LogGroup ") }
	if len(mapping) != 1 || len(left) != 2 || !isLog(left[0]) || !isLog(left[1]) {
		w.t.Errorf("the stack left %q, want the log groups of its two functions", left)
	}
}
