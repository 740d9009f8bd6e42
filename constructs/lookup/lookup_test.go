package lookup

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestAuthenticationIsCheckedAsLambdaChooses(t *testing.T) {
	const iam, scram, both, open = `{"Sasl":{"Iam":{"Enabled":true}}}`, `{"Sasl":{"Scram":{"Enabled":true},"Iam":{"Enabled":false}}}`,
		`{"Sasl":{"Iam":{"Enabled":true}},"Unauthenticated":{"Enabled":true}}`, `{"Unauthenticated":{"Enabled":true}}`
	const mtls = `{"Tls":{"CertificateAuthorityArnList":["arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/x"]}}`
	tests := map[string]struct {
		settings string
		broker   string
		method   string
		want     []string
	}{
		"IAM on":                      {iam, "TLS", "iam", nil},
		"IAM off":                     {scram, "TLS", "iam", []string{`"iam" needs that method on in the cluster, got "scram" on`, `--client-authentication '{"Sasl":{"Iam":{"Enabled":true},"Scram":{"Enabled":true}}}'`}},
		"nothing told":                {`{}`, "", "iam", []string{`got no authentication method on`, `'{"Sasl":{"Iam":{"Enabled":true}}}'`}},
		"open, IAM wanted":            {open, "TLS", "iam", []string{"got none (unauthenticated access) on", `"Unauthenticated":{"Enabled":true}`}},
		"SCRAM on":                    {scram, "TLS", "scram", nil},
		"SCRAM off":                   {iam, "TLS", "scram", []string{`"scram" needs that method on`, `"Scram":{"Enabled":true}`}},
		"mTLS on":                     {mtls, "TLS", "mtls", nil},
		"mTLS switched off":           {strings.Replace(mtls, `{"Tls":{`, `{"Tls":{"Enabled":false,`, 1), "TLS", "mtls", []string{`"mtls" needs that method on`}},
		"mTLS off":                    {iam, "TLS", "mtls", []string{`AWS Certificate Manager (ACM)`}},
		"TLS":                         {open, "TLS_PLAINTEXT", "tls", nil},
		"TLS of an old cluster":       {`{}`, "TLS_PLAINTEXT", "tls", nil},
		"TLS where IAM is on":         {both, "TLS", "tls", []string{`"tls" needs IAM authentication off in the cluster`}},
		"TLS without open access":     {`{"Unauthenticated":{"Enabled":false}}`, "TLS", "tls", []string{`"tls" needs unauthenticated access on`}},
		"plaintext":                   {open, "PLAINTEXT", "plaintext", nil},
		"plaintext where it is TLS":   {open, "TLS", "plaintext", []string{`got encryption in transit "TLS"`}},
		"TLS where there is none":     {open, "PLAINTEXT", "tls", []string{`got encryption in transit "PLAINTEXT"`}},
		"plaintext where IAM is on":   {both, "TLS_PLAINTEXT", "plaintext", []string{`use "iam", or turn IAM off`}},
		"plaintext without a setting": {`{}`, "", "plaintext", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Cluster{arn: "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2", clientBroker: tt.broker}
			if err := json.Unmarshal([]byte(tt.settings), &c.authentication); err != nil {
				t.Fatal(err)
			}
			ps := c.CheckAuthentication(tt.method)
			if tt.want == nil {
				if len(ps) != 0 {
					t.Errorf("problems = %v, want none", ps)
				}
				return
			}
			for _, want := range tt.want {
				if len(ps) != 1 || !strings.Contains(ps[0].Error(), want) {
					t.Errorf("problems = %v, want one with %q", ps, want)
				}
			}
		})
	}
}

// The reasons are texts of CLI 2.1148.1 and of AWS.
func TestAdviceFitsTheReason(t *testing.T) {
	for reason, want := range map[string]string{
		"No resource of type AWS::MSK::Cluster with identifier: arn":                                                            "there is no such cluster",
		"Encountered CC API error while getting X\nRate exceeded":                                                               "too many requests",
		"ThrottlingException (HTTP 400)":                                                                                        "too many requests",
		"Need to perform AWS calls for account 1, but no credentials have been configured":                                      "give credentials of account 111122223333",
		"Need to perform AWS calls for account 1, but the current credentials are for 2":                                        "give credentials of account 111122223333",
		"The security token included in the request is expired":                                                                 "give credentials",
		"Could not assume role in target account using current credentials User x is not authorized to perform: sts:AssumeRole": "cdk bootstrap aws://111122223333/us-east-1",
		"Encountered CC API error while getting X\nUser: x is not authorized to perform: kafka:DescribeCluster":                 "for this cluster kafka:DescribeCluster;",
		"AccessDeniedException (HTTP 400)":                                                                                      "cloudformation:GetResource",
		"Cannot read field BrokerNodeGroupInfo. BrokerNodeGroupInfo is not found.":                                              "lacks a property that the resource type requires",
		"connect ECONNREFUSED 127.0.0.1:1":                                                                                      "correct what the message says",
	} {
		if got := advice(query{kind: "cluster", typeName: typeCluster}, reason, "111122223333", "us-east-1"); !strings.Contains(got, want) {
			t.Errorf("advice for %q = %q, want %q in it", reason, got, want)
		}
	}
	if got := missingProperty("Encountered CC API error\nCannot read field EncryptionInfo.EncryptionInTransit. EncryptionInTransit is not found."); got != "EncryptionInfo.EncryptionInTransit" {
		t.Errorf("missingProperty = %q", got)
	}
}

func TestTheDocumentedPermissionsAreThoseOfTheAdvice(t *testing.T) {
	text, err := os.ReadFile("../../docs/lookup.md")
	if err != nil {
		t.Fatal(err)
	}
	for typ, permissions := range reads {
		row := "| `" + typ + "` | `" + strings.ReplaceAll(permissions, ", ", "`, `") + "` |"
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/lookup.md lacks %s", row)
		}
	}
}
