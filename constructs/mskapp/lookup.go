package mskapp

import (
	"errors"
	"strings"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// looksUp reports whether something of the cluster is left to look up. With all
// of its attributes given nothing is, and no account is needed.
func (c *Config) looksUp() bool {
	p := c.Cluster
	return p.VPCConnectionARN == "" && (p.VPCID == "" || len(p.SubnetIDs) == 0 || len(p.SecurityGroupIDs) == 0)
}

func (c *Config) lookupProps() *msklambda.LookupProps {
	p := c.Cluster.LookupProps()
	p.AllowPublicAccess, p.AllowMissingTopics = c.AllowPublicAccess, c.AllowMissingTopics
	return p
}

func (c *Config) validateCluster() error {
	if c.looksUp() {
		return c.lookupProps().Validate()
	}
	ps := problem.Of(c.Cluster.Validate())
	for _, allowed := range []struct {
		field string
		given bool
	}{{"AllowPublicAccess", c.AllowPublicAccess}, {"AllowMissingTopics", c.AllowMissingTopics}} {
		if allowed.given {
			ps.Add(allowed.field, "needs a look-up: with {VPCConnectionARN}, or with {VPCID}, {SubnetIDs} and {SecurityGroupIDs} all given, nothing is checked")
		}
	}
	return ps.Err()
}

// byKeys has the names of the context keys for those of the fields, in what a
// construct panics with: a look-up finds problems that ReadConfig cannot.
func byKeys(err error, keyOf func(field string) string) error {
	found := problem.Of(err)
	if len(found) == 0 {
		return err
	}
	text := err.Error()
	for _, p := range found {
		text = strings.Replace(text, p.Error(), p.Rename(keyOf).Error(), 1)
	}
	return errors.New(text)
}
