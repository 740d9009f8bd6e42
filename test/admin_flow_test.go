package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/network/flow"
)

// adminOf is what the admin function calls, as [flowConsumer.pollerOf] says it of
// pollers.
func adminOf(tpl *template, authentication string) flow.Poller {
	p := flowConsumer{poller: flow.Poller{Authentication: authentication, Admin: true}}.pollerOf(tpl, "Cluster/Admin")
	if authentication == "scram" || authentication == "mtls" {
		p.Secret = adminSecretARN
	}
	return p
}

// function is where the admin function is: with the groups that the template gives it.
func (n *deployed) function(tpl *template) flow.Host {
	h := n.members("the admin function")[0]
	h.Groups = nil
	for _, id := range tpl.at("Cluster/Admin/Function").Properties["VpcConfig"].(map[string]any)["SecurityGroupIds"].([]any) {
		h.Groups = append(h.Groups, oneText(id))
	}
	return h
}

// closedTo lists what the admin function must reach and cannot.
func (n *deployed) closedTo(network *flow.Network, host flow.Host, admin flow.Poller) (out []string) {
	for _, broker := range n.members("a broker") {
		if !network.Connects(host, broker, admin.Port()) {
			out = append(out, host.Name+" to "+broker.Name)
		}
	}
	for _, call := range admin.Calls() {
		if why := network.Refuses(host, call); why != "" {
			out = append(out, host.Name+" to "+call.Service+": "+why)
		}
	}
	return out
}

// TestTheFlowsOfAnAdminFunctionAreOpenAndNoOther builds it by itself with each
// authentication, on groups that let everything out and on groups that let out
// nothing, and walks the rules. Then it takes the network apart, a piece at a time, and
// each piece must be needed.
func TestTheFlowsOfAnAdminFunctionAreOpenAndNoOther(t *testing.T) {
	long(t)
	mutations := 0
	for _, method := range []msklambda.AuthenticationMethod{msklambda.AuthenticationIAM, msklambda.AuthenticationSCRAM, msklambda.AuthenticationMTLS,
		msklambda.AuthenticationTLS, msklambda.AuthenticationPlaintext} {
		for _, restricted := range []bool{false, true} {
			secret := method == msklambda.AuthenticationSCRAM || method == msklambda.AuthenticationMTLS
			title := string(method)
			if restricted {
				title += ", on groups with restricted egress"
			}
			t.Run(title, func(t *testing.T) {
				tpl := synth(t, func(stack awscdk.Stack) {
					cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1), rulesFor(restricted)))
					cluster.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) {
						p.Topics, p.Groups, p.Authentication.Method = []string{"orders"}, []string{"orders-fn"}, method
						if secret {
							p.Authentication = adminSecret(stack, method)
						}
					}))
				})
				n := networkOf(tpl, []string{sg0, sg1}, !restricted)
				admin, host := adminOf(tpl, string(method)), n.function(tpl)
				var want []string
				if secret {
					want = []string{"secretsmanager"} // whose Source these props have chosen
				}
				if got := n.services(); !slices.Equal(got, want) {
					t.Errorf("endpoints = %q, want %q", got, want)
				}
				if closed := n.closedTo(n.Network, host, admin); len(closed) != 0 {
					t.Errorf("closed flows = %q, want none", closed)
				}
				n.wantClient(t, admin.Port(), false)
				n.wantNarrow(t)
				// Where nothing else is let out, it reaches the brokers at one port and no
				// other service.
				for _, broker := range n.members("a broker") {
					for _, port := range []int{22, 443, 2181, 9092, 9094, 9096, 9098} {
						if got, want := n.Connects(host, broker, port), port == admin.Port(); got != want {
							t.Errorf("%s connects to %s:%d = %v, want %v", host.Name, broker.Name, port, got, want)
						}
					}
				}
				for _, service := range []string{"lambda", "sts", "s3", "kms"} {
					if n.Reaches(host, service) {
						t.Errorf("%s reaches %s, want no way", host.Name, service)
					}
				}
				for what, mutated := range n.Mutations(sgTheirs) {
					mutations++
					alone := n.closedTo(mutated, host, admin)
					for _, member := range n.members("the admin function") { // with one of its groups each
						alone = append(alone, n.closedTo(mutated, member, admin)...)
					}
					if len(alone) == 0 {
						t.Errorf("%s every flow is open still, want one closed", what)
					}
				}
			})
		}
	}
	t.Logf("mutations: %d", mutations)
}

