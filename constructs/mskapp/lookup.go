package mskapp

import (
	"errors"
	"strings"

	"msklambda/constructs/msklambda"
)

// looksUp tells whether something of the cluster is left to look up. With all
// of its attributes given nothing is, and no account is needed.
func (c *Config) looksUp() bool {
	p := c.Cluster
	return p.VPCConnectionARN == "" && (p.VPCID == "" || len(p.SubnetIDs) == 0 || len(p.SecurityGroupIDs) == 0)
}

func (c *Config) lookupProps() *msklambda.LookupProps {
	p := c.Cluster
	return &msklambda.LookupProps{
		ClusterARN: p.ClusterARN, AllowPublicAccess: c.AllowPublicAccess, VPCID: p.VPCID, SubnetIDs: p.SubnetIDs,
		SecurityGroupIDs: p.SecurityGroupIDs, LambdaEndpoint: p.LambdaEndpoint, STSEndpoint: p.STSEndpoint,
		SecretsManagerEndpoint: p.SecretsManagerEndpoint, SQSEndpoint: p.SQSEndpoint, SNSEndpoint: p.SNSEndpoint, S3Endpoint: p.S3Endpoint,
		EndpointAccess: p.EndpointAccess, VPCCIDRs: p.VPCCIDRs, EndpointClientSecurityGroupIDs: p.EndpointClientSecurityGroupIDs,
		EndpointClientCIDRs: p.EndpointClientCIDRs, SecurityGroupRules: p.SecurityGroupRules, RetainSecurityGroupRules: p.RetainSecurityGroupRules,
	}
}

func (c *Config) validateCluster() error {
	if c.looksUp() {
		return c.lookupProps().Validate()
	}
	err := c.Cluster.Validate()
	if c.AllowPublicAccess {
		err = errors.Join(append(problemsOf(err), &msklambda.Problem{Field: "AllowPublicAccess",
			Message: "needs a look-up: with VPCConnectionARN, or with VPCID, SubnetIDs and SecurityGroupIDs all given, nothing is checked"})...)
	}
	return err
}

func problemsOf(err error) (out []error) {
	for _, p := range split(err) {
		out = append(out, p)
	}
	return out
}

// byKeys has the names of the context keys for those of the fields, in what a
// construct panics with: a look-up finds problems that ReadConfig cannot.
func byKeys(err error) error {
	found := split(errors.Unwrap(err))
	if len(found) == 0 {
		return err
	}
	text := err.Error()
	for _, p := range found {
		text = strings.Replace(text, p.Error(), rename(p.Field)+" "+rename(p.Message), 1)
	}
	return errors.New(text)
}
