package msklambda

import "testing"

// CloudFormation takes a list of filters as a set, and refuses one that is
// there twice.
func TestAFilterIsGivenOnce(t *testing.T) {
	p := goodConsumer()
	p.Filters = []string{`{"value":["a"]}`, `{"value":["b"]}`}
	check(t, p.Validate(), "")
	p.Filters = append(p.Filters, `{"value":["a"]}`)
	check(t, p.Validate(), `Filters[2] must not repeat Filters[0], got {"value":["a"]}`)
}
