package msklambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The resource types that are looked up, and below the parts of their schemas
// that are read: https://schema.cloudformation.us-east-1.amazonaws.com/CloudformationSchema.zip
const (
	typeCluster    = "AWS::MSK::Cluster"
	typeServerless = "AWS::MSK::ServerlessCluster"
	typeSubnet     = "AWS::EC2::Subnet"
	typeVPC        = "AWS::EC2::VPC"
	typeEndpoint   = "AWS::EC2::VPCEndpoint"
	typeGroup      = "AWS::EC2::SecurityGroup"
)

type enabled struct {
	Enabled *bool `json:",omitempty"`
}

func (e *enabled) on() bool { return e != nil && e.Enabled != nil && *e.Enabled }

// clientAuthentication is of both types; a serverless cluster has IAM only.
type clientAuthentication struct {
	Sasl *struct {
		Iam   *enabled `json:",omitempty"`
		Scram *enabled `json:",omitempty"`
	} `json:",omitempty"`
	Tls *struct {
		CertificateAuthorityArnList []string `json:",omitempty"`
		Enabled                     *bool    `json:",omitempty"`
	} `json:",omitempty"`
	Unauthenticated *enabled `json:",omitempty"`
}

func (a *clientAuthentication) iam() bool   { return a.Sasl != nil && a.Sasl.Iam.on() }
func (a *clientAuthentication) scram() bool { return a.Sasl != nil && a.Sasl.Scram.on() }
func (a *clientAuthentication) mtls() bool {
	return a.Tls != nil && (a.Tls.Enabled != nil && *a.Tls.Enabled || a.Tls.Enabled == nil && len(a.Tls.CertificateAuthorityArnList) > 0)
}

func (a *clientAuthentication) String() string {
	var on []string
	for _, m := range []struct {
		method AuthenticationMethod
		on     bool
	}{{AuthenticationIAM, a.iam()}, {AuthenticationSCRAM, a.scram()}, {AuthenticationMTLS, a.mtls()}} {
		if m.on {
			on = append(on, fmt.Sprintf("%q", m.method))
		}
	}
	if a.Unauthenticated.on() {
		on = append(on, "none (unauthenticated access)")
	}
	if on == nil {
		return "no authentication method on"
	}
	return strings.Join(on, ", ") + " on"
}

type brokerNodeGroupInfo struct {
	ClientSubnets    []string
	SecurityGroups   []string
	ConnectivityInfo struct{ PublicAccess struct{ Type string } }
}

type vpcConfig struct{ SubnetIds, SecurityGroups []string }

// found is what the look-ups of a cluster told.
type found struct {
	*lookups
	allowPublicAccess bool
	stackName         string // by which own rules and endpoints are known

	answered       bool // the cluster itself
	vpcKnown       bool // its id is given or looked up, and no placeholder
	authentication clientAuthentication
	clientBroker   string // "TLS", "TLS_PLAINTEXT", "PLAINTEXT", "" where not told
	publicAccess   string // "", "DISABLED", "SERVICE_PROVIDED_EIPS"

	subnetsAsked bool
	cidrs        []netip.Prefix            // of the subnets, nil unless all are known
	groups       map[string]*groupRules    // by id, where rules are added as the groups lack them
	endpoints    map[*service]*vpcEndpoint // of others, that are used
	settled      map[*service]bool
}

// lookUp fills what is not given of the cluster's attributes.
func (f *found) lookUp(given *ClusterProps) {
	f.endpoints, f.settled = map[*service]*vpcEndpoint{}, map[*service]bool{}
	if isServerless(given.ClusterARN) {
		f.serverless(given)
	} else {
		f.provisioned(given)
	}
	if given.VPCID == "" || given.SecurityGroupRules == "" {
		f.subnets(given)
	}
	if given.SecurityGroupRules == "" {
		f.groups = map[string]*groupRules{}
		for _, id := range unique(given.SecurityGroupIDs) {
			f.groups[id] = f.group(id)
		}
	}
}

