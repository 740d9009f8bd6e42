package msklambda

import (
	"cmp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"

	"msklambda/constructs/arn"
	"msklambda/constructs/notice"
)

// AuthenticationMethod is how the pollers prove to the brokers who they are.
type AuthenticationMethod string

const (
	// AuthenticationIAM is IAM, on port 9098. The role is granted what it needs
	// on the cluster, the topic and the group.
	AuthenticationIAM AuthenticationMethod = "iam"

	// AuthenticationSCRAM is SASL/SCRAM-512 with the user name and password in
	// Secret, on port 9096. The secret must be associated with the cluster.
	AuthenticationSCRAM AuthenticationMethod = "scram"

	// AuthenticationMTLS is mutual TLS with the certificate and private key in
	// Secret, on port 9094. The key is PKCS #8; if it is encrypted, with PBES1.
	AuthenticationMTLS AuthenticationMethod = "mtls"

	// AuthenticationTLS is TLS with no authentication of the client, on port
	// 9094. Lambda has no setting for it: it takes IAM wherever the cluster has
	// IAM on, so this is for clusters that have it off.
	AuthenticationTLS AuthenticationMethod = "tls"

	// AuthenticationPlaintext is neither TLS nor authentication, on port 9092.
	// Lambda takes it only where the cluster offers nothing stronger.
	AuthenticationPlaintext AuthenticationMethod = "plaintext"
)

// Authentication picks, with one choice, the port that the brokers are reached
// at, the rules and endpoints that are defined, and what the role is granted.
// The zero value is IAM.
//
// With any method but IAM, Kafka's own ACLs decide what the pollers may do:
// they must allow DescribeConfigs on the cluster, Describe and Read on the group,
// and Describe and Read on the topic.
type Authentication struct {
	// Method defaults to AuthenticationIAM.
	Method AuthenticationMethod

	// Secret goes with AuthenticationSCRAM and AuthenticationMTLS. The mapping
	// needs its whole ARN, with the six characters at the end: import it by
	// Secret_FromSecretCompleteArn, or by attributes with its EncryptionKey
	// where that is a customer managed key, which the role must be able to use.
	Secret awssecretsmanager.ISecret
}

func (a Authentication) method() AuthenticationMethod { return cmp.Or(a.Method, AuthenticationIAM) }

// port is where the brokers take the method inside the VPC.
func (a Authentication) port() int {
	switch a.method() {
	case AuthenticationSCRAM:
		return 9096
	case AuthenticationMTLS, AuthenticationTLS:
		return 9094
	case AuthenticationPlaintext:
		return 9092
	}
	return 9098
}

func (a Authentication) takesSecret() bool {
	return a.method() == AuthenticationSCRAM || a.method() == AuthenticationMTLS
}

// proves reports whether the client proves who it is.
func (a Authentication) proves() bool {
	return a.method() != AuthenticationTLS && a.method() != AuthenticationPlaintext
}

func (a Authentication) validate(ps *problems) {
	switch a.method() {
	case AuthenticationIAM, AuthenticationSCRAM, AuthenticationMTLS, AuthenticationTLS, AuthenticationPlaintext:
	default:
		ps.Add("Authentication.Method", "must be %q, %q, %q, %q or %q, got %q", AuthenticationIAM, AuthenticationSCRAM,
			AuthenticationMTLS, AuthenticationTLS, AuthenticationPlaintext, a.Method)
		return
	}
	switch {
	case a.takesSecret() && a.Secret == nil:
		ps.Add("Authentication.Secret", "is required with {Authentication.Method} %q", a.method())
	case !a.takesSecret() && a.Secret != nil:
		ps.Add("Authentication.Secret", "needs {Authentication.Method} %q or %q, got %q", AuthenticationSCRAM, AuthenticationMTLS, a.method())
	case a.Secret != nil:
		ps.secret("Authentication.Secret", a.Secret)
	}
}

// secret refuses a secret that was imported by its name or by an ARN without
// the end: the service takes the name for a secret that does not exist.
func (ps *problems) secret(field string, secret awssecretsmanager.ISecret) {
	if secret.SecretFullArn() == nil {
		ps.Add(field, "must be known by its whole ARN, as from Secret_FromSecretCompleteArn: the mapping needs the six characters "+
			"at its end, got a name or partial ARN %q", *secret.SecretArn())
		return
	}
	ps.exact(field, *secret.SecretFullArn())
}

// exact refuses an ARN that IAM would read as one of many.
func (ps *problems) exact(field, arn string) {
	if !isToken(arn) && strings.ContainsAny(arn, "*?") {
		ps.Add(field, "must be one, by an ARN without '*' and '?', which IAM reads as wildcards, got %q", arn)
	}
}

// sourceAccess is what the mapping is told of the method: for IAM, and where
// there is no authentication, nothing.
func (a Authentication) sourceAccess() *[]*awslambda.SourceAccessConfiguration {
	var kind awslambda.SourceAccessConfigurationType
	switch a.method() {
	case AuthenticationSCRAM:
		kind = awslambda.SourceAccessConfigurationType_SASL_SCRAM_512_AUTH()
	case AuthenticationMTLS:
		kind = awslambda.SourceAccessConfigurationType_CLIENT_CERTIFICATE_TLS_AUTH()
	default:
		return nil
	}
	return &[]*awslambda.SourceAccessConfiguration{{Type: kind, Uri: a.Secret.SecretFullArn()}}
}

// statements is what the role needs beyond finding the brokers.
func (a Authentication) statements(c *Consumer, cluster *Cluster) []statement {
	var out []statement
	if a.method() == AuthenticationIAM {
		onCluster := []string{"kafka-cluster:Connect"}
		if !arn.IsServerless(cluster.ClusterARN) {
			// Serverless clusters have no such action.
			onCluster = append(onCluster, "kafka-cluster:DescribeClusterDynamicConfiguration")
		}
		return append(out,
			allow("KafkaCluster", []string{cluster.ClusterARN}, onCluster...),
			allow("KafkaTopic", []string{c.TopicARN}, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
			allow("KafkaGroup", []string{c.GroupARN}, "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"))
	}
	if a.method() == AuthenticationSCRAM {
		out = append(out, allow("MskScramSecrets", []string{cluster.ClusterARN}, "kafka:ListScramSecrets"))
	}
	if a.Secret != nil {
		out = append(out, secretStatements("Secret", a.Secret)...)
	}
	return out
}

// warnOfKey warns of a secret whose key is not known, which MSK asks to be one of the
// customer's.
func (a Authentication) warnOfKey(on constructs.Construct) {
	if a.method() == AuthenticationSCRAM && a.Secret.EncryptionKey() == nil {
		warn(on, notice.ScramSecretKey.With(nil))
	}
}

func secretStatements(sid string, secret awssecretsmanager.ISecret) []statement {
	out := []statement{allow(sid, []string{*secret.SecretFullArn()}, "secretsmanager:GetSecretValue")}
	if key := secret.EncryptionKey(); key != nil {
		out = append(out, allow(sid+"Key", []string{*key.KeyArn()}, "kms:Decrypt"))
	}
	return out
}