// Beside consumers it takes nothing from them, and comes to its secret by the endpoint
// that one of them brought in, whose policy then names its role.
func TestAnAdminFunctionComesToItsSecretByTheEndpointOfAConsumer(t *testing.T) {
	long(t)
	unchosen := func(p *msklambda.ClusterProps) { p.SecretsManagerEndpoint = msklambda.Endpoint{} }
	build := func(consumer bool) (tpl *template) {
		return synth(t, func(stack awscdk.Stack) {
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0), unchosen))
			if consumer {
				cluster.AddConsumer("Orders", consumerProps(flowConsumers["scram"].edit(stack)))
			}
			cluster.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) {
				p.Topics, p.Groups, p.Authentication = []string{"orders"}, []string{"orders-fn"}, adminSecret(stack, msklambda.AuthenticationSCRAM)
			}))
		})
	}
	tpl := build(true)
	n := networkOf(tpl, []string{sg0}, true)
	if got, want := n.services(), []string{"lambda", "secretsmanager", "sts"}; !slices.Equal(got, want) {
		t.Errorf("endpoints = %q, want %q", got, want)
	}
	poller, admin := flowConsumers["scram"].pollerOf(tpl, "Cluster/Orders"), adminOf(tpl, "scram")
	if closed := append(n.closed(n.Network, poller), n.closedTo(n.Network, n.function(tpl), admin)...); len(closed) != 0 {
		t.Errorf("closed flows = %q, want none", closed)
	}
	theirs := admin
	theirs.Secret = secretARN
	if closed := n.closedTo(n.Network, n.function(tpl), theirs); len(closed) != 1 {
		t.Errorf("closed flows to the consumer's secret = %q, want one: the policy names who may read which", closed)
	}
	wantPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		msklambda.ImportCluster(stack, "Cluster", clusterProps(unchosen)).AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) {
			p.Authentication = adminSecret(stack, msklambda.AuthenticationSCRAM)
		}))
	}, `msklambda: admin function "Admin":`, "SecretsManagerEndpoint.Source is required of the cluster for the secret of the admin function", `"existing" where `+vpc+` has an endpoint`)
}

// A looked-up cluster is asked whether it has the authentication on, and what it has of
// the network is used.
func TestAnAdminFunctionOfAClusterThatIsLookedUp(t *testing.T) {
	long(t)
	build := func(edits ...adminEdit) func(awscdk.App) awscdk.Stack {
		return func(app awscdk.App) awscdk.Stack {
			stack := newStackIn(app, "Test")
			cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
			cluster.AddAdmin("Admin", adminProps(append(edits, func(p *msklambda.AdminProps) { p.Topics, p.Groups = []string{"orders"}, []string{"orders-fn"} })...))
			return stack
		}
	}
	got := lookUpIn(t, newCloud(), map[string]any{}, build())
	if got.text != "" {
		t.Fatal(got.text)
	}
	if value := got.at("Cluster/Memory").Properties["Value"]; value != `{"rules":["`+sg0+` from `+sg0+` 9098"]}` {
		t.Errorf("memory = %v, want the rule alone", value)
	}
	if n := got.count("AWS::EC2::VPCEndpoint"); n != 0 {
		t.Errorf("endpoints = %d, want none", n)
	}
	got = lookUpIn(t, newCloud(), map[string]any{}, build(func(p *msklambda.AdminProps) { p.Authentication.Method = msklambda.AuthenticationTLS }))
	if got.text != "" {
		t.Errorf("TLS beside IAM is refused: %s", got.text)
	}
	refused := lookUpIn(t, newCloud(), map[string]any{}, func(app awscdk.App) awscdk.Stack {
		stack := newStackIn(app, "Test")
		msklambda.LookupCluster(stack, "Cluster", lookupProps()).AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) {
			p.Authentication = adminSecret(stack, msklambda.AuthenticationSCRAM)
		}))
		return stack
	})
	for _, want := range []string{`Authentication.Method "scram" needs that method on in the cluster`, "SecretsManagerEndpoint.Source is required"} {
		if !strings.Contains(refused.text, want) {
			t.Errorf("refused with %q, want %q in it", refused.text, want)
		}
	}
}
