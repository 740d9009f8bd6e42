package msklambda

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// checkOwners refuses a role or function that the service would refuse for
// being somebody else's, where it is known whose it is.
func (p *ClusterProps) checkOwners(ps *problems, props *ConsumerProps) {
	account, region := arnEnv(p.source())
	differs := func(got *string, want string) bool {
		return got != nil && want != "" && !isToken(*got) && *got != want
	}
	if props.Role != nil && differs(props.Role.PrincipalAccount(), account) {
		ps.add("Role", "must be of the account %s, where the function and the mapping are, got %s", account, *props.Role.PrincipalAccount())
	}
	if props.Function != nil {
		env := props.Function.Env()
		if differs(env.Account, account) {
			ps.add("Function", "must be of the account %s, where the mapping is, got %s", account, *env.Account)
		}
		if differs(env.Region, region) {
			ps.add("Function", "must be of the region %s, where the cluster is, got %s", region, *env.Region)
		}
		if function, ok := props.Function.(awslambda.Function); ok && function.Timeout() != nil {
			if limit := 14 * time.Minute.Seconds(); *function.Timeout().ToSeconds(nil) > limit {
				ps.add("Function", "must have a timeout of at most 14m, the limit of functions behind an MSK mapping, got %s",
					show(time.Duration(*function.Timeout().ToSeconds(nil))*time.Second))
			}
		}
	}
}

// conflicts finds what the service would refuse, or what would split one
// topic's partitions between two functions.
func (c *Cluster) conflicts(props *ConsumerProps) error {
	var ps problems
	for _, other := range c.consumers {
		if other.GroupID == props.GroupID {
			ps.add("GroupID", "must be the consumer's own, got %q, which %q has already", props.GroupID, *other.Node().Path())
		}
		if props.Function != nil && other.Topic == props.Topic && *other.Function.FunctionArn() == *props.Function.FunctionArn() {
			ps.add("Function", "must not read one topic twice, got topic %q, which it reads for %q already", props.Topic, *other.Node().Path())
		}
	}
	for _, other := range c.consumers {
		if props.Function != nil && *other.Function.FunctionArn() == *props.Function.FunctionArn() && other.watched.partial != props.ReportBatchItemFailures {
			ps.add("ReportBatchItemFailures", "must be the same for all consumers of a function, which answers all in one way, got %v, and %v for %q",
				props.ReportBatchItemFailures, other.watched.partial, *other.Node().Path())
		}
	}
	if group, most := props.pollerGroup(); group != "" {
		sum := most
		for _, other := range c.consumers {
			if other.pollerGroup == group {
				sum += other.maximumPollers
			}
		}
		if sum > maximumOfPollerGroup {
			ps.add("Pollers.Maximum", "must not make the maxima of Pollers.Group %q more than %d in all, got %d", group, maximumOfPollerGroup, sum)
		}
	}
	return ps.err()
}

// ValidateConsumer reports what a consumer asks for and this cluster does not
// allow, each as a [*Problem].
func (p *ClusterProps) ValidateConsumer(props *ConsumerProps) error {
	var ps problems
	p.checkOwners(&ps, props)
	if method := props.Authentication.method(); isServerless(p.ClusterARN) && method != AuthenticationIAM {
		ps.add("Authentication.Method", "must be %q: a serverless cluster has no other, got %q", AuthenticationIAM, method)
	}
	if props.RestrictNetworkInterfaces && p.VPCConnectionARN != "" {
		ps.add("RestrictNetworkInterfaces", "must not be set with VPCConnectionARN: the subnets and security groups of the connection "+
			"are not known here, so the pollers would be granted none")
	}
	if p.VPCConnectionARN != "" && props.Authentication.method() == AuthenticationPlaintext {
		ps.add("Authentication.Method", "must not be %q with VPCConnectionARN: a VPC connection takes IAM, SASL/SCRAM and TLS", AuthenticationPlaintext)
	}
	s3 := p.S3Endpoint
	if props.OnFailure.Bucket != nil && !props.provisioned() && p.VPCConnectionARN == "" && s3.Source == "" && s3.ID == "" {
		ps.add("S3Endpoint.Source", "is required of the cluster for OnFailure.Bucket: %q where the VPC has an endpoint for S3 (a gateway "+
			"endpoint will do), %q where it has a NAT gateway, or %q, which takes over all of the VPC's traffic to S3",
			EndpointExisting, EndpointNone, EndpointCreate)
	}
	return ps.err()
}