// subnets tell the VPC, and the ranges that rules may be for.
func (f *found) subnets(given *ClusterProps) {
	if f.subnetsAsked || len(given.SubnetIDs) == 0 || isToken(given.SubnetIDs[0]) {
		return
	}
	f.subnetsAsked = true
	complete := true
	var cidrs []netip.Prefix
	for _, id := range unique(given.SubnetIDs) {
		object, ok := f.one(query{kind: "subnet", typeName: typeSubnet, id: id, required: []string{"VpcId"}, optional: []string{"CidrBlock"}})
		if ok && given.VPCID == "" {
			into(object, "VpcId", &given.VPCID)
		}
		var cidr string
		into(object, "CidrBlock", &cidr)
		prefix, err := netip.ParsePrefix(cidr)
		complete = complete && err == nil
		cidrs = append(cidrs, prefix)
	}
	if complete {
		f.cidrs = cidrs
	}
}

func (f *found) one(q query) (map[string]any, bool) {
	if a, ok := f.ask(q); ok {
		return a[0], true
	}
	return nil, false
}

func (f *found) provisioned(given *ClusterProps) {
	q := query{kind: "cluster", typeName: typeCluster, id: given.ClusterARN,
		required: []string{"BrokerNodeGroupInfo"}, optional: []string{"ClientAuthentication", "EncryptionInfo.EncryptionInTransit"}}
	object, ok := f.one(q)
	if !ok {
		return
	}
	f.answered = true
	var brokers brokerNodeGroupInfo
	into(object, "BrokerNodeGroupInfo", &brokers)
	into(object, "ClientAuthentication", &f.authentication)
	var transit struct{ ClientBroker string }
	into(object, "EncryptionInfo.EncryptionInTransit", &transit)
	f.clientBroker, f.publicAccess = transit.ClientBroker, brokers.ConnectivityInfo.PublicAccess.Type
	f.take(given, vpcConfig{brokers.ClientSubnets, brokers.SecurityGroups})
}

func (f *found) serverless(given *ClusterProps) {
	object, ok := f.one(query{kind: "serverless cluster", typeName: typeServerless, id: given.ClusterARN,
		required: []string{"ClientAuthentication", "VpcConfigs"}})
	if !ok {
		return
	}
	f.answered = true
	var configs []vpcConfig
	into(object, "VpcConfigs", &configs)
	into(object, "ClientAuthentication", &f.authentication)
	// A serverless cluster can be in several VPCs, and which of them the
	// pollers shall use is not for us to guess.
	if len(given.SubnetIDs) > 0 {
		configs = slices.DeleteFunc(configs, func(c vpcConfig) bool { return !slices.Contains(c.SubnetIds, given.SubnetIDs[0]) })
	}
	if len(configs) > 1 && (len(given.SubnetIDs) == 0 || len(given.SecurityGroupIDs) == 0) {
		var choices []string
		for _, c := range configs {
			choices = append(choices, fmt.Sprintf("%q with %q", sorted(c.SubnetIds), sorted(c.SecurityGroups)))
		}
		var ps problems
		ps.add("SubnetIDs", "must be given, and SecurityGroupIDs: the cluster is in %d VPCs, got %s", len(configs), strings.Join(choices, "; "))
		f.failed = append(f.failed, ps...)
		return
	}
	f.take(given, append(configs, vpcConfig{})[0])
}

// take fills what is not given, and refuses an answer that does not tell it.
func (f *found) take(given *ClusterProps, network vpcConfig) {
	ClusterProps{SubnetIDs: sorted(network.SubnetIds), SecurityGroupIDs: sorted(network.SecurityGroups)}.fill(given)
	var ps problems
	if len(given.SubnetIDs) == 0 {
		ps.add("SubnetIDs", "must be given: the look-up of the cluster told of none")
	}
	if len(given.SecurityGroupIDs) == 0 {
		ps.add("SecurityGroupIDs", "must be given: the look-up of the cluster told of none")
	}
	f.failed = append(f.failed, ps...)
}

// prepare finds out what the pollers of a consumer need, and reports what stands
// in their way.
func (c *Cluster) prepare(props *ConsumerProps) error {
	if c.found == nil {
		return nil
	}
	var ps problems
	f := c.found
	if f.answered {
		f.checkAuthentication(&ps, c.ClusterARN, props.Authentication)
		f.checkPublicAccess(&ps, c.ClusterARN)
	}
	c.settleEndpoints(&ps, c.props.services(props))
	c.checkDNS(&ps, c.props.services(props))
	if f.pending {
		// What stands in the way is told all at once, when all is known.
		ps = nil
	}
	return errors.Join(append(ps, f.failed...)...)
}

