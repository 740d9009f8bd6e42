package doctor

import (
	"fmt"
	"slices"
	"strings"

	"msklambda/constructs/arn"
	"msklambda/constructs/network/flow"
)

func (d *diagnosis) mapping() {
	m := d.facts.Mapping
	h := d.hop("mapping", "the mapping is "+m.State)
	switch m.State {
	case "Enabled", "Enabling", "Creating", "Updating":
	case "Disabled", "Disabling", "Deleting":
		h.blocked(MappingOff, "it polls nothing while it is "+m.State).cure(
			Cure{Key: "enabled=true", Prop: "Disabled: false"},
			Cure{Command: "aws lambda update-event-source-mapping --enabled --uuid " + m.UUID})
	default:
		h.unknown("its state is not one that is known")
	}
	others := d.facts.Sharing
	if len(others.Value) > 0 {
		h.note("the group " + m.Group + " is that of " + strings.Join(others.Value, ", ") + " too: each gets a share of the partitions").cure(
			Cure{Key: "consumerGroupId", Prop: "GroupID", Text: "one for each mapping"})
	}
}

// offMethods is what is said of a cluster that does not take what the mapping uses.
var offMethods = map[string]struct{ words, setting string }{
	"iam":   {"IAM authentication", "Sasl={Iam={Enabled=true}}"},
	"scram": {"SASL/SCRAM authentication", "Sasl={Scram={Enabled=true}}"},
	"mtls":  {"mutual TLS", "Tls={Enabled=true,CertificateAuthorityArnList=[<ARN of your private CA>]}"},
}

func (d *diagnosis) cluster() {
	f := d.facts
	if arn.IsConnection(f.Mapping.Source) {
		d.connection()
		return
	}
	h := d.hop("cluster", "the cluster "+nameOf(f.Mapping.Source))
	c := f.Cluster.Value
	switch {
	case !f.Cluster.Known:
		h.unknown(because("the cluster", f.Cluster.Why))
		return
	case c == nil:
		h.blocked(ClusterGone, "there is no cluster "+f.Mapping.Source).cure(Cure{Key: "clusterArn", Prop: "ClusterARN", Text: "of the cluster that is there; a mapping cannot change its cluster, so it becomes another"})
		return
	case c.State != "ACTIVE" && slices.Contains([]string{"CREATING", "DELETING", "FAILED"}, c.State):
		h.blocked(ClusterState, "the cluster is "+c.State).cure(Cure{Command: "aws kafka describe-cluster-v2 --cluster-arn " + c.ARN})
	case c.State != "ACTIVE":
		h.note("the cluster is " + c.State + ": connections may break for a while")
	}
	on := map[string]bool{"iam": c.IAM, "scram": c.SCRAM, "mtls": c.MTLS, "tls": c.Nobody && c.TLS, "plaintext": c.Nobody && c.Plaintext}
	method := f.method()
	if off, ok := offMethods[method]; ok && !on[method] {
		h.blocked(MethodOff, off.words+" is off on the cluster, and the mapping uses it").cure(
			Cure{Key: "authentication", Prop: "Authentication", Text: "what is on: " + methodsOn(on)},
			Cure{Command: "aws kafka update-security --cluster-arn " + c.ARN + " --current-version <from describe-cluster-v2> --client-authentication '" + off.setting + "'",
				Text: "the brokers restart one after the other; name the other methods that are on as well"})
	}
}

func methodsOn(on map[string]bool) string {
	var out []string
	for _, method := range []string{"iam", "scram", "mtls", "tls", "plaintext"} {
		if on[method] {
			out = append(out, method)
		}
	}
	if len(out) == 0 {
		return "none is"
	}
	return strings.Join(out, ", ")
}

func (d *diagnosis) connection() {
	f := d.facts
	h := d.hop("cluster", "the connection to a cluster of another account")
	switch c := f.Connection.Value; {
	case !f.Connection.Known:
		h.unknown(because("the connection", f.Connection.Why))
	case c == nil:
		h.blocked(ConnectionState, "there is no VPC connection "+f.Mapping.Source).cure(Cure{Command: "aws kafka create-vpc-connection --target-cluster-arn <cluster> --authentication SASL_IAM --vpc-id <vpc> --client-subnets <subnets> --security-groups <groups>"})
	case c.State != "AVAILABLE":
		h.blocked(ConnectionState, "the VPC connection is "+c.State).cure(Cure{Command: "aws kafka describe-vpc-connection --arn " + f.Mapping.Source},
			Cure{Text: "the cluster's owner must have turned multi-VPC connectivity on, and let this account in by the cluster's policy"})
	}
	h.unknown("the cluster itself is of another account, and not read")
}

func (d *diagnosis) topic() {
	f := d.facts
	h := d.hop("topic", "the topic "+f.Mapping.Topic)
	switch t := f.Topic.Value; {
	case !f.Topic.Known:
		h.unknown(because("whether it exists", f.Topic.Why))
	case t == nil:
		h.blocked(TopicGone, "the cluster has no topic "+f.Mapping.Topic).cure(
			Cure{Command: "aws kafka create-topic --cluster-arn " + f.clusterARN() + " --topic-name " + f.Mapping.Topic + " --partition-count 6 --replication-factor 3",
				Text: "or any Kafka tool; partitions and replication are yours to choose"},
			Cure{Key: "topic", Prop: "Topic", Text: "if it is misspelt; the mapping becomes another then"})
	case f.Mapping.Provisioned && f.Mapping.Maximum > t.Partitions:
		h.note(fmt.Sprintf("it has %d partitions, and more pollers than that do nothing: %d are allowed", t.Partitions, f.Mapping.Maximum)).cure(Cure{Key: "maximumPollers", Prop: "Pollers.Maximum"})
	}
}

