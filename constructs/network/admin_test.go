package network_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/network"
)

// admin is the admin function on port 9098, by IAM, or on 9096 with a secret.
func admin(secret string) network.Needs {
	n := network.Needs{Consumer: "Admin", Admin: true, Port: 9098, Caller: network.Caller{Role: true, Here: true}}
	if secret != "" {
		n.Port, n.Secret = 9096, network.Resource{ARN: secret}
	}
	return n
}

func rulesOf(step network.Step) (out []string) {
	for _, r := range step.Rules {
		out = append(out, r.ConstructID(network.ID.Text))
	}
	return out
}

func TestTheAdminFunctionNeedsTheBrokersAndNothingElse(t *testing.T) {
	onDemand := func(c *network.Choices, _ *network.Needs) {
		c.Groups = network.IDs([]string{"sg-a", "sg-b"}, func(string) bool { return false })
	}
	n, _ := plan(onDemand)
	step := n.Add(admin(""))
	want := []string{"sg-a from sg-a 9098", "sg-a from sg-b 9098", "sg-b from sg-a 9098", "sg-b from sg-b 9098"}
	if got := rulesOf(step); !slices.Equal(got, want) {
		t.Errorf("rules = %q, want %q", got, want)
	}
	if len(step.Endpoints) != 0 || step.Group != nil || len(step.Admissions) != 0 || len(step.WaitsForEndpoints) != 0 {
		t.Errorf("step = %+v, want no endpoint", step)
	}
	if got, want := step.Reasons[0].Text, "the admin function reaches the brokers on TCP 9098, and needs nothing else"; got != want {
		t.Errorf("reason = %q, want %q", got, want)
	}
	// Where the groups' outbound traffic is restricted it has its way out to them alone.
	n, _ = plan(func(c *network.Choices, _ *network.Needs) { c.Rules = network.RulesAll })
	if got, want := rulesOf(n.Add(admin(""))), []string{"sg-a from sg-a 9098", "sg-a to sg-a 9098"}; !slices.Equal(got, want) {
		t.Errorf("rules = %q, want %q", got, want)
	}
}

// A consumer has what it would have without, be the admin function before it or
// behind.
func TestTheAdminFunctionTakesNothingFromTheConsumers(t *testing.T) {
	for _, port := range []int{9096, 9098} {
		alone, needs := plan(func(_ *network.Choices, n *network.Needs) { n.Port = port })
		alone.Add(needs)
		want := map[string]bool{}
		for _, r := range alone.Plan().Rules {
			want[fmt.Sprint(r)] = true
		}
		for _, first := range []bool{false, true} {
			n, _ := plan()
			if first {
				n.Add(admin(""))
			}
			step := n.Add(needs)
			if !first {
				n.Add(admin(""))
			}
			if !slices.Equal(sources(step), []string{"Lambda create", "STS create", "SecretsManager create"}) {
				t.Errorf("endpoints = %q, want the consumer's", sources(step))
			}
			got := map[string]bool{}
			for _, r := range n.Plan().Rules {
				got[fmt.Sprint(r)] = true
			}
			for r := range want {
				if !got[r] {
					t.Errorf("port %d, first %v: %s is gone", port, first, r)
				}
			}
			if more := len(got) - len(want); port == 9098 && more != 0 || port == 9096 && more != 1 {
				t.Errorf("port %d, first %v: %d more rules, want one for another port and none for the same", port, first, more)
			}
		}
	}
}

func TestTheSecretOfTheAdminFunctionNeedsAWay(t *testing.T) {
	const field = "SecretsManagerEndpoint.Source is required of the cluster for the secret of the admin function"
	there := func(c *network.Choices, _ *network.Needs) { c.LooksUp = true }
	endpoint := func(s network.Service) network.Facts {
		return network.Facts{Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{s: network.Told([]network.Endpoint{{ID: "vpce-1", PrivateDNS: network.Told(true)}})}}
	}
	for name, tt := range map[string]struct {
		edits   []edit
		learns  network.Facts
		before  bool // a consumer with a secret is there
		refused bool
		sources []string
	}{
		"nothing chosen":               {refused: true},
		"behind a consumer with one":   {before: true},
		"created, as chosen":           {edits: []edit{from(network.Create, network.SecretsManager)}, sources: []string{"SecretsManager create"}},
		"there":                        {edits: []edit{from(network.Existing, network.SecretsManager)}, sources: []string{"SecretsManager existing"}},
		"a NAT gateway for it":         {edits: []edit{from(network.None, network.SecretsManager)}, sources: []string{"SecretsManager none"}},
		"a NAT gateway for the others": {edits: []edit{from(network.None, network.Lambda, network.STS)}, sources: []string{"SecretsManager none"}},
		"looked up, and there":         {edits: []edit{there}, learns: endpoint(network.SecretsManager), sources: []string{"SecretsManager existing"}},
		"looked up, and another there": {edits: []edit{there}, learns: endpoint(network.SQS), refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			n, consumer := plan(tt.edits...)
			n.Learn(tt.learns)
			if tt.before {
				n.Add(consumer)
			}
			needs := admin("arn:mine")
			err := n.Check(needs).Err()
			if refused := err != nil; refused != tt.refused || refused && !strings.Contains(err.Error(), field) {
				t.Fatalf("Check = %v, want refused = %v", err, tt.refused)
			}
			if tt.refused {
				return
			}
			step := n.Add(needs)
			if got := sources(step); !slices.Equal(got, tt.sources) {
				t.Errorf("endpoints = %q, want %q", got, tt.sources)
			}
			created := tt.before || slices.Equal(tt.sources, []string{"SecretsManager create"})
			want := network.Admission{Consumer: "Admin", Service: network.SecretsManager,
				Statement: network.Statement{Principal: network.TheRole, Action: "secretsmanager:GetSecretValue", Resource: "arn:mine"}}
			if created && !slices.Equal(step.Admissions, []network.Admission{want}) || !created && len(step.Admissions) > 0 {
				t.Errorf("admissions = %+v, want its own where the endpoint is defined here", step.Admissions)
			}
		})
	}
	if err := func() error { n, _ := plan(); return n.Check(admin("")).Err() }(); err != nil {
		t.Errorf("Check of one without a secret = %v, want nil", err)
	}
}
