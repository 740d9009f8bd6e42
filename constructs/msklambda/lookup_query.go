package msklambda

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// query is one question to Cloud Control, by way of the CDK CLI: the CLI runs
// the app, finds in the assembly which answers are missing, gets them, writes
// them to cdk.context.json and runs the app again until none is missing.
//
// The names of types and properties are those of the CloudFormation resource
// schemas. The CLI fails a query for a property that the answer lacks, so what
// a schema does not require is optional here: where the CLI reports that it is
// missing, the query is asked again without it.
type query struct {
	kind     string         // of the resource, in messages
	typeName string         // such as "AWS::EC2::Subnet"
	id       string         // of one resource,
	match    map[string]any // or what all that are wanted have
	required []string       // properties
	optional []string
}

// answer is the resources that were found, by property. An optional property
// that a resource lacks is not there.
type answer []map[string]any

// lookups asks the questions of one cluster and keeps what became of them.
type lookups struct {
	scope   constructs.Construct
	pending bool // some answer is not there yet, in this pass
	failed  []error
	asked   map[string]bool
}

func newLookups(scope constructs.Construct) *lookups {
	return &lookups{scope: scope, asked: map[string]bool{}}
}

// ask returns the answer, and whether there is one. Where there is none, it is
// pending, or has failed.
func (l *lookups) ask(q query) (answer, bool) {
	// What was once asked again without an optional property is found under
	// that question, since the CLI does not write down what failed.
	for _, optional := range subsets(q.optional) {
		if value, reason := l.context(q, optional); value != nil && reason == "" {
			return value, true
		}
	}
	optional := q.optional
	for {
		_, reason := l.context(q, optional)
		if reason == "" {
			l.miss(q, optional)
			return nil, false
		}
		missing := missingProperty(reason)
		if !slices.Contains(optional, missing) {
			l.fail(q, reason)
			return nil, false
		}
		optional = slices.DeleteFunc(slices.Clone(optional), func(p string) bool { return p == missing })
	}
}

// known tells whether a question has an answer, without asking it.
func (l *lookups) known(q query) bool {
	return slices.ContainsFunc(subsets(q.optional), func(optional []string) bool {
		value, reason := l.context(q, optional)
		return value != nil && reason == ""
	})
}

// reason is why a question has failed, "" where it has not.
func (l *lookups) reason(q query) string {
	_, reason := l.context(q, q.optional)
	return reason
}

// provider is the CLI's context provider for all of Cloud Control.
const provider = "cc-api-provider"

func (q query) props(optional []string) *map[string]any {
	props := map[string]any{"typeName": q.typeName, "propertiesToReturn": slices.Concat([]string{}, q.required, optional)}
	if q.id != "" {
		props["exactIdentifier"] = q.id
	} else {
		props["propertyMatch"] = q.match
	}
	return &props
}

// providerError is where the CLI puts the reason in place of an answer, for
// one more run of the app and not into cdk.context.json.
const providerError = "$providerError"

func (l *lookups) context(q query, optional []string) (value answer, reason string) {
	key := awscdk.ContextProvider_GetKey(l.scope, &awscdk.GetContextKeyOptions{
		Provider: jsii.String(provider), Props: q.props(optional)}).Key
	switch raw := plain(l.scope.Node().TryGetContext(key)).(type) {
	case nil:
		return nil, ""
	case map[string]any:
		if reason, ok := raw[providerError].(string); ok {
			return nil, reason
		}
	case []any:
		value = answer{}
		for _, element := range raw {
			if object, ok := element.(map[string]any); ok {
				value = append(value, object)
			}
		}
		if q.id == "" || len(value) == 1 {
			return value, ""
		}
	}
	return nil, "cdk.context.json holds something else than an answer under " + *key
}

func (l *lookups) miss(q query, optional []string) {
	l.pending = true
	text := fmt.Sprint(*q.props(optional))
	if l.asked[text] {
		return
	}
	l.asked[text] = true
	awscdk.ContextProvider_GetValue(l.scope, &awscdk.GetContextValueOptions{
		Provider: jsii.String(provider), Props: q.props(optional),
		// Never used here, but the CLI checks that it is a list of objects.
		DummyValue: []any{map[string]any{}},
	})
}

func (l *lookups) fail(q query, reason string) {
	err := failure(l.scope, q, reason)
	if !slices.ContainsFunc(l.failed, func(other error) bool { return other.Error() == err.Error() }) {
		l.failed = append(l.failed, err)
	}
}

// missing is what the CLI says of a property that an answer lacks.
var missing = regexp.MustCompile(`Cannot read field (\S+)\. \S+ is not found`)

