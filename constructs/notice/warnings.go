package notice

// The ids of the warnings. They are contract: apps acknowledge warnings by them.
const (
	EndpointAccessID      = "msklambda:endpointAccess"
	EndpointServiceID     = "msklambda:endpointService"
	EndpointPolicyID      = "msklambda:endpointPolicy"
	EndpointGroupsID      = "msklambda:endpointGroups"
	EgressUnknownID       = "msklambda:egressUnknown"
	DestinationEndpointID = "msklambda:destinationEndpoint"
	RoleImmutableID       = "msklambda:roleImmutable"
	PoisonRecordID        = "msklambda:poisonRecord"
	RetriesCappedID       = "msklambda:retriesCapped"
	ScramSecretKeyID      = "msklambda:scramSecretKey"
	FilterComparisonID    = "msklambda:filterComparison"
	FilterCountID         = "msklambda:filterCount"
	MetricsOnDemandID     = "msklambda:metricsOnDemand"
	OfAnotherStackID      = "msklambda:ofAnotherStack"
	RemovesID             = "msklambda:removes"
	QuotaID               = "msklambda:quota"
	OtherAccountID        = "msklambda:otherAccount"
	RegionUnknownID       = "msklambda:regionUnknown"
	MappingRetainedID     = "msklambda:mappingRetained"
	FunctionServicesID    = "msklambda:functionServices"
	GroupInUseID          = "msklambda:groupInUse"
	GroupLagID            = "msklambda:groupLag"
	TopicReplicationID    = "msklambda:topicReplication"
	PartitionsID          = "msklambda:partitions"
	PollerGroupID         = "msklambda:pollerGroup"
)

