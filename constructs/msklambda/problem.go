package msklambda

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Problem is one wrong value in a props struct. Validate joins all of them
// (see [errors.Join]), so a caller that knows its fields by other names, such
// as context keys, can find and rename each.
type Problem struct {
	Field   string // as written in Go, such as "BatchSize"
	Message string // what is allowed and what was got
}

// Error returns the field and the message.
func (p *Problem) Error() string { return p.Field + " " + p.Message }

type problems []error

func (ps *problems) add(field, format string, args ...any) {
	*ps = append(*ps, &Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (ps problems) err() error { return errors.Join(ps...) }

// fail is how every constructor of this package refuses its props.
func fail(kind, id string, err error) {
	panic(fmt.Errorf("msklambda: %s %q:\n%w", kind, id, err))
}

// isToken tells whether a string holds a CDK token, whose value is not known
// before the deploy. It needs no jsii call: tokens have one spelling.
func isToken(s string) bool {
	return strings.Contains(s, "${Token[") || isListToken(s)
}

// isListToken tells whether a string stands for a whole list whose length is
// not known before the deploy.
func isListToken(s string) bool { return strings.Contains(s, "#{Token[") }

var (
	vpcID           = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetID        = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	securityGroupID = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	endpointID      = regexp.MustCompile(`^vpce-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// ids checks every id of a list against the format of its kind. A list token
// is refused: the number of resources to define would hang on a length that
// is not known before the deploy.
func (ps *problems) ids(field string, ids []string, format *regexp.Regexp, example string) {
	for _, id := range ids {
		switch {
		case isListToken(id):
			ps.add(field, "must be single ids, got a list token whose length is not known at synth")
		case !isToken(id) && !format.MatchString(id):
			ps.add(field, "must be ids such as %q, got %q", example, id)
		}
	}
}

// seconds checks a duration that the service counts in whole seconds.
func (ps *problems) seconds(field string, d, low, high time.Duration) {
	switch {
	case d < low || d > high:
		ps.add(field, "must be %s to %s, got %s", show(low), show(high), show(d))
	case d%time.Second != 0:
		ps.add(field, "must be whole seconds, got %s", show(d))
	}
}

// show prints a duration without the zero units that time.Duration adds:
// "5m", not "5m0s".
func show(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// unique returns a list without its repetitions, in the order given.
func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
