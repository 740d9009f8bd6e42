package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"msklambda/constructs/arn"
	"msklambda/constructs/network"
	"msklambda/constructs/problem"
)

// Cluster is what a look-up told of an MSK cluster.
type Cluster struct {
	arn            string
	authentication clientAuthentication
	clientBroker   string // "TLS", "TLS_PLAINTEXT", "PLAINTEXT", "" where not told
	publicAccess   string // "", "DISABLED", "SERVICE_PROVIDED_EIPS"
	networks       []vpcConfig
}

// Given is what is known of a cluster's network without a look-up, and then with
// it.
type Given struct {
	VPC             string
	Subnets, Groups []string
}

type brokerNodeGroupInfo struct {
	ClientSubnets    []string
	SecurityGroups   []string
	ConnectivityInfo struct{ PublicAccess struct{ Type string } }
}

type vpcConfig struct{ SubnetIds, SecurityGroups []string }

// Cluster looks a cluster up. The answer is nil while it is not there.
func (l *LookUp) Cluster(clusterARN string) *Cluster {
	if arn.IsServerless(clusterARN) {
		return l.serverless(clusterARN)
	}
	object, ok := l.one(query{kind: "cluster", typeName: typeCluster, id: clusterARN,
		required: []string{"BrokerNodeGroupInfo"}, optional: []string{"ClientAuthentication", "EncryptionInfo.EncryptionInTransit"}})
	if !ok {
		return nil
	}
	c := &Cluster{arn: clusterARN}
	var brokers brokerNodeGroupInfo
	into(object, "BrokerNodeGroupInfo", &brokers)
	into(object, "ClientAuthentication", &c.authentication)
	var transit struct{ ClientBroker string }
	into(object, "EncryptionInfo.EncryptionInTransit", &transit)
	c.clientBroker, c.publicAccess = transit.ClientBroker, brokers.ConnectivityInfo.PublicAccess.Type
	c.networks = []vpcConfig{{brokers.ClientSubnets, brokers.SecurityGroups}}
	return c
}

func (l *LookUp) serverless(clusterARN string) *Cluster {
	object, ok := l.one(query{kind: "serverless cluster", typeName: typeServerless, id: clusterARN,
		required: []string{"ClientAuthentication", "VpcConfigs"}})
	if !ok {
		return nil
	}
	c := &Cluster{arn: clusterARN}
	into(object, "VpcConfigs", &c.networks)
	into(object, "ClientAuthentication", &c.authentication)
	return c
}

// Fill gives what is not given, and reports what the look-up does not tell.
func (c *Cluster) Fill(given *Given) (ps problem.List) {
	networks := c.networks
	// A serverless cluster can be in several VPCs, and which of them the pollers
	// shall use is not for us to guess.
	if arn.IsServerless(c.arn) && len(given.Subnets) > 0 {
		networks = slices.DeleteFunc(slices.Clone(networks), func(c vpcConfig) bool { return !slices.Contains(c.SubnetIds, given.Subnets[0]) })
	}
	if len(networks) > 1 && (len(given.Subnets) == 0 || len(given.Groups) == 0) {
		var choices []string
		for _, n := range networks {
			choices = append(choices, fmt.Sprintf("%q with %q", sorted(n.SubnetIds), sorted(n.SecurityGroups)))
		}
		ps.Add("SubnetIDs", "must be given, and {SecurityGroupIDs}: the cluster is in %d VPCs, got %s", len(networks), strings.Join(choices, "; "))
		return ps
	}
	var found vpcConfig
	if len(networks) > 0 {
		found = networks[0]
	}
	if len(given.Subnets) == 0 {
		given.Subnets = sorted(found.SubnetIds)
	}
	if len(given.Groups) == 0 {
		given.Groups = sorted(found.SecurityGroups)
	}
	checkIDs(&ps, "SubnetIDs", found.SubnetIds, arn.SubnetID, "subnet")
	checkIDs(&ps, "SecurityGroupIDs", found.SecurityGroups, arn.SecurityGroupID, "security group")
	if len(given.Subnets) == 0 {
		ps.Add("SubnetIDs", "must be given: the look-up of the cluster told of none")
	}
	if len(given.Groups) == 0 {
		ps.Add("SecurityGroupIDs", "must be given: the look-up of the cluster told of none")
	}
	return ps
}

func checkIDs(ps *problem.List, field string, ids []string, form *regexp.Regexp, kind string) {
	for _, id := range ids {
		if !form.MatchString(id) {
			ps.Add(field, "must be given: the look-up of the cluster told %q, which is no id of a %s", id, kind)
		}
	}
}

// FillVPC gives the VPC of the subnets, where it is not given. It returns what the
// subnets told.
func (l *LookUp) FillVPC(given *Given) (facts network.Facts) {
	if given.VPC != "" {
		return facts
	}
	facts.Subnets = map[string]network.Fact[network.Subnet]{}
	for _, id := range given.Subnets {
		if _, asked := facts.Subnets[id]; asked {
			continue
		}
		fact := l.subnet(id)
		facts.Subnets[id] = fact
		if subnet, ok := fact.Get(); ok && given.VPC == "" {
			given.VPC = subnet.VPC.Or("")
		}
		if vpc, ok := fact.Get(); ok && !vpc.VPC.IsKnown() && len(l.failed) == 0 {
			l.failed = append(l.failed, problem.New("VPCID", "must be given: the look-up of subnet %s did not tell it", id))
		}
	}
	return facts
}

// CheckPublicAccess refuses a cluster whose brokers can be reached from the
// internet.
func (c *Cluster) CheckPublicAccess() (ps problem.List) {
	if c.publicAccess == "" || c.publicAccess == "DISABLED" {
		return nil
	}
	ps.Add("AllowPublicAccess", "is needed for a cluster with public access on, got public access %q: turn it off in the MSK console (Properties, Network settings, Edit public access), or by\n  "+
		"aws kafka update-connectivity --cluster-arn %s --current-version %s --connectivity-info '{\"PublicAccess\":{\"Type\":\"DISABLED\"}}'\n  or accept it with {AllowPublicAccess}",
		c.publicAccess, c.arn, currentVersion(c.arn))
	return ps
}

func currentVersion(clusterARN string) string {
	return fmt.Sprintf("$(aws kafka describe-cluster-v2 --cluster-arn %s --query ClusterInfo.CurrentVersion --output text)", clusterARN)
}

// turnOn says how to add a method. The list given to update-security is the
// whole of it, so what is on already is in it.
func (c *Cluster) turnOn(method string) string {
	if arn.IsServerless(c.arn) {
		return "a serverless cluster keeps the authentication that it was created with"
	}
	if method == mtls {
		return `turn on "TLS client authentication through AWS Certificate Manager (ACM)" in the MSK console (Properties, Security settings, Edit)`
	}
	text, err := json.Marshal(&c.authentication)
	if err != nil {
		panic(err) // it came from JSON
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	yes := map[string]any{"Enabled": true}
	if name, ok := map[string]string{iam: "Iam", scram: "Scram"}[method]; ok {
		sasl, _ := all["Sasl"].(map[string]any)
		if sasl == nil {
			sasl = map[string]any{}
		}
		sasl[name] = yes
		all["Sasl"] = sasl
	} else {
		all["Unauthenticated"] = yes
	}
	if text, err = json.Marshal(all); err != nil {
		panic(err)
	}
	return fmt.Sprintf("turn it on in the MSK console (Properties, Security settings, Edit), or by\n  aws kafka update-security --cluster-arn %s --current-version %s --client-authentication '%s'",
		c.arn, currentVersion(c.arn), text)
}
