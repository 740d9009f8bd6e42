package doctor

import (
	"slices"
	"strings"
)

// Text is something that AWS says of a mapping, or that a deploy or a synth fails
// with, and where to look for what it means.
type Text struct {
	// Begins is how it begins, or what stands in it: Contains says which.
	Begins   string
	Contains bool

	// Looks are the hops and causes that it may come from, as "hop/cause" or "hop/*".
	Looks []string

	// Unseen is what else it may come from, which no API tells.
	Unseen string

	// Do is what to do, where it is not the state of the account that is wrong.
	Do string
}

const (
	services = "sts/* lambda/* secretsmanager/* sqs/* sns/* s3/*"
	noACLs   = "where clients authenticate with SASL/SCRAM or mutual TLS, Kafka's own ACLs: Read and Describe on the topic, Read and Describe on the group, DescribeConfigs on the cluster"
)

// Texts are all that are known, those of docs/troubleshooting.md among them.
var Texts = []Text{
	{Begins: "PROBLEM: Connection error. Please check your event source connection configuration", Looks: looks("brokers/* topic/* cluster/*"),
		Unseen: "brokers that are overloaded or restart, a topic that the cluster's API does not tell of, a network ACL that lets a part of the ports through"},
	{Begins: "PROBLEM: Connection error. Your event source VPC must be able to connect to Lambda and STS", Looks: looks(services),
		Unseen: "what is behind a NAT gateway or a gateway of your own: its subnet's ACL and routes, a firewall, a proxy"},
	{Begins: "PROBLEM: Connection error. Your VPC must be able to connect to Lambda and STS", Looks: looks(services),
		Unseen: "what is behind a NAT gateway or a gateway of your own: its subnet's ACL and routes, a firewall, a proxy"},
	{Begins: "PROBLEM: Cluster failed to authorize Lambda", Looks: looks("permissions/lacks-topic permissions/lacks-group permissions/lacks-destination"),
		Unseen: "a permission that was given some minutes ago and is not noticed yet; " + noACLs},
	{Begins: "PROBLEM: SASL authentication failed", Looks: looks("cluster/authentication-off permissions/lacks-connect permissions/lacks-secret permissions/lacks-key permissions/key-state permissions/key-policy secret/*"),
		Unseen: "the user and the password in the secret; where it comes and goes, the brokers' quota of new connections"},
	{Begins: "PROBLEM: Lambda failed to assume your function execution role", Looks: looks("sts/* role/*"),
		Unseen: "a policy of your organization for the endpoint or the role"},
	{Begins: "PROBLEM: Server failed to authenticate Lambda", Looks: looks("cluster/authentication-off secret/*"), Unseen: "the client certificate in the secret: its authority must be one of the cluster's"},
	{Begins: "PROBLEM: Lambda failed to authenticate server", Looks: looks("secret/*"), Unseen: "the brokers' certificate, if the secret names an authority for it"},
	{Begins: "PROBLEM: Provided certificate or private key is invalid", Looks: looks("secret/*"), Unseen: "the certificate and the key in the secret: PEM, and PKCS #8 encrypted by PBES1 if it has a password"},
	{Begins: "ESM_CONFIG_NOT_VALID", Looks: looks("mapping/* cluster/* topic/* destination/* function/*"), Unseen: "a setting of the mapping that its cluster does not take"},
	{Begins: "EVENT_SOURCE_AUTHN_ERROR", Looks: looks("cluster/authentication-off permissions/lacks-connect permissions/lacks-secret permissions/lacks-key secret/*"), Unseen: "what is in the secret"},
	{Begins: "EVENT_SOURCE_AUTHZ_ERROR", Looks: looks("permissions/lacks-topic permissions/lacks-group"), Unseen: noACLs},
	{Begins: "FUNCTION_CONFIG_NOT_VALID", Looks: looks("function/* role/*")},
	{Begins: "InvalidPermission.Duplicate", Contains: true,
		Do: "somebody made the rule before: securityGroupRules=none if all of them are there and somebody else's. If this stack made it under another construct id, none would delete it: see docs/changing.md"},
	{Begins: "private-dns-enabled cannot be set because there is already a conflicting DNS domain", Contains: true,
		Do: "the VPC has an endpoint for that service: lambdaEndpoint=existing or stsEndpoint=existing if it is somebody else's. If this stack made it under another construct id, existing would delete it: see docs/changing.md"},
	{Begins: "An event source mapping with event source arn", Contains: true,
		Do: "the function has a mapping for this cluster and topic already, which a changed group or starting position does not replace: give the consumer another construct id, or see docs/changing.md"},
	{Begins: "CREATE_FAILED",
		Do: "what stands beside it says why. Where it is LambdaEndpoint or STSEndpoint in a VPC that another account shares with yours, its owner alone can define endpoints there: lambdaEndpoint=existing and stsEndpoint=existing once the owner has them, or none: see docs/operations.md"},
	{Begins: "which the cluster had not when it was looked up", Contains: true,
		Do: "the name is misspelt, or nobody has made the topic yet: correct topic, make it, or have the stack make it by createTopic; then ask again by cdk context --clear"},
	{Begins: "the look-up of", Do: "what follows says what failed, and the line after it what to do: docs/lookup.md lists the permissions"},
	{Begins: "Need to perform AWS calls for account 111122223333", Contains: true, Do: "the example was deployed unchanged: give your clusterArn"},
}