// brokers walks from the pollers in each subnet to the brokers in each.
func (d *diagnosis) brokers() {
	f := d.facts
	port := flow.Poller{Authentication: f.method()}.Port()
	h := d.hop("brokers", fmt.Sprintf("the pollers to the brokers, TCP %d", port))
	if arn.IsConnection(f.Mapping.Source) {
		h.unknown("the ports of a connection to another account are not documented: see that its groups let TCP 14001 and up through, among themselves")
		return
	}
	groups, subnets := f.place()
	if len(groups) == 0 || len(subnets) == 0 {
		h.unknown(because("where the brokers are", f.Cluster.Why))
		return
	}
	blocked, unsure := f.walk(func(n *flow.Network) (out []flow.Block) {
		for _, poller := range f.hosts(n, "the pollers") {
			for _, broker := range f.hosts(n, "the brokers") {
				out = append(out, n.AllBetween(poller, broker, port)...)
			}
		}
		return out
	})
	all := strings.Join(groups, ", ")
	first := groups[0]
	for _, b := range merged(blocked) {
		switch b.Kind {
		case flow.GroupIn:
			h.blocked(GroupIn, fmt.Sprintf("%s: no inbound rule lets TCP %d in from the same groups, which pollers and brokers have alike", all, port)).cure(
				Cure{Key: "securityGroupRules=ingress", Prop: `SecurityGroupRules: "ingress"`},
				Cure{Command: fmt.Sprintf("aws ec2 authorize-security-group-ingress --group-id %s --protocol tcp --port %d --source-group %s", first, port, first)})
		case flow.GroupOut:
			h.blocked(GroupOut, fmt.Sprintf("%s: outbound traffic is restricted, and no rule lets TCP %d out to the same groups", all, port)).cure(d.egress(first, port, first)...)
		default:
			d.acl(h, b, port, "the brokers", subnets)
		}
	}
	d.gaps(h, unsure)
}

// merged are blocks without those that say the same of another subnet, in an order
// of their own.
func merged(blocks []flow.Block) (out []flow.Block) {
	for _, b := range blocks {
		if b.Kind == flow.GroupIn || b.Kind == flow.GroupOut {
			b = flow.Block{Kind: b.Kind}
		}
		b.Why = ""
		if !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b flow.Block) int { return strings.Compare(a.Subnet, b.Subnet) })
	return out
}

// gaps says of a hop what is not known, where that decides.
func (d *diagnosis) gaps(h *Hop, unsure []flow.Block) {
	if len(unsure) == 0 {
		return
	}
	for _, why := range d.facts.gaps() {
		h.unknown(why)
	}
	if h.State == Open {
		h.unknown("a part of the network is not known")
	}
}

// egress lets a group out, to another or to anywhere.
func (d *diagnosis) egress(group string, port int, to string) []Cure {
	peer := "IpRanges=[{CidrIp=0.0.0.0/0}]"
	if to != "" {
		peer = "UserIdGroupPairs=[{GroupId=" + to + "}]"
	}
	return []Cure{
		{Key: "securityGroupRules=all", Prop: `SecurityGroupRules: "all"`, Text: "only where outbound traffic is restricted, as here: it takes the rule away that allows everything"},
		{Command: fmt.Sprintf("aws ec2 authorize-security-group-egress --group-id %s --ip-permissions 'IpProtocol=tcp,FromPort=%d,ToPort=%d,%s'", group, port, port, peer)},
	}
}

// acl says what a network ACL stops, and which entry would let it through.
func (d *diagnosis) acl(h *Hop, b flow.Block, port int, to string, peers []string) {
	s := d.facts.Subnets[b.Subnet].Value
	from, last, what := port, port, fmt.Sprintf("TCP %d", port)
	if b.Answer {
		from, last, what = 1024, 65535, fmt.Sprintf("the answers to TCP %d (ports 32768 to 60999)", port)
	}
	direction, flag, out := "in", "--ingress", b.Kind == flow.ACLOut
	if out {
		direction, flag = "out", "--egress"
	}
	number := 100
	for _, e := range s.ACL.Value {
		if e.Out == out && e.Number <= number {
			number = max(1, e.Number-1)
		}
	}
	why := fmt.Sprintf("the network ACL %s does not let %s %s, on the way to %s", s.ACLID, direction, what, to)
	if slices.ContainsFunc(h.Findings, func(f Finding) bool { return f.Why == why }) {
		return // said of another subnet
	}
	finding := h.blocked(ACL, why)
	ranges := d.ranges(peers)
	if len(ranges) == 0 {
		ranges = []string{anywhere}
	}
	for i, r := range ranges {
		finding.cure(Cure{Command: fmt.Sprintf("aws ec2 create-network-acl-entry --network-acl-id %s %s --rule-number %d --protocol tcp --port-range From=%d,To=%d --cidr-block %s --rule-action allow",
			s.ACLID, flag, max(1, number-i), from, last, r)})
	}
}

// ranges are those of subnets, as far as they are known.
func (d *diagnosis) ranges(ids []string) (out []string) {
	for _, id := range ids {
		if s := d.facts.Subnets[id]; s.Known && s.Value.Range.IsValid() && !slices.Contains(out, s.Value.Range.String()) {
			out = append(out, s.Value.Range.String())
		}
	}
	return out
}