// The warnings: what is legal and may not be meant, what AWS does not document,
// and what could not be found out.
var (
	EndpointAccess = Kind{
		ID: EndpointAccessID, On: "cluster",
		When: "endpoints are defined and `EndpointAccess` is not set",
		Text: `EndpointAccess is not set; using "pollers". The endpoints get private DNS, so every client in {vpc} now reaches Lambda, STS and any other ` +
			`service with an endpoint here through them, and they admit the pollers only: all other callers of those services in that VPC (IAM roles of pods, ` +
			`SDKs that assume a role, other event source mappings) are cut off.`,
		Do: `Set EndpointAccess: "pollers" to mean it, or "vpc" to keep the endpoints open to all of the VPC's ranges. Or add client security groups, client ranges ` +
			`and policy statements, or define no endpoint: Source "existing" or "none" for each.`,
	}
	EndpointService = Kind{
		ID: EndpointServiceID, On: "cluster",
		When: "an endpoint for Secrets Manager, SQS or SNS is defined and its `Source` is not set",
		Text: `{endpoint} is not set, and a consumer needs it, so it is defined for the pollers only: all other callers of that service in {vpc} are cut off.`,
		Do:   `Set its Source: "create" to mean it, "existing" or "none". Or set EndpointAccess "vpc".`,
	}
	EndpointPolicy = Kind{
		ID: EndpointPolicyID, On: "cluster",
		When: "the policy of an endpoint that was looked up does not surely let the pollers through",
		Text: `{endpoint} is {id}, which {vpc} has already, and {finding}.`,
		Do:   `{do}`,
	}
	EndpointGroups = Kind{
		ID: EndpointGroupsID, On: "cluster",
		When: "the security groups of an endpoint that was looked up do not let the pollers in",
		Text: `{endpoint} is {id}, which {vpc} has already, and its security groups {groups} would not let the pollers in on TCP 443, as far as rules for groups and IPv4 ranges tell.`,
		Do:   `{do}`,
	}
	EgressUnknown = Kind{
		ID: EgressUnknownID, On: "cluster",
		When: "the look-up of a security group does not tell its outbound rules",
		Text: `the look-up of {group} did not tell its outbound rules, so none is added.`,
		Do:   `If its outbound traffic is restricted, the pollers need SecurityGroupRules "all".`,
	}
	DestinationEndpoint = Kind{
		ID: DestinationEndpointID, On: "consumer",
		When: "`OnFailure` is a queue, topic or bucket, with `Pollers`, and the endpoint's `Source` is not set",
		Text: `AWS asks for a VPC endpoint for the destination, and does not say whether provisioned pollers, which need no other, need it. None is defined.`,
		Do:   `See that failed batches arrive, and set the Source of the cluster's {endpoint}: "create", "existing" or "none".`,
	}
	RoleImmutable = Kind{
		ID: RoleImmutableID, On: "consumer",
		When: "`Role`, or that of `Function`, is imported and cannot be changed",
		Text: `the role cannot be changed here.`,
		Do:   `Grant it these statements elsewhere before the deploy: {statements}`,
	}
	PoisonRecord = Kind{
		ID: PoisonRecordID, On: "consumer",
		When: "none of `RetryAttempts`, `MaxRecordAge` and `OnFailure` is set",
		Text: `nothing ends the retries of a record that always fails: its partition stands still until the topic drops the record.`,
		Do:   `Set OnFailure (Lambda then gives up after 10 retries), RetryAttempts or MaxRecordAge (both with Pollers), or RetryAttempts -1 (infinite) to mean it.`,
	}
	RetriesCapped = Kind{
		ID: RetriesCappedID, On: "consumer",
		When: "`RetryAttempts` is -1 and `OnFailure` is set",
		Text: `RetryAttempts is -1 (infinite) and OnFailure is set: Lambda then ends the retries after 10.`,
		Do:   `Leave RetryAttempts out, or set a number with Pollers.`,
	}
	ScramSecretKey = Kind{
		ID: ScramSecretKeyID, On: "consumer",
		When: "`Authentication` is SASL/SCRAM and the key of its `Secret` is not known",
		Text: `the secret's key is not known, so the role is not granted its use. MSK takes no SASL/SCRAM secret under the key of Secrets Manager.`,
		Do:   `Import the secret with its EncryptionKey (in the app secretKeyArn), or make it with one.`,
	}
	FilterComparison = Kind{
		ID: FilterComparisonID, On: "consumer",
		When: "a filter has a comparison that Lambda does not document",
		Text: `the filter {filter} has {comparisons}, which is not among the comparisons that Lambda documents: it may be refused minutes into the deploy.`,
	}
	FilterCount = Kind{
		ID: FilterCountID, On: "consumer",
		When: "there are more than 5 `Filters`",
		Text: `Filters has {count} patterns, and accounts may use {usual} by default.`,
		Do:   `Ask AWS for a higher quota first.`,
	}
	MetricsOnDemand = Kind{
		ID: MetricsOnDemandID, On: "consumer",
		When: "`Metrics` has another group than `EventCount`, without `Pollers`",
		Text: `Metrics has groups which AWS documents without saying whether on-demand pollers write them.`,
		Do:   `Look whether the metrics appear before you rely on them, or set Pollers.`,
	}
	OfAnotherStack = Kind{
		ID: OfAnotherStackID, On: "cluster",
		When: "an endpoint or a rule that was looked up, and is used, is another stack's",
		Text: `{what} is of the stack {owner}: it goes when that stack goes, and the pollers of this one lose their way.`,
		Do:   `Before you delete {owner}, deploy this stack with what was looked up refreshed; or let one stack that stays define the network.`,
	}
	Removes = Kind{
		ID: RemovesID, On: "cluster",
		When: "the last deploy defined an endpoint or a rule, and the template no longer does",
		Text: `the last deploy of {owner} defined {what}, and this template does not, because {why}: the next deploy deletes it. {effect}`,
	}
	OtherAccount = Kind{
		ID: OtherAccountID, On: "consumer",
		When: "the secret, the destination or the key of one of them is of another account",
		Text: `{subject} is of the account {owner}: that the role of {account} is granted its use here is not enough, and the policy of the {what} must let the role in too.`,
		Do:   `Add to that policy, with the role's own ARN once it is there: {statement}`,
	}
	MappingRetained = Kind{
		ID: MappingRetainedID, On: "consumer",
		When: "the mapping has a `DeletionPolicy` or `UpdateReplacePolicy` of Retain, such as by `awscdk.RemovalPolicies_Of(app).Retain`",
		Text: `the mapping has {policies}: it goes on polling as group {group} when the template has it no longer, beside the one that takes its place, or with a role and a function that are gone.`,
		Do: `Leave it out: awscdk.RemovalPolicies_Of(app).Retain(&awscdk.RemovalPolicyProps{ExcludeResourceTypes: jsii.Strings("AWS::Lambda::EventSourceMapping")}). ` +
			`Where it is meant, acknowledge this on the consumer, and delete the mapping by hand then.`,
	}
	GroupInUse = Kind{
		ID: GroupInUseID, On: "consumer",
		When: "a mapping that was looked up has the group, and is not of this app, as far as the name of its function tells",
		Text: `when it was looked up, the mapping {uuid} of the function {function} read {topic} as group {group}, and no stack of this app made that function: ` +
			`with a second mapping both poll, and each record goes to one of two functions.`,
		Do: `To take its place, import it before the first deploy: docs/adopting.md. Else give this consumer a GroupID of its own. ` +
			`Where it is imported or gone by now, forget what was looked up (cdk context --clear).`,
	}
	GroupLag = Kind{
		ID: GroupLagID, On: "consumer",
		When: "`GroupID` has a `:` in it",
		Text: `GroupID {group} has a ':' in it, and MSK writes no lag metrics of such a group: MaxOffsetLag, SumOffsetLag and EstimatedMaxTimeLag of AWS/Kafka.`,
		Do:   `Give a new group a name without. One that has read already keeps its offsets under its name, and another would begin at StartingPosition.`,
	}
	TopicReplication = Kind{
		ID: TopicReplicationID, On: "cluster",
		When: "a topic is made with a `ReplicationFactor` of 1",
		Text: `the topic {topic} has a ReplicationFactor of 1: whenever MSK patches or replaces the one broker that has a partition, nobody can read or write it, and it cannot be raised later.`,
		Do:   `Leave ReplicationFactor out.`,
	}
	Partitions = Kind{
		ID: PartitionsID, On: "consumer",
		When: "`Pollers.Minimum` or `Pollers.Maximum` is more than the partitions of the topic, which `AddTopic` or a look-up tells",
		Text: `{field} is {pollers}, and the topic {topic} has {partitions}: Lambda runs no more pollers than that.`,
		Do:   `Set it to that at most, or give the topic more partitions.`,
	}
	PollerGroup = Kind{
		ID: PollerGroupID, On: "cluster",
		When: "the maxima of a poller group are more in all than the partitions of all its topics, where all of those are known",
		Text: `the mappings of the poller group {group} may have {pollers} pollers in all, and their topics have {partitions} in all: Lambda runs no more pollers than that, and the group is larger than what its topics can use.`,
		Do:   `Set Pollers.Maximum of each to the partitions of its topic at most.`,
	}
	RegionUnknown = Kind{
		ID: RegionUnknownID, On: "cluster",
		When: "the region of the cluster is not one that this version knows",
		Text: `{region} is no region that this version knows.`,
		Do:   `See that it is spelt right.`,
	}
	FunctionServices = Kind{
		ID: FunctionServicesID, On: "consumer",
		When: "the function is in a VPC, and has `Idempotency` or `FunctionRegistry`",
		Text: `the function runs in a VPC, and calls {services}: no way to that is defined here, and without one it waits until its timeout.`,
		Do:   `See that the function's subnets have one.`,
	}
	Quota = Kind{
		ID: QuotaID, On: "cluster",
		When: "a security group would have more than 60 rules one way, the VPC more than 50 endpoints, or a stack more than 200 outputs",
		Text: `{what}, and {of} may have {usual} by default.`,
		Do:   `Ask AWS for a higher quota first{or}.`,
	}
)