// checkAuthentication knows the settings by the names of the console, of
// DG:msk-cluster-auth: Lambda takes IAM wherever it is on and no secret is given.
func (f *found) checkAuthentication(ps *problems, arn string, wanted Authentication) {
	const field = "Authentication.Method"
	a, method := &f.authentication, wanted.method()
	on := map[AuthenticationMethod]bool{AuthenticationIAM: a.iam(), AuthenticationSCRAM: a.scram(), AuthenticationMTLS: a.mtls()}
	switch method {
	case AuthenticationIAM, AuthenticationSCRAM, AuthenticationMTLS:
		if !on[method] {
			ps.add(field, "%q needs that method on in the cluster, got %s: %s", method, a, f.turnOn(arn, method))
		}
		return
	}
	if a.iam() {
		ps.add(field, "%q needs IAM authentication off in the cluster, because Lambda takes IAM wherever it is on, got %s: use %q, or turn IAM off", method, a, AuthenticationIAM)
	}
	if a.Unauthenticated != nil && !a.Unauthenticated.on() {
		ps.add(field, "%q needs unauthenticated access on in the cluster, got %s: %s", method, a, f.turnOn(arn, method))
	}
	if refused := map[AuthenticationMethod]string{AuthenticationTLS: "PLAINTEXT", AuthenticationPlaintext: "TLS"}[method]; f.clientBroker == refused {
		ps.add(field, "%q needs clients to be let in that way, got encryption in transit %q: choose the other, or change it in the MSK console (Properties, Security settings, Edit) "+
			"or by aws kafka update-security --encryption-info", method, f.clientBroker)
	}
}

// turnOn says how to add a method. The list given to update-security is the
// whole of it, so what is on already is in it.
func (f *found) turnOn(arn string, method AuthenticationMethod) string {
	if isServerless(arn) {
		return "a serverless cluster keeps the authentication that it was created with"
	}
	if method == AuthenticationMTLS {
		return `turn on "TLS client authentication through AWS Certificate Manager (ACM)" in the MSK console (Properties, Security settings, Edit)`
	}
	text, err := json.Marshal(&f.authentication)
	if err != nil {
		panic(err) // it came from JSON
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	yes := map[string]any{"Enabled": true}
	if name, ok := map[AuthenticationMethod]string{AuthenticationIAM: "Iam", AuthenticationSCRAM: "Scram"}[method]; ok {
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
		arn, currentVersion(arn), text)
}

func currentVersion(arn string) string {
	return fmt.Sprintf("$(aws kafka describe-cluster-v2 --cluster-arn %s --query ClusterInfo.CurrentVersion --output text)", arn)
}

func (f *found) checkPublicAccess(ps *problems, arn string) {
	if f.publicAccess == "" || f.publicAccess == "DISABLED" || f.allowPublicAccess {
		return
	}
	ps.add("AllowPublicAccess", "is needed for a cluster with public access on, got public access %q: turn it off in the MSK console (Properties, Network settings, Edit public access), or by\n  "+
		"aws kafka update-connectivity --cluster-arn %s --current-version %s --connectivity-info '{\"PublicAccess\":{\"Type\":\"DISABLED\"}}'\n  or accept it with AllowPublicAccess",
		f.publicAccess, arn, currentVersion(arn))
}

// checkDNS wants what private DNS does, where an endpoint is to be defined.
func (c *Cluster) checkDNS(ps *problems, needed []*service) {
	define := slices.ContainsFunc(needed, func(s *service) bool { return c.creates(s) })
	if !define || !c.found.vpcKnown {
		return
	}
	vpc := c.props.VPCID
	object, ok := c.found.one(query{kind: "VPC", typeName: typeVPC, id: vpc, optional: []string{"EnableDnsHostnames", "EnableDnsSupport"}})
	if !ok {
		return
	}
	for _, setting := range []struct{ property, name, option string }{
		{"EnableDnsSupport", "DNS resolution", "--enable-dns-support"}, {"EnableDnsHostnames", "DNS hostnames", "--enable-dns-hostnames"}} {
		on := true // where it is not told, EC2 says at the deploy
		if into(object, setting.property, &on); !on {
			ps.add("VPCID", "must be a VPC with %s on, which the private DNS of endpoints needs, got %s false for %s: turn it on in the VPC console (Actions, Edit VPC settings), or by\n  "+
				"aws ec2 modify-vpc-attribute --vpc-id %s %s\n  or define no endpoint: Source %q where the subnets have a NAT gateway",
				setting.name, setting.property, vpc, vpc, setting.option, EndpointNone)
		}
	}
}
