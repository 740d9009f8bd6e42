package doctor

import (
	"slices"
	"strings"

	"msklambda/constructs/arn"
)

// Act is something that the role does.
type Act struct{ Action, Resource string }

// Decision is what IAM's simulator says of an act.
type Decision struct {
	Allowed bool

	// By is what denies it, beside the role's own policies: a statement that denies, a
	// service control policy or a permissions boundary. It is "" where no statement
	// allows it.
	By string

	// Conditions are keys that a statement asks for and that the simulator was not
	// given, where that may be why it is not allowed.
	Conditions []string
}

// Right is one thing that the role must be allowed. One act of several will do,
// because policies name what some actions are about in one way or another.
type Right struct {
	Cause Cause
	Any   []Act
}

func right(cause Cause, resource string, actions ...string) (out []Right) {
	for _, action := range actions {
		out = append(out, Right{cause, []Act{{action, resource}}})
	}
	return out
}

// Rights are what the role of the mapping's function needs for the pollers:
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
func (f *Facts) Rights() []Right {
	m := f.Mapping
	cluster := f.clusterARN()
	interfaces := "arn:" + f.Partition + ":ec2:" + f.Region + ":" + f.Account + ":network-interface/*"
	rights := []Right{
		{LacksCluster, []Act{{"kafka:DescribeClusterV2", cluster}, {"kafka:DescribeCluster", cluster}}},
		{LacksCluster, []Act{{"kafka:GetBootstrapBrokers", "*"}, {"kafka:GetBootstrapBrokers", cluster}}},
	}
	if arn.IsConnection(m.Source) {
		rights = append(rights, right(LacksCluster, m.Source, "kafka:DescribeVpcConnection")...)
	}
	rights = append(rights, right(LacksNetwork, "*", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")...)
	for _, action := range []string{"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"} {
		rights = append(rights, Right{LacksNetwork, []Act{{action, "*"}, {action, interfaces}}})
	}
	switch f.method() {
	case "iam":
		rights = append(rights, right(LacksConnect, cluster, "kafka-cluster:Connect")...)
		if before, after, ok := strings.Cut(cluster, arn.ClusterSeparator); ok {
			rights = append(rights, right(LacksTopic, arn.Kafka(before, after, "topic", m.Topic), "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")...)
			rights = append(rights, right(LacksGroup, arn.Kafka(before, after, "group", m.Group), "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup")...)
			if topic, ok := strings.CutPrefix(m.OnFailure, kafkaDestination); ok {
				rights = append(rights, right(LacksDestination, arn.Kafka(before, after, "topic", topic), "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData")...)
			}
		}
	case "scram":
		rights = append(rights, right(LacksSecret, cluster, "kafka:ListScramSecrets")...)
	}
	if m.Secret != "" {
		rights = append(rights, right(LacksSecret, m.Secret, "secretsmanager:GetSecretValue")...)
	}
	if s := f.Secret.Value; s != nil && s.Key != "" {
		rights = append(rights, right(LacksKey, s.Key, "kms:Decrypt")...)
	}
	switch serviceOf(m.OnFailure) {
	case "sqs":
		rights = append(rights, right(LacksDestination, m.OnFailure, "sqs:SendMessage")...)
	case "sns":
		rights = append(rights, right(LacksDestination, m.OnFailure, "sns:Publish")...)
	case "s3":
		rights = append(rights, right(LacksDestination, m.OnFailure, "s3:ListBucket")...)
		rights = append(rights, right(LacksDestination, m.OnFailure+"/*", "s3:PutObject")...)
	}
	if d := f.Failed.Value; d != nil && d.Key != "" {
		rights = append(rights, right(LacksKey, d.Key, "kms:GenerateDataKey")...)
		if serviceOf(m.OnFailure) != "s3" {
			rights = append(rights, right(LacksKey, d.Key, "kms:Decrypt")...)
		}
	}
	return rights
}

const kafkaDestination = "kafka://"

// serviceOf is the service in an ARN, "" in anything else.
func serviceOf(text string) string {
	if parts := strings.Split(text, ":"); len(parts) > 5 && parts[0] == "arn" {
		return parts[2]
	}
	return ""
}

// method is what the pollers authenticate with, which the mapping says only where it
// has a secret: https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html
func (f *Facts) method() string {
	c := f.Cluster.Value
	switch {
	case f.Mapping.Method != "":
		return f.Mapping.Method
	case arn.IsConnection(f.Mapping.Source) && f.Connection.Value != nil:
		return map[string]string{"SASL_IAM": "iam", "SASL_SCRAM": "scram", "TLS": "mtls"}[f.Connection.Value.Authentication]
	case c == nil || c.IAM || c.Serverless:
		return "iam"
	case !c.Nobody:
		return "iam" // and it is off, which is what is to be said
	case c.TLS:
		return "tls"
	}
	return "plaintext"
}

func (f *Facts) clusterARN() string {
	if c := f.Cluster.Value; c != nil {
		return c.ARN
	}
	return f.Mapping.Source
}

// permissions says what the role lacks, as IAM's simulator tells.
func (d *diagnosis) permissions() {
	f := d.facts
	h := d.hop("permissions", "what the role "+nameOf(d.role())+" may do, by IAM's simulator")
	if f.Function.Known && f.Function.Value == nil || f.Trust.Known && f.Trust.Value == nil {
		h.unknown("there is no role to ask about")
		return
	}
	if len(f.Acts) == 0 {
		h.unknown("nobody has asked the simulator")
		return
	}
	lacking := map[Cause][]Act{}
	var order []Cause
	for _, r := range f.Rights() {
		if slices.ContainsFunc(r.Any, func(a Act) bool { return f.Acts[a].Value.Allowed }) {
			continue
		}
		fact := f.Acts[r.Any[0]]
		switch {
		case !fact.Known:
			h.unknown(because("whether the role may do "+r.Any[0].Action, fact.Why))
		case fact.Value.By == "" && len(fact.Value.Conditions) > 0:
			h.unknown(r.Any[0].Action + " hangs on the condition keys " + strings.Join(fact.Value.Conditions, ", ") + ", which the simulator was not given")
		case fact.Value.By != "":
			h.blocked(r.Cause, r.Any[0].Action+" on "+r.Any[0].Resource+" is denied by "+fact.Value.By).cure(Cure{Text: "no statement that allows it helps: change " + fact.Value.By})
		default:
			if lacking[r.Cause] == nil {
				order = append(order, r.Cause)
			}
			lacking[r.Cause] = append(lacking[r.Cause], r.Any[0])
		}
	}
	for _, cause := range order {
		d.lacks(h, cause, lacking[cause])
	}
	d.keys(h)
}

// lacks is a blocked finding for acts of one kind, and the statements that cure it.
func (d *diagnosis) lacks(h *Hop, cause Cause, acts []Act) {
	var statements []any
	var words []string
	for _, a := range acts {
		words = append(words, a.Action+" on "+a.Resource)
		if n := len(statements); n > 0 && statements[n-1].(map[string]any)["Resource"] == a.Resource {
			last := statements[n-1].(map[string]any)
			last["Action"] = append(last["Action"].([]string), a.Action)
			continue
		}
		statements = append(statements, map[string]any{"Effect": "Allow", "Action": []string{a.Action}, "Resource": a.Resource})
	}
	cure := Cure{Text: "deploy again, if a stack made the role: it has the right policy then. One that roleArn or functionArn names must let the stack add its policy"}
	if cause == LacksKey {
		cure = Cure{Key: "secretKeyArn", Prop: "Authentication.Secret, imported with its EncryptionKey"}
		if s := d.facts.Secret.Value; s == nil || s.Key != acts[0].Resource {
			cure = Cure{Key: "onFailureKeyArn", Prop: "OnFailure, imported with its key"}
		}
	}
	h.blocked(cause, "no statement allows "+strings.Join(words, ", ")).cure(
		cure,
		Cure{Command: "aws iam put-role-policy --role-name " + nameOf(d.role()) + " --policy-name pollers-" + strings.TrimPrefix(string(cause), "lacks-") +
			" --policy-document " + quoted(asJSON(map[string]any{"Version": "2012-10-17", "Statement": statements})), Text: "it takes minutes until the pollers notice"})
}