// Warnings are all of them, in the order in which they are documented.
var Warnings = []Kind{EndpointAccess, RoleImmutable, PoisonRecord, RetriesCapped, EndpointService, DestinationEndpoint, ScramSecretKey,
	FilterComparison, FilterCount, MetricsOnDemand, EndpointPolicy, EndpointGroups, EgressUnknown, OfAnotherStack, Removes, Quota, OtherAccount, MappingRetained, GroupInUse, GroupLag, TopicReplication, Partitions, PollerGroup, RegionUnknown, FunctionServices}

// The notes: what was found there already, and what was made of it.
var (
	ExistingEndpoint = Kind{
		ID: "msklambda:existingEndpoint", On: "cluster", When: "an endpoint that was looked up is used",
		Text: `{endpoint} is {id}, which {vpc} has already: none is defined.`,
	}
	ExistingRule = Kind{
		ID: "msklambda:existingRule", On: "cluster", When: "a rule that was looked up lets the pollers in",
		Text: `{to} lets TCP {port} in from {from} already: no rule is added.`,
	}
	EgressRule = Kind{
		ID: "msklambda:egressRule", On: "cluster", When: "outbound rules are added, to a group that was looked up",
		Text: `{group} does not allow all outbound traffic, as far as its {count} outbound rules tell, so the rules out on TCP {port} that it lacks are added.`,
	}
	EgressStripped = Kind{
		ID: "msklambda:securityGroupRulesAll", On: "cluster", When: "`SecurityGroupRules` is \"all\"",
		Text: `SecurityGroupRules "all" adds outbound rules. CloudFormation removes the rule that allows all outbound traffic from a group that gets one, shows it in no diff and does not put it back.`,
		Do:   `Use it only on groups whose outbound traffic is restricted already.`,
	}
	MappingsUnknown = Kind{
		ID: "msklambda:mappingsUnknown", On: "cluster", When: "the mappings of the cluster could not be looked up",
		Text: `the mappings of the cluster could not be looked up, so whether one of somebody else has the group of a consumer is not known: {reason}`,
		Do:   `Look before a first deploy: aws lambda list-event-source-mappings --region {region} --event-source-arn {cluster}`,
	}
	TopicUnknown = Kind{
		ID: "msklambda:topicUnknown", On: "consumer", When: "a topic is used of which the look-up could not tell whether it is there",
		Text: `whether the topic {topic} is there is not known: {reason}.`,
		Do:   `A mapping without its topic is made, and reports a connection error.`,
	}
	TopicMade = Kind{
		ID: "msklambda:topicMade", On: "cluster", When: "a topic is made on a cluster that is looked up",
		Text: `the topic {topic} is made by this stack{state}.`,
	}
	RuleUncertain = Kind{
		ID: "msklambda:ruleUncertain", On: "cluster", When: "a rule is added, and one that is there may be the same, because an id is a token",
		Text: `{group} may have the rule for TCP {port} and {peer} already, which is not known before the deploy: one is added.`,
	}
)

// Notes are all of them.
var Notes = []Kind{ExistingEndpoint, ExistingRule, EgressRule, EgressStripped, RuleUncertain, MappingsUnknown, TopicUnknown, TopicMade}
