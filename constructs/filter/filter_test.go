package filter

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatAPatternMatches(t *testing.T) {
	tests := []struct{ pattern, matches, others string }{
		{`{"value":{"state":["paid","open"]}}`, `{"state":"paid"} {"state":"open","x":1} {"state":["no","paid"]}`, `{"state":"PAID"} {"x":1} paid [1] null {"state":[]} {"state":{"paid":1}}`},
		{`{"value":{"a":{"b":[1]}}}`, `{"a":{"b":1.0}} {"a":[{"b":2},{"b":1}]}`, `{"a":{"b":"1"}} {"a":1} {"b":1}`},
		{`{"value":{"a":[null]}}`, `{"a":null}`, `{} {"a":0} {"a":""}`},
		{`{"value":{"a":[true]}}`, `{"a":true}`, `{"a":false} {"a":"true"}`},
		{`{"value":{"a":[{"exists":true}]}}`, `{"a":0} {"a":null}`, `{"b":0}`},
		{`{"value":{"a":[{"exists":false}]}}`, `{"b":0} {}`, `{"a":0}`},
		{`{"value":{"a":{"b":[{"exists":false}]}}}`, `{"b":0} {"a":1} {"a":{}}`, `{"a":{"b":0}}`},
		{`{"value":{"a":[{"prefix":"AB"}]}}`, `{"a":"ABC"}`, `{"a":"BAB"} {"a":1} {}`},
		{`{"value":{"a":[{"suffix":".png"}]}}`, `{"a":"x.png"}`, `{"a":"x.PNG"}`},
		{`{"value":{"a":[{"equals-ignore-case":"Ab"}]}}`, `{"a":"aB"}`, `{"a":"abc"}`},
		{`{"value":{"a":[{"anything-but":["x",1]}]}}`, `{"a":"y"} {"a":2}`, `{"a":"x"} {"a":1} {}`},
		{`{"value":{"a":[{"anything-but":"x"}]}}`, `{"a":"y"}`, `{"a":"x"}`},
		{`{"value":{"a":[{"numeric":[">",0,"<=",5]}]}}`, `{"a":5} {"a":0.1}`, `{"a":0} {"a":5.1} {"a":"3"} {}`},
		{`{"value":{"a":[{"numeric":[">=",1,"<",5]}]}}`, `{"a":1} {"a":4.9}`, `{"a":0.9} {"a":5}`},
		{`{"value":{"a":[{"numeric":["=",-1.5]}]}}`, `{"a":-1.5}`, `{"a":1.5}`},
		{`{"value":{"a":[1e999]}}`, ``, `{"a":1} {"a":1e308}`},
		{`{"value":{"$or":[{"a":[1]},{"b":[2]}],"c":[3]}}`, `{"a":1,"c":3} {"b":2,"c":3}`, `{"a":1} {"c":3} {"a":2,"b":1,"c":3}`},
		{`{"value":{"a":[{"wildcard":"*"},"x"]}}`, `{"a":"x"}`, `{"a":"y"}`},
		{`{"value":[{"anything-but":["error"]}]}`, `fine 12`, `error {"a":1}`},
		{`{"value":["go"]}`, `go`, `stop {"a":"go"}`},
	}
	for _, tt := range tests {
		p, err := Parse(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		for value := range strings.FieldsSeq(tt.matches) {
			if !p.Match([]byte(value)) {
				t.Errorf("%s matches %s = false, want true", tt.pattern, value)
			}
		}
		for value := range strings.FieldsSeq(tt.others) {
			if p.Match([]byte(value)) {
				t.Errorf("%s matches %s = true, want false", tt.pattern, value)
			}
		}
		if p.Match(nil) || p.Match([]byte{0xff}) {
			t.Errorf("%s matches null or what is not UTF-8", tt.pattern)
		}
	}
}

func TestWhatIsNoPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		``:                                    "it is not JSON (EOF)",
		`value=paid`:                          "it is not JSON (",
		`{"value":["a"]} {`:                   "something follows its JSON",
		`[]`:                                  "it must be an object that is not empty",
		`{}`:                                  "it must be an object that is not empty",
		`{"key":["a"]}`:                       `of a Kafka record only "value" can be matched, and not "key"`,
		`{"value":"a"}`:                       `value must be an object of fields or a list of values, such as ["paid"]`,
		`{"value":{}}`:                        "value must not be an empty object",
		`{"value":[]}`:                        "value must not be an empty list",
		`{"value":{"a":1}}`:                   "value.a must be an object of fields or a list",
		`{"value":{"a":[["x"]]}}`:             "value.a must not hold a list in its list",
		`{"value":{"a":[{"prefix":1}]}}`:      "value.a: prefix takes a text",
		`{"value":{"a":[{"suffix":[]}]}}`:     "value.a: suffix takes a text",
		`{"value":{"a":[{"exists":"true"}]}}`: "value.a: exists takes true or false",
		`{"value":{"a":[{"prefix":"a","suffix":"b"}]}}`:     "value.a must hold one comparison in each object, got 2",
		`{"value":{"a":[{}]}}`:                              "value.a must hold one comparison in each object, got 0",
		`{"value":{"a":[{"anything-but":[]}]}}`:             "value.a: anything-but takes at least one text or number",
		`{"value":{"a":[{"anything-but":[true]}]}}`:         "value.a: anything-but takes texts or numbers",
		`{"value":{"a":[{"numeric":[]}]}}`:                  "value.a: numeric takes a sign and a number",
		`{"value":{"a":[{"numeric":[">"]}]}}`:               "value.a: numeric takes a sign and a number",
		`{"value":{"a":[{"numeric":[">","1"]}]}}`:           "value.a: numeric takes a number after each sign",
		`{"value":{"a":[{"numeric":["<",1,">",0]}]}}`:       "value.a: numeric takes a sign and a number",
		`{"value":{"a":[{"numeric":[">",1,"<"]}]}}`:         "value.a: numeric takes a sign and a number",
		`{"value":{"$or":[{"a":[1]}]}}`:                     "value.$or must be a list of two objects or more",
		`{"value":{"$or":[{"a":[1]},2]}}`:                   "value.$or must be a list of objects",
		`{"value":{"$or":[{"a":[1]},{"b":[{"x":[]},[]]}]}}`: "value.$or.b must not hold a list in its list",
	} {
		if _, err := Parse(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %v, want %q", pattern, err, want)
		}
	}
}

func TestComparisonsThatLambdaDoesNotDocumentAreNamed(t *testing.T) {
	for pattern, want := range map[string][]string{
		`{"value":{"wildcard":["x"],"a":[{"prefix":"x"},{"anything-but":["y",1]}]}}`:                         nil,
		`{"value":{"$or":[{"a":[{"wildcard":"x*"}]},{"b":[{"anything-but":{"prefix":"y","suffix":"z"}}]}]}}`: {"wildcard", "anything-but prefix", "anything-but suffix"},
		`{"value":{"a":[{"cidr":"10.0.0.0/8"},{"cidr":"10.1.0.0/16"}],"b":{"c":[{"x":1}]}}}`:                 {"cidr", "x"},
	} {
		p, err := Parse(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if got := p.Undocumented(); !slices.Equal(got, want) {
			t.Errorf("%s: Undocumented = %q, want %q", pattern, got, want)
		}
	}
}
