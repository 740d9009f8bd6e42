package lookup

import (
	"fmt"
	"strings"

	"msklambda/constructs/problem"
)

// The methods of authentication, as the construct names them.
const (
	iam       = "iam"
	scram     = "scram"
	mtls      = "mtls"
	tls       = "tls"
	plaintext = "plaintext"
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

func (a *clientAuthentication) isOn(method string) bool {
	switch method {
	case iam:
		return a.Sasl != nil && a.Sasl.Iam.on()
	case scram:
		return a.Sasl != nil && a.Sasl.Scram.on()
	case mtls:
		return a.Tls != nil && (a.Tls.Enabled != nil && *a.Tls.Enabled || a.Tls.Enabled == nil && len(a.Tls.CertificateAuthorityArnList) > 0)
	}
	return false
}

func (a *clientAuthentication) String() string {
	var on []string
	for _, method := range []string{iam, scram, mtls} {
		if a.isOn(method) {
			on = append(on, fmt.Sprintf("%q", method))
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

// CheckAuthentication reports what of the cluster's settings does not go with a
// method. It knows the settings by the names of the console:
// https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html. Lambda takes
// IAM wherever it is on and no secret is given.
func (c *Cluster) CheckAuthentication(method string) (ps problem.List) {
	const field = "Authentication.Method"
	a := &c.authentication
	switch method {
	case iam, scram, mtls:
		if !a.isOn(method) {
			ps.Add(field, "%q needs that method on in the cluster, got %s: %s", method, a, c.turnOn(method))
		}
		return ps
	}
	if a.isOn(iam) {
		ps.Add(field, "%q needs IAM authentication off in the cluster, because Lambda takes IAM wherever it is on, got %s: use %q, or turn IAM off", method, a, iam)
	}
	if a.Unauthenticated != nil && !a.Unauthenticated.on() {
		ps.Add(field, "%q needs unauthenticated access on in the cluster, got %s: %s", method, a, c.turnOn(method))
	}
	if refused := map[string]string{tls: "PLAINTEXT", plaintext: "TLS"}[method]; c.clientBroker == refused {
		ps.Add(field, "%q needs clients to be let in that way, got encryption in transit %q: choose the other, or change it in the MSK console (Properties, Security settings, Edit) "+
			"or by aws kafka update-security --encryption-info", method, c.clientBroker)
	}
	return ps
}