func missingProperty(reason string) string {
	if m := missing.FindStringSubmatch(reason); m != nil {
		return m[1]
	}
	return ""
}

// subsets are all choices of some elements of a short list, the largest first.
func subsets(list []string) [][]string {
	var out [][]string
	for mask := range 1 << len(list) {
		some := []string{}
		for i, element := range list {
			if mask&(1<<i) == 0 {
				some = append(some, element)
			}
		}
		out = append(out, some)
	}
	slices.SortStableFunc(out, func(a, b []string) int { return len(b) - len(a) })
	return out
}

// plain takes off the envelope in which jsii returns an object that Go once
// passed to it.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if inner, ok := v["$jsii.map"]; ok && len(v) == 1 {
			return plain(inner)
		}
		for key, element := range v {
			v[key] = plain(element)
		}
	case []any:
		for i, element := range v {
			v[i] = plain(element)
		}
	}
	return v
}

// into reads a property into a Go value. It reports whether it was there, and
// of that shape.
func into(object map[string]any, property string, to any) bool {
	value, ok := object[property]
	if !ok || value == nil {
		return false
	}
	text, err := json.Marshal(value)
	return err == nil && json.Unmarshal(text, to) == nil
}

// failure says which look-up failed, why, and what to do about it. The reasons
// are texts of the CLI and of AWS.
func failure(scope constructs.Construct, q query, reason string) error {
	stack := awscdk.Stack_Of(scope)
	account, region := *stack.Account(), *stack.Region()
	what := fmt.Sprintf("the look-up of %s %s (%s) in account %s, region %s", q.kind, q.id, q.typeName, account, region)
	if q.id == "" {
		text, err := json.Marshal(q.match)
		if err != nil {
			panic(err) // texts
		}
		what = fmt.Sprintf("the look-up of every %s (%s) with %s in account %s, region %s", q.kind, q.typeName, text, account, region)
	}
	return fmt.Errorf("%s failed: %s\n  %s", what, strings.ReplaceAll(strings.TrimSpace(reason), "\n", " "), advice(q, reason, account, region))
}

type remedy struct {
	reason *regexp.Regexp
	advice string
}

// advices are tried in this order: a reason may hold the words of a later one.
var advices = []remedy{
	{regexp.MustCompile(`No resource of type|ResourceNotFoundException`),
		`there is no such {kind}: check account, region and id ("aws kafka list-clusters-v2 --region {region}" lists the clusters); what was looked up before, "cdk context --clear" forgets`},
	{regexp.MustCompile(`(?i)throttl|rate exceeded|too ?many ?requests|RequestLimitExceeded`),
		`AWS had too many requests at once: run it again; what was found so far is in cdk.context.json`},
	{regexp.MustCompile(`(?i)assume ?role`),
		`bootstrap the account and region (cdk bootstrap aws://{account}/{region}), or let your credentials assume its look-up role`},
	{regexp.MustCompile(`(?i)no credentials|current credentials are for|unable to resolve AWS account|expired|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|security token`),
		`give credentials of account {account}, such as by AWS_PROFILE or "aws sso login", or correct the ARN; with the attributes given, nothing is looked up`},
	{regexp.MustCompile(`(?i)AccessDenied|not authorized|UnauthorizedOperation`),
		`the look-up role needs cloudformation:GetResource and cloudformation:ListResources, and for this {kind} {reads}; as "cdk bootstrap" makes it, it has them by ReadOnlyAccess`},
	{missing,
		`the answer lacks a property that the resource type requires: give as an attribute what is looked up here`},
	{regexp.MustCompile(``),
		`correct what the message says and run it again, or give as an attribute what is looked up here`},
}

func advice(q query, reason, account, region string) string {
	i := slices.IndexFunc(advices, func(r remedy) bool { return r.reason.MatchString(reason) })
	return strings.NewReplacer("{kind}", q.kind, "{account}", account, "{region}", region, "{reads}", reads[q.typeName]).Replace(advices[i].advice)
}

// reads are the permissions of the handlers, as the schemas list them.
var reads = map[string]string{
	typeCluster:    "kafka:DescribeCluster",
	typeServerless: "kafka:DescribeClusterV2",
	typeSubnet:     "ec2:DescribeSubnets, ec2:DescribeNetworkAcls",
	typeVPC:        "ec2:DescribeVpcs, ec2:DescribeVpcAttribute, ec2:DescribeSecurityGroups, ec2:DescribeNetworkAcls, ec2:DescribeVpcEncryptionControls",
	typeEndpoint:   "ec2:DescribeVpcEndpoints, ec2:DescribeSubnets, ec2:DescribeSecurityGroups, ec2:DescribeVpcs, vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation",
	typeGroup:      "ec2:DescribeSecurityGroups",
}
