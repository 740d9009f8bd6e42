package msklambda

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
)

func (p *ConsumerProps) validateDeadLetters(ps *problems) {
	if p.DeadLetterTopic == "" {
		return
	}
	ps.topic("DeadLetterTopic", p.DeadLetterTopic)
	if p.DeadLetterTopic == p.Topic {
		ps.Add("DeadLetterTopic", "must not be {Topic}, from which the function would read again what it gives up, got %q for both", p.Topic)
	}
	if method := p.Authentication.method(); method != AuthenticationIAM {
		ps.Add("DeadLetterTopic", "needs {Authentication.Method} %q, by which the function writes, got %q: for another, give the function a FunctionVPC and the client what it authenticates with",
			AuthenticationIAM, method)
	}
}

// checkDeadLetters wants a way to the brokers for a function that writes to them.
func (p *ClusterProps) checkDeadLetters(ps *problems, props *ConsumerProps) {
	if props.DeadLetterTopic != "" && p.VPCConnectionARN != "" && props.Function == nil && props.FunctionVPC == nil {
		ps.Add("FunctionVPC", "is required for {DeadLetterTopic} with {VPCConnectionARN}: the network of the connection, which is not known here")
	}
}

// whereItWrites is the network of a function that writes to the brokers: theirs,
// with the pollers' rules.
func (c *Cluster) whereItWrites(props *ConsumerProps) *FunctionVPC {
	if props.DeadLetterTopic == "" || props.Function != nil || props.FunctionVPC != nil || c.VPC == nil {
		return props.FunctionVPC
	}
	return c.besideTheBrokers()
}

// besideTheBrokers is the network of the brokers, for a function of which the rules
// for pollers are to hold.
func (c *Cluster) besideTheBrokers() *FunctionVPC {
	subnets := slices.Clone(c.Subnets)
	return &FunctionVPC{VPC: c.VPC, Subnets: &awsec2.SubnetSelection{Subnets: &subnets}, SecurityGroups: *c.Connections().SecurityGroups()}
}

// deadLetterStatements let the function write to one topic. Kafka's clients write
// idempotently by default.
func deadLetterStatements(cluster *Cluster, p *ConsumerProps) []statement {
	if p.DeadLetterTopic == "" {
		return nil
	}
	return []statement{
		allow("DeadLetterCluster", []string{cluster.ClusterARN}, "kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"),
		allow("DeadLetterTopic", []string{topicARN(cluster.ClusterARN, p.DeadLetterTopic)}, "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"),
	}
}
