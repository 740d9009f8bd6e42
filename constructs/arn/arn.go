// Package arn knows the ARNs and ids that name an MSK cluster and its network,
// and the CDK tokens that may stand in their place. It is plain Go.
package arn

import (
	"regexp"
	"strings"
)

// IsToken reports whether a string holds a CDK token, whose value is not known
// before the deploy. It needs no jsii call: tokens have one spelling.
func IsToken(s string) bool { return strings.Contains(s, "${Token[") || IsListToken(s) }

// IsListToken reports whether a string stands for a whole list whose length is
// not known before the deploy.
func IsListToken(s string) bool { return strings.Contains(s, "#{Token[") }

// The formats of ids.
var (
	VPCID           = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	SubnetID        = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	SecurityGroupID = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	EndpointID      = regexp.MustCompile(`^vpce-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// The resource part is name and uuid; the uuid ends in -1, -2, ... for a
// provisioned cluster and in -s1, -s2, ... for a serverless one.
var cluster = regexp.MustCompile(
	`^arn:(aws[a-z-]*):kafka:([a-z]+(?:-[a-z]+)+-[0-9]+):([0-9]{12}):cluster/([A-Za-z0-9-]{1,64})/([0-9a-fA-F-]+-s?[0-9]+)$`)

// The account in the middle is the cluster's, the one before it the VPC's.
var connection = regexp.MustCompile(
	`^arn:(aws[a-z-]*):kafka:([a-z]+(?:-[a-z]+)+-[0-9]+):([0-9]{12}):vpc-connection/([0-9]{12})/([A-Za-z0-9-]{1,64})/([0-9a-fA-F-]+-[0-9]+)$`)

var serverless = regexp.MustCompile(`-s[0-9]+$`)

// IsCluster reports whether s is the ARN of an MSK cluster. A token is none.
func IsCluster(s string) bool { return cluster.MatchString(s) }

// IsConnection reports whether s is the ARN of a managed VPC connection. A token
// is none.
func IsConnection(s string) bool { return connection.MatchString(s) }

// IsServerless reports whether the ARN of a cluster is that of a serverless one.
// It is false for a token: what is granted then covers both kinds.
func IsServerless(s string) bool { return !IsToken(s) && serverless.MatchString(s) }

// Connects reports whether a VPC connection may be one to a cluster: of the same
// partition, region, account and name. It is true where either is a token or
// malformed, which is for others to say.
func Connects(connectionARN, clusterARN string) bool {
	to, of := connection.FindStringSubmatch(connectionARN), cluster.FindStringSubmatch(clusterARN)
	if to == nil || of == nil {
		return true
	}
	return to[1] == of[1] && to[2] == of[2] && to[4] == of[3] && to[5] == of[4]
}

// Env returns the account and region of a cluster or connection. They are empty
// when its ARN is a token.
func Env(s string) (account, region string) {
	if parts := strings.Split(s, ":"); !IsToken(s) && len(parts) > 5 {
		return parts[4], parts[3]
	}
	return "", ""
}

// ClusterSeparator is what a cluster's ARN has between what it shares with the
// ARNs of its topics and groups.
const ClusterSeparator = ":cluster/"

// Kafka returns the ARN of a topic or group, which differs from its cluster's
// only after ":cluster/", so that no part of it (partition, region, account, uuid
// with its suffix) is ever spelled out again. Before and after are the cluster's
// ARN cut at [ClusterSeparator]; the kind is "topic" or "group".
func Kafka(before, after, kind, name string) string {
	return before + ":" + kind + "/" + after + "/" + name
}

// Qualifier returns the alias or version at the end of a function's ARN, "" where
// there is none or the ARN is a token.
func Qualifier(function string) string {
	if parts := strings.Split(function, ":"); !IsToken(function) && len(parts) == 8 {
		return parts[7]
	}
	return ""
}
