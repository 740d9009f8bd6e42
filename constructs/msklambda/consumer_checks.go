package msklambda

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"msklambda/constructs/arn"
	"msklambda/constructs/filter"
	"msklambda/constructs/notice"
)

// checkOwners refuses a role or function that the service would refuse for
// being somebody else's, where it is known whose it is.
func (p *ClusterProps) checkOwners(ps *problems, props *ConsumerProps) {
	account, region := arn.Env(p.source())
	differs := func(got *string, want string) bool {
		return got != nil && want != "" && !isToken(*got) && *got != want
	}
	if props.Role != nil && differs(props.Role.PrincipalAccount(), account) {
		ps.Add("Role", "must be of the account %s, where the function and the mapping are, got %s", account, *props.Role.PrincipalAccount())
	}
	if props.Function != nil {
		env := props.Function.Env()
		if differs(env.Account, account) {
			ps.Add("Function", "must be of the account %s, where the mapping is, got %s", account, *env.Account)
		}
		if differs(env.Region, region) {
			ps.Add("Function", "must be of the region %s, where the cluster is, got %s", region, *env.Region)
		}
		if function, ok := props.Function.(awslambda.Function); ok && function.Timeout() != nil {
			if limit := 14 * time.Minute.Seconds(); *function.Timeout().ToSeconds(nil) > limit {
				ps.Add("Function", "must have a timeout of at most 14m, the limit of functions behind an MSK mapping, got %s",
					show(time.Duration(*function.Timeout().ToSeconds(nil))*time.Second))
			}
		}
	}
}

// ValidateConsumer reports what a consumer asks for and this cluster does not
// allow, each as a [*Problem].
func (p *ClusterProps) ValidateConsumer(props *ConsumerProps) error {
	var ps problems
	p.checkOwners(&ps, props)
	p.checkDeadLetters(&ps, props)
	p.checkRegions(&ps, props)
	p.checkLagTime(&ps, props)
	p.checkServerless(&ps, props.Authentication)
	if props.RestrictNetworkInterfaces && p.VPCConnectionARN != "" {
		ps.Add("RestrictNetworkInterfaces", "must not be set with {VPCConnectionARN}: the subnets and security groups of the connection "+
			"are not known here, so the pollers would be granted none")
	}
	if p.VPCConnectionARN != "" && props.Authentication.method() == AuthenticationPlaintext {
		ps.Add("Authentication.Method", "must not be %q with {VPCConnectionARN}: a VPC connection takes IAM, SASL/SCRAM and TLS", AuthenticationPlaintext)
	}
	choices := p.choices()
	ps.List = append(ps.List, choices.Check(props.needs("", func(string) bool { return false }))...)
	return ps.Err()
}

func (p *ClusterProps) checkServerless(ps *problems, a Authentication) {
	if method := a.method(); arn.IsServerless(p.ClusterARN) && method != AuthenticationIAM {
		ps.Add("Authentication.Method", "must be %q: a serverless cluster has no other, got %q", AuthenticationIAM, method)
	}
}

// uncertainWarnings tell what could not be found out, or is not documented.
func (c *Consumer) uncertainWarnings(p *ConsumerProps) {
	p.Authentication.warnOfKey(c)
	for _, text := range p.Filters {
		pattern, err := filter.Parse(text)
		if err != nil {
			continue // a token
		}
		if names := pattern.Undocumented(); len(names) > 0 {
			warn(c, notice.FilterComparison.With(notice.Data{"filter": text, "comparisons": strings.Join(names, ", ")}))
		}
	}
	if withoutLag(p.GroupID) {
		warn(c, notice.GroupLag.With(notice.Data{"group": strconv.Quote(p.GroupID)}))
	}
	if n := len(p.Filters); n > usualFilters {
		warn(c, notice.FilterCount.With(notice.Data{"count": n, "usual": usualFilters}))
	}
	beyond := func(m awslambda.MetricType) bool { return m != awslambda.MetricType_EVENT_COUNT }
	if !p.provisioned() && slices.ContainsFunc(p.Metrics, beyond) {
		warn(c, notice.MetricsOnDemand.With(nil))
	}
}

// withoutLag reports whether MSK surely writes no lag metrics of a group.
func withoutLag(group string) bool { return !isToken(group) && strings.Contains(group, ":") }
