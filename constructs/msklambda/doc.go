// Package msklambda runs a Go function on every record of a topic of an Amazon
// MSK cluster that already exists, in a VPC that already exists.
//
//	cluster := msklambda.LookupCluster(stack, "Cluster", &msklambda.LookupProps{ClusterARN: arn})
//	cluster.AddConsumer("Orders", &msklambda.ConsumerProps{Topic: "orders", GroupID: "orders-fn", Entry: "lambda"})
//
// A [Cluster] holds what is shared: the imported VPC, the interface endpoints
// with their security group, and the rules on the cluster's security groups. A
// [Consumer] holds what one topic needs: role, log group, function and event
// source mapping.
//
// The examples below are whole programs in docs/examples: a cluster that is looked
// up, one of the same app or of another account, consumers in several stacks,
// provisioned pollers, SASL/SCRAM, a function that is there already.
//
// Construct ids are contract: they decide the logical ids of deployed
// resources and change only in a breaking release.
//
// Constructors panic when their props are wrong, once and with every problem
// found, before anything is defined. Call Validate on the props to get the
// same problems as an error.
package msklambda
