package doctor

import (
	"net/netip"

	"msklambda/constructs/network/flow"
)

// Fact is what is known of something. The zero value is not known, for no reason
// that is told.
type Fact[T any] struct {
	Value T
	Known bool

	// Why is why it is not known, such as a permission that was refused.
	Why string
}

// Told is a fact that is known.
func Told[T any](value T) Fact[T] { return Fact[T]{Value: value, Known: true} }

// NotKnown is a fact that is not, and why.
func NotKnown[T any](why string) Fact[T] { return Fact[T]{Why: why} }

// Facts is what an account has that a mapping hangs on. Where something is a pointer,
// nil is known not to be there.
type Facts struct {
	Account, Region, Partition string

	Mapping    Mapping
	Cluster    Fact[*Cluster]
	Connection Fact[*Connection] // of a mapping on a cluster of another account
	Topic      Fact[*Topic]

	VPC       Fact[VPC]
	Subnets   map[string]Fact[Subnet]      // those of the cluster and of endpoints
	Groups    map[string]Fact[[]flow.Rule] // those of the cluster and of endpoints
	Lists     map[string]Fact[[]string]    // the ranges of prefix lists that rules name
	Endpoints Fact[[]Endpoint]             // of the VPC

	Function Fact[*Function]
	Trust    Fact[*string]          // the trust policy of the function's role
	Acts     map[Act]Fact[Decision] // what the role may do
	Secret   Fact[*Secret]          // that the mapping names
	Scram    Fact[[]string]         // the secrets that are associated with the cluster
	Keys     map[string]Fact[*Key]  // customer managed ones, by ARN
	Failed   Fact[*Destination]     // where failed batches go
	Sharing  Fact[[]string]         // other mappings with the same group
	Events   []string               // what the events of the stack say failed
}

// Mapping is an event source mapping of an MSK topic.
type Mapping struct {
	UUID           string
	State          string // "Enabled", "Disabled" and so on
	Result, Reason string // LastProcessingResult and StateTransitionReason
	Source         string // the ARN of a cluster or of a VPC connection
	Function       string // ARN
	Topic, Group   string
	Method         string // "scram" or "mtls" where it has a secret, "" otherwise
	Secret         string // ARN
	Provisioned    bool
	Maximum        int // pollers, 0 = not said
	OnFailure      string
}

// Cluster is an MSK cluster.
type Cluster struct {
	ARN, Name, State string
	Serverless       bool
	Public           bool

	// IAM, SCRAM, MTLS and Nobody are what clients may authenticate with; Nobody is no
	// authentication.
	IAM, SCRAM, MTLS, Nobody bool

	// Plaintext and TLS are what brokers speak with clients.
	Plaintext, TLS bool

	Subnets, Groups []string
}

// Connection is a managed VPC connection to a cluster of another account.
type Connection struct {
	State, VPC      string
	Authentication  string
	Subnets, Groups []string
}

// Topic is a Kafka topic.
type Topic struct {
	Partitions int
	State      string
}

// VPC is that of the brokers.
type VPC struct {
	ID                   string
	DNSSupport, DNSHosts bool
}

// Subnet is one of the cluster or of an endpoint.
type Subnet struct {
	Range  netip.Prefix
	Routes Fact[[]Route]
	ACL    Fact[[]flow.Entry]
	ACLID  string
}

// Route is one of the table of a subnet.
type Route struct {
	To     string // a range, or the id of a prefix list
	Target string // such as "nat-0123..."
	Broken bool   // what it leads to is gone
}

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID, Service string // such as "sts"
	Gateway     bool
	State       string // "available" and so on
	PrivateDNS  bool
	Groups      []string
	Subnets     []string
	Policy      any    // as JSON has it; nil is EC2's default
	Owner       string // the stack of this library that made it, "" where none did
}

// Function is what a mapping invokes.
type Function struct {
	ARN, Role   string
	State       string
	Reason      string
	Timeout     int // seconds
	Concurrency *int
}

// Secret is what is known of a secret without reading it.
type Secret struct {
	ARN, Name string
	Key       string // "" = the account's default key
	Deleted   bool
}

// Key is a customer managed key of KMS.
type Key struct {
	State  string
	Policy string // "" where it is not known
}

// Destination is where failed batches go.
type Destination struct {
	Key  string // customer managed, "" where there is none
	FIFO bool
}
