package synthtest

import (
	"path/filepath"

	"msklambda/constructs/msklambda"
)

// The cluster of the tests, which is that of nobody.
const (
	ARN = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	VPC = "vpc-0123456789abcdef0"
	SG0 = "sg-0123456789abcdef0"
	SG1 = "sg-0123456789abcdef1"
	SG2 = "sg-0123456789abcdef2"
)

// ClusterProps are good props, with access chosen so that nothing warns.
func ClusterProps(edit ...func(*msklambda.ClusterProps)) *msklambda.ClusterProps {
	p := &msklambda.ClusterProps{
		ClusterARN:       ARN,
		VPCID:            VPC,
		SubnetIDs:        []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
		SecurityGroupIDs: []string{SG0},
		EndpointAccess:   msklambda.EndpointAccessPollers,
		// Chosen, too.
		SecretsManagerEndpoint: msklambda.Endpoint{Source: msklambda.EndpointCreate},
		SQSEndpoint:            msklambda.Endpoint{Source: msklambda.EndpointCreate},
		SNSEndpoint:            msklambda.Endpoint{Source: msklambda.EndpointCreate},
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

// ConsumerProps are good props for the function of the default app.
func ConsumerProps(edit ...func(*msklambda.ConsumerProps)) *msklambda.ConsumerProps {
	// Without end, and meaning it, so that nothing warns.
	p := &msklambda.ConsumerProps{Topic: "orders", GroupID: "orders-fn", Entry: Entry(), RetryAttempts: new(-1)}
	for _, e := range edit {
		e(p)
	}
	return p
}

// Entry is the function of the default app, seen from the directory of a test.
func Entry() string { return filepath.Join(Root(), "lambda") }

// Given is the context of a user with a cluster of their own. A key that is given
// as nil is left out.
func Given(extra map[string]any) map[string]any {
	all := map[string]any{
		"clusterArn": ARN, "vpcId": VPC, "subnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
		"securityGroupIds": SG0, "topic": "orders", "entry": Entry(), "endpointAccess": "pollers", "retryAttempts": -1,
	}
	for key, value := range extra {
		if all[key] = value; value == nil {
			delete(all, key)
		}
	}
	return all
}