// admitAll lets the consumer's role through the endpoints whose policies name
// roles.
func (c *Cluster) admitAll(consumer *Consumer, p *ConsumerProps) {
	for _, s := range c.props.services(p) {
		switch s {
		case secretsService:
			c.admit(s, consumer, []string{"secretsmanager:GetSecretValue"}, []string{*p.Authentication.Secret.SecretFullArn()})
		case sqsService:
			c.admit(s, consumer, []string{"sqs:SendMessage"}, []string{*p.OnFailure.Queue.QueueArn()})
		case snsService:
			c.admit(s, consumer, []string{"sns:Publish"}, []string{*p.OnFailure.Topic.TopicArn()})
		case s3Service:
			c.admit(s, consumer, []string{"s3:PutObject"}, []string{*p.OnFailure.Bucket.ArnForObjects(jsii.String("*"))})
			c.admit(s, consumer, []string{"s3:ListBucket"}, []string{*p.OnFailure.Bucket.BucketArn()})
		}
	}
}

// MetricsOnDemandWarning is the id of the warning that metrics were asked for
// which AWS documents without saying whether on-demand pollers write them.
const MetricsOnDemandWarning = "msklambda:metricsOnDemand"

// ScramSecretKeyWarning is the id of the warning that the key of a SASL/SCRAM
// secret is not known: MSK takes no secret under Secrets Manager's own key, and
// the role must be able to use the other one.
const ScramSecretKeyWarning = "msklambda:scramSecretKey"

// DestinationEndpointWarning is the id of the warning that AWS asks for an
// endpoint for the destination without saying whether provisioned pollers need
// it, who need no other.
const DestinationEndpointWarning = "msklambda:destinationEndpoint"

// FilterComparisonWarning is the id of the warning that a filter has a
// comparison which is not known here.
const FilterComparisonWarning = "msklambda:filterComparison"

func (c *Consumer) uncertainWarnings(cluster *Cluster, p *ConsumerProps) {
	if p.Authentication.method() == AuthenticationSCRAM && p.Authentication.Secret.EncryptionKey() == nil {
		c.warn(ScramSecretKeyWarning, "the secret's key is not known, so the role is not granted its use. MSK takes no SASL/SCRAM secret under the key of "+
			"Secrets Manager: import the secret with its EncryptionKey (in the app secretKeyArn), or make it with one.")
	}
	if s := p.OnFailure.service(); s != nil && p.provisioned() && cluster.props.VPCConnectionARN == "" && !cluster.props.chosen(s) {
		c.warn(DestinationEndpointWarning, fmt.Sprintf("AWS asks for a VPC endpoint for the destination and does not say whether provisioned pollers need it, who need no "+
			"other. None is defined: see that failed batches arrive, and choose the source of the %s: %q, %q or %q.", s.id, EndpointCreate, EndpointExisting, EndpointNone))
	}
	for _, pattern := range p.Filters {
		if names := unknownComparisons(pattern); len(names) > 0 {
			c.warn(FilterComparisonWarning, fmt.Sprintf("the filter %s has %s, which is not among the comparisons that Lambda documents: it may be refused minutes into the deploy.",
				pattern, strings.Join(names, ", ")))
		}
	}
	if n := len(p.Filters); n > usualFilters {
		c.warn(FilterCountWarning, fmt.Sprintf("Filters has %d patterns, and accounts may use %d by default: ask AWS for a higher quota first.", n, usualFilters))
	}
	beyond := func(m awslambda.MetricType) bool { return m != awslambda.MetricType_EVENT_COUNT }
	if !p.provisioned() && slices.ContainsFunc(p.Metrics, beyond) {
		c.warn(MetricsOnDemandWarning, "Metrics has groups which AWS documents without saying whether on-demand pollers write them: "+
			"look whether the metrics appear before you rely on them, or set Pollers.")
	}
}

func (c *Consumer) warn(id, text string) {
	awscdk.Annotations_Of(c).AddWarningV2(&id, &text)
}
