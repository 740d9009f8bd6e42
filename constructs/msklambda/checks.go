package msklambda

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"msklambda/constructs/arn"
)

// The checks that several fields have in common.

func isToken(s string) bool { return arn.IsToken(s) }

// ids checks every id of a list against the format of its kind. A list token
// is refused: the number of resources to define would hang on a length that
// is not known before the deploy.
func (ps *problems) ids(field string, ids []string, format *regexp.Regexp, example string) {
	for _, id := range ids {
		switch {
		case arn.IsListToken(id):
			ps.Add(field, "must be single ids, got a list token, whose length is not known at synth: split it with a count, by "+
				`*awscdk.Fn_Split(jsii.String(","), awscdk.Fn_Join(jsii.String(","), list), jsii.Number(3))`)
		case !isToken(id) && !format.MatchString(id):
			ps.Add(field, "must be ids such as %q, got %q", example, id)
		}
	}
}

// tokenIPv6 is before a token that stands for an IPv6 range. A token could be of
// either family, and a rule names one.
const tokenIPv6 = "ipv6:"

func (ps *problems) cidrs(field string, cidrs []string) {
	for _, cidr := range cidrs {
		if text := strings.TrimPrefix(cidr, tokenIPv6); isToken(text) && !arn.IsListToken(text) {
			continue
		}
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil:
			ps.Add(field, `must be IPv4 or IPv6 ranges such as "10.0.0.0/16", got %q`, cidr)
		case prefix != prefix.Masked():
			// EC2 would store the masked range, and the stack would drift.
			ps.Add(field, "must be ranges with no host bits, such as %q, got %q", prefix.Masked(), cidr)
		}
	}
}

// statements checks the statements for an endpoint's policy before CDK does,
// which would stop at the first and not say whose it is.
func (ps *problems) statements(field string, statements []awsiam.PolicyStatement) {
	for i, s := range statements {
		if s == nil {
			ps.Add(fmt.Sprintf("%s[%d]", field, i), "must not be nil")
		} else if !*s.HasPrincipal() {
			ps.Add(fmt.Sprintf("%s[%d]", field, i), "must have a principal: an endpoint policy names who may call")
		}
	}
}

// seconds checks a duration that the service counts in whole seconds.
func (ps *problems) seconds(field string, d, low, high time.Duration) {
	switch {
	case d < low || d > high:
		ps.Add(field, "must be %s to %s, got %s", show(low), show(high), show(d))
	case d%time.Second != 0:
		ps.Add(field, "must be whole seconds, got %s", show(d))
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
