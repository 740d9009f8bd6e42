package msklambda

import "msklambda/constructs/notice"

// The ids of the warnings that a synth may show, for
// awscdk.Annotations_Of(construct).AcknowledgeWarning. What each says and what to
// do about it is in package notice, and in docs/refused.md.
const (
	// EndpointAccessWarning: EndpointAccess is not set, and endpoints are defined. On the cluster.
	EndpointAccessWarning = notice.EndpointAccessID

	// EndpointServiceWarning: a further service gets an endpoint, for the pollers only, whose
	// source is not set. The name of the field follows, such as SQSEndpoint. On the
	// cluster.
	EndpointServiceWarning = notice.EndpointServiceID

	// EndpointPolicyWarning: the policy of an endpoint that was looked up may keep the pollers
	// out. On the cluster.
	EndpointPolicyWarning = notice.EndpointPolicyID

	// EndpointGroupsWarning: the security groups of an endpoint that was looked up may keep
	// the pollers out. On the cluster.
	EndpointGroupsWarning = notice.EndpointGroupsID

	// EgressWarning: the look-up of a security group did not tell its outbound rules. On
	// the cluster.
	EgressWarning = notice.EgressUnknownID

	// DestinationEndpointWarning: AWS asks for an endpoint for the destination, and does not
	// say whether provisioned pollers need it. On the consumer.
	DestinationEndpointWarning = notice.DestinationEndpointID

	// RoleImmutableWarning: a role was imported as immutable and got no statements. On the
	// consumer.
	RoleImmutableWarning = notice.RoleImmutableID

	// PoisonRecordWarning: nothing ends the retries of a record that always fails, and its
	// partition stands still until the record expires. On the consumer.
	PoisonRecordWarning = notice.PoisonRecordID

	// RetriesCappedWarning: infinite retries were asked for, and Lambda ends them after 10
	// because there is a destination. On the consumer.
	RetriesCappedWarning = notice.RetriesCappedID

	// ScramSecretKeyWarning: the key of a SASL/SCRAM secret is not known, and the role must be
	// able to use it. On the consumer.
	ScramSecretKeyWarning = notice.ScramSecretKeyID

	// FilterComparisonWarning: a filter has a comparison that Lambda does not document. On the
	// consumer.
	FilterComparisonWarning = notice.FilterComparisonID

	// FilterCountWarning: a mapping has more filters than accounts may use by default. On the
	// consumer.
	FilterCountWarning = notice.FilterCountID

	// MetricsOnDemandWarning: metrics were asked for which AWS documents without saying whether
	// on-demand pollers write them. On the consumer.
	MetricsOnDemandWarning = notice.MetricsOnDemandID

	// OfAnotherStackWarning: an endpoint or a rule that was looked up is another stack's, and
	// goes with it. The name of the field follows, such as STSEndpoint, or Rules. On the
	// cluster.
	OfAnotherStackWarning = notice.OfAnotherStackID

	// RemovesWarning: the last deploy defined an endpoint or a rule, and the template no longer
	// does. The name of the field follows, such as STSEndpoint, or Rules. On the cluster.
	RemovesWarning = notice.RemovesID

	// QuotaWarning: a security group, the VPC or a stack would have more rules, endpoints or
	// outputs than an account may have by default. For outputs, Outputs follows. On the
	// cluster.
	QuotaWarning = notice.QuotaID

	// OtherAccountWarning: a secret, a destination or the key of one is of another account,
	// whose policy must let the role in. The name of the field follows, such as
	// OnFailure.Queue. On the consumer.
	OtherAccountWarning = notice.OtherAccountID

	// RegionUnknownWarning: the region of the cluster is not one that this version knows. On
	// the cluster.
	RegionUnknownWarning = notice.RegionUnknownID

	// MappingRetainedWarning: the mapping is kept when the template has it no longer, and polls
	// on. On the consumer.
	MappingRetainedWarning = notice.MappingRetainedID
	// FunctionServicesWarning: the function is in a VPC, and calls services of AWS that it
	// can only reach if the VPC lets it. On the consumer.
	FunctionServicesWarning = notice.FunctionServicesID

	// GroupInUseWarning: a mapping that was looked up has the group of a consumer, and its
	// function is of no stack of the app. The UUID of the mapping follows. On the
	// consumer.
	GroupInUseWarning = notice.GroupInUseID

	// GroupLagWarning: the name of the group has a ':' in it, and MSK writes no lag metrics
	// of such a group. On the consumer.
	GroupLagWarning = notice.GroupLagID

	// TopicReplicationWarning: a topic is made with one copy of each partition. The id of its
	// construct follows. On the cluster.
	TopicReplicationWarning = notice.TopicReplicationID

	// PartitionsWarning: more pollers were asked for than the topic has partitions. The name
	// of the field follows, such as Pollers.Maximum. On the consumer.
	PartitionsWarning = notice.PartitionsID

	// PollerGroupWarning: a poller group is larger than what its topics can use. The name
	// of the group follows. On the cluster.
	PollerGroupWarning = notice.PollerGroupID
)