func looks(words string) []string { return strings.Fields(words) }

// Meaning is what a text means for one mapping.
type Meaning struct {
	Text   string `json:"text"`
	Unseen string `json:"unseen,omitempty"`
	Do     string `json:"do,omitempty"`

	// Found are the hops that explain it, Unknown those of which too little is known.
	Found   []string `json:"found,omitempty"`
	Unknown []string `json:"unknown,omitempty"`
}

// Means finds a text among those that are known.
func Means(text string) (Text, bool) {
	i := slices.IndexFunc(Texts, func(t Text) bool {
		return strings.HasPrefix(text, t.Begins) || t.Contains && strings.Contains(text, t.Begins)
	})
	if i < 0 {
		return Text{}, false
	}
	return Texts[i], true
}

// Explains reports whether a text may come from a cause at a hop.
func (t Text) Explains(hop string, cause Cause) bool {
	return slices.ContainsFunc(t.Looks, func(look string) bool { return look == hop+"/*" || look == hop+"/"+string(cause) })
}

// meaning is what a text means, given what was found.
func (r *Report) meaning(text string) (Meaning, bool) {
	t, ok := Means(text)
	if !ok {
		return Meaning{}, false
	}
	m := Meaning{Text: text, Unseen: t.Unseen, Do: t.Do}
	for _, h := range r.Hops {
		for _, f := range h.Findings {
			switch {
			case f.State == Blocked && t.Explains(h.ID, f.Cause) && !slices.Contains(m.Found, h.ID):
				m.Found = append(m.Found, h.ID)
			case f.State == Unknown && slices.ContainsFunc(t.Looks, func(look string) bool { return strings.HasPrefix(look, h.ID+"/") }) && !slices.Contains(m.Unknown, h.ID):
				m.Unknown = append(m.Unknown, h.ID)
			}
		}
	}
	return m, true
}

// Advice is what a text means where no account is at hand.
func (t Text) Advice() string {
	if t.Do != "" {
		return t.Do + "\n"
	}
	text := "look at: " + strings.Join(t.Looks, " ") + "\n"
	if t.Unseen != "" {
		text += "which no API tells: " + t.Unseen + "\n"
	}
	return text
}

// OfEvents is the report of a stack that has no mapping, because a deploy failed.
func OfEvents(stack string, events []string) *Report {
	r := &Report{Reads: "stack " + stack + " has no mapping of an MSK topic: what its last deploy failed with is below", State: Blocked}
	for _, text := range events {
		meaning, ok := r.meaning(text)
		if !ok {
			meaning = Meaning{Text: text, Do: "it is none that the doctor knows"}
		}
		r.Meanings = append(r.Meanings, meaning)
	}
	return r
}
