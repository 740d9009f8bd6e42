package lookup

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"msklambda/constructs/network"
)

const ofMappings = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"

func mapping(id string, without ...string) map[string]any {
	m := map[string]any{"Identifier": id, propertySource: ofMappings, propertyFunction: "arn:aws:lambda:us-east-1:111122223333:function:orders:live",
		propertyTopics: []any{"orders"}, propertyGroup: "orders-fn"}
	for _, name := range without {
		delete(m, name)
	}
	return m
}

// looked is what became of looking mappings up along with a cluster.
type lookedMappings struct {
	found  network.Fact[[]Mapping]
	reason string
}

// along asks for something else first, so that the question is not alone.
func along(l *LookUp) (out lookedMappings) {
	l.memory()
	out.found, out.reason = l.Mappings(ofMappings)
	return out
}

func TestTheMappingsOfAClusterAreRead(t *testing.T) {
	ours := Mapping{UUID: "a", Function: "orders", Topic: "orders", Group: "orders-fn"}
	elsewhere := mapping("b")
	elsewhere[propertySource] = strings.Replace(ofMappings, "demo", "other", 1)
	for name, tt := range map[string]struct {
		mappings []map[string]any
		want     []Mapping
		runs     int
	}{
		"none":                    {nil, []Mapping{}, 2},
		"one, and one of another": {[]map[string]any{mapping("a"), elsewhere}, []Mapping{ours}, 2},
		"one with no group of its own": {[]map[string]any{mapping("a"), mapping("c", propertyGroup, propertyTopics)},
			[]Mapping{ours, {UUID: "c", Function: "orders", Group: "c"}}, 6},
		"beside one of another Kafka": {[]map[string]any{mapping("a"), mapping("d", propertySource)}, []Mapping{ours}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			got, l, n := runs(t, map[string][]map[string]any{typeMapping: tt.mappings}, along)
			if mappings, ok := got.found.Get(); !ok || !reflect.DeepEqual(mappings, tt.want) || got.reason != "" {
				t.Errorf("mappings = %+v, %v, %q, want %+v", mappings, ok, got.reason, tt.want)
			}
			if n != tt.runs || l.Failed() != nil {
				t.Errorf("%d runs and %v, want %d and none", n, l.Failed(), tt.runs)
			}
		})
	}
}

func TestMappingsAreNeverAskedForAlone(t *testing.T) {
	c := &cli{known: map[string]any{}}
	l := New(c, "111122223333", "us-east-1", "", nil)
	if found, reason := l.Mappings(ofMappings); found.IsAsked() || reason != "" || l.Pending() || len(c.missed) != 0 {
		t.Errorf("mappings = %+v, %q, and %d questions, want not asked", found, reason, len(c.missed))
	}
}

// What fails is said, and fails nothing, now or in a run that has the other answers.
func TestMappingsThatCannotBeReadFailNothing(t *testing.T) {
	const denied = "Encountered CC API error\nnot authorized to perform: lambda:ListEventSourceMappings"
	var many []map[string]any
	for i := range mostRead {
		many = append(many, mapping(fmt.Sprint(i), propertySource))
	}
	for name, tt := range map[string]struct {
		mappings []map[string]any
		denied   bool
		reason   string
	}{
		"denied":         {nil, true, "Encountered CC API error not authorized to perform: lambda:ListEventSourceMappings"},
		"a hundred":      {many, false, ""},
		"more than that": {append(many, mapping("x")), false, "the list tells ids alone, and of 101 mappings in the region no more than 100 are read one by one"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cli{resources: map[string][]map[string]any{typeMapping: tt.mappings}, known: map[string]any{}}
			run := func() (lookedMappings, *LookUp) {
				l := New(c, "111122223333", "us-east-1", "/msklambda/Orders/demo", nil)
				return along(l), l
			}
			var got lookedMappings
			for range 10 {
				var l *LookUp
				if got, l = run(); !l.Pending() {
					break
				}
				for _, props := range c.missed {
					if c.known[fmt.Sprint(props)] = c.find(props); tt.denied && props["typeName"] == typeMapping {
						c.known[fmt.Sprint(props)] = map[string]any{providerError: denied}
					}
				}
				c.missed = nil
			}
			if got.reason != tt.reason || got.found.IsKnown() != (tt.reason == "") || !got.found.IsAsked() {
				t.Errorf("mappings = %+v, %q, want the reason %q", got.found, got.reason, tt.reason)
			}
			for key, value := range c.known { // the CLI keeps no failure
				if object, ok := value.(map[string]any); ok && object[providerError] != nil {
					delete(c.known, key)
				}
			}
			if again, l := run(); l.Pending() || l.Failed() != nil || again.found.IsKnown() != got.found.IsKnown() {
				t.Errorf("again = %+v, %q, pending %v, %v, want the same and nothing asked", again.found, again.reason, l.Pending(), l.Failed())
			}
		})
	}
}

func TestWhoseAMappingIs(t *testing.T) {
	r := Reader{Topic: "orders", Group: "orders-fn", Function: "arn:aws:lambda:us-east-1:111122223333:function:given", Stacks: []string{"Orders-EU", "a-stack-with-quite-a-long-name-for-one"}}
	for name, tt := range map[string]struct {
		mapping Mapping
		other   bool
	}{
		"by hand":                      {Mapping{Function: "orders-by-hand", Topic: "orders", Group: "orders-fn"}, true},
		"of another topic":             {Mapping{Function: "orders-by-hand", Topic: "refunds", Group: "orders-fn"}, true},
		"whose topic is not told":      {Mapping{Function: "orders-by-hand", Group: "orders-fn"}, true},
		"of another group":             {Mapping{Function: "orders-by-hand", Topic: "orders", Group: "x"}, false},
		"of the function given":        {Mapping{Function: "given", Topic: "orders", Group: "orders-fn"}, false},
		"the same, topic not told":     {Mapping{Function: "given", Group: "orders-fn"}, false},
		"the same, another topic":      {Mapping{Function: "given", Topic: "refunds", Group: "orders-fn"}, true},
		"of the stack":                 {Mapping{Function: "Orders-EU-ClusterOrdersFunction1A2B3C4D-AbCdEf123456", Topic: "orders", Group: "orders-fn"}, false},
		"of a stack whose name is cut": {Mapping{Function: "a-stack-with-quite-a-lon-ClusterOrdersFunction-AbCdEf123456", Group: "orders-fn"}, false},
		"of another stack":             {Mapping{Function: "Orders-EU-old-ClusterOrdersFunction1A2B3C4D-AbCdEf123456", Group: "orders-fn"}, true},
		"of a stack with a beginning":  {Mapping{Function: "Orders-ClusterOrdersFunction1A2B3C4D-AbCdEf123456", Group: "orders-fn"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(Others([]Mapping{tt.mapping}, r)) == 1; got != tt.other {
				t.Errorf("another's = %v, want %v", got, tt.other)
			}
		})
	}
	// A consumer whose function its stack makes has none to compare with.
	if got := Others([]Mapping{{Group: "orders-fn"}}, Reader{Topic: "orders", Group: "orders-fn"}); len(got) != 1 {
		t.Errorf("a mapping without a function = %v, want another's", got)
	}
}
