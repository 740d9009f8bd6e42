package msklambda

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// GrantConsume lets a grantee, such as the role of a service of yours, read one
// topic of the cluster as one group, by IAM authentication. It grants nothing else
// of the cluster. It panics when the topic or the group is wrong.
func (c *Cluster) GrantConsume(grantee awsiam.IGrantable, topic, groupID string) awsiam.Grant {
	var ps problems
	ps.topic("topic", topic)
	ps.group("groupID", groupID)
	return c.grant(grantee, ps,
		allow("", []string{c.ClusterARN}, "kafka-cluster:Connect"),
		allow("", []string{topicARN(c.ClusterARN, topic)}, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
		allow("", []string{groupARN(c.ClusterARN, groupID)}, "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"))
}

// GrantProduce lets a grantee write to one topic of the cluster, by IAM
// authentication, idempotently too, as Kafka's clients do by default. It
// panics when the topic is wrong.
func (c *Cluster) GrantProduce(grantee awsiam.IGrantable, topic string) awsiam.Grant {
	var ps problems
	ps.topic("topic", topic)
	return c.grant(grantee, ps,
		allow("", []string{c.ClusterARN}, "kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"),
		allow("", []string{topicARN(c.ClusterARN, topic)}, "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"))
}

func (c *Cluster) grant(grantee awsiam.IGrantable, ps problems, statements ...statement) (all awsiam.Grant) {
	if grantee == nil {
		ps.Add("grantee", "must not be nil")
	}
	if err := ps.Err(); err != nil {
		fail("cluster", *c.Node().Id(), err)
	}
	for _, s := range statements {
		grant := awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
			Grantee: grantee, Actions: jsii.Strings(s.actions...), ResourceArns: jsii.Strings(s.resources...),
		})
		if all == nil {
			all = grant
		} else {
			all = all.Combine(grant)
		}
	}
	return all
}

// GrantPrincipal makes a consumer something to grant to: what is granted to
// it goes to the role of its function.
func (c *Consumer) GrantPrincipal() awsiam.IPrincipal { return c.Function.GrantPrincipal() }

// Connections are those of the cluster's security groups, to let clients of
// yours in: cluster.Connections().AllowDefaultPortFrom(client, nil). The default
// port is that of IAM authentication. CDK adds no outbound rule to these groups
// and asks for none: they are taken to allow all outbound traffic. It is nil
// with VPCConnectionARN, whose groups are not known here.
func (c *Cluster) Connections() awsec2.Connections {
	if c.connections == nil && len(c.SecurityGroupIDs) > 0 {
		scope := c.namespace("SecurityGroups")
		var groups []awsec2.ISecurityGroup
		for _, id := range c.SecurityGroupIDs {
			groups = append(groups, awsec2.SecurityGroup_FromSecurityGroupId(scope, jsii.String(c.idFor(id)), &id, nil))
		}
		c.connections = awsec2.NewConnections(&awsec2.ConnectionsProps{
			SecurityGroups: &groups,
			DefaultPort:    awsec2.Port_Tcp(jsii.Number(Authentication{}.port())),
		})
	}
	return c.connections
}
