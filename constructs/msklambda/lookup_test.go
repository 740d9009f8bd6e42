package msklambda

import (
	"encoding/json"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
)

// None of these tests starts Node.

func TestLookupPropsHaveEveryAttributeOfACluster(t *testing.T) {
	given := &LookupProps{}
	v := reflect.ValueOf(given).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x" + v.Type().Field(i).Name)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{v.Type().Field(i).Name}))
		case reflect.Struct:
			f.Set(reflect.ValueOf(Endpoint{ID: v.Type().Field(i).Name}))
		}
	}
	attributes := reflect.ValueOf(given.attributes())
	for i := range attributes.NumField() {
		name := attributes.Type().Field(i).Name
		if name == "VPCConnectionARN" {
			continue // is for a cluster that cannot be looked up from here
		}
		if f := v.FieldByName(name); !f.IsValid() || !reflect.DeepEqual(f.Interface(), attributes.Field(i).Interface()) {
			t.Errorf("%s = %v, want what LookupProps has", name, attributes.Field(i))
		}
	}
}

func TestLookupPropsAreRefusedByFieldName(t *testing.T) {
	good := goodCluster().ClusterARN
	tests := map[string]struct {
		props *LookupProps
		want  []string
	}{
		"ARN alone":      {&LookupProps{ClusterARN: good}, nil},
		"nil":            {nil, []string{"ClusterARN is required: the ARN of the MSK cluster"}},
		"token ARN":      {&LookupProps{ClusterARN: token}, []string{"ClusterARN must be known at synth to be looked up: a token is for ImportCluster"}},
		"token ids":      {&LookupProps{ClusterARN: good, VPCID: token, SubnetIDs: []string{token}, SecurityGroupIDs: []string{token}}, []string{"VPCID must be known", "SubnetIDs must be known", "SecurityGroupIDs must be known"}},
		"several":        {&LookupProps{ClusterARN: "arn", VPCID: "vpc-1", EndpointAccess: "all"}, []string{"ClusterARN must be", "VPCID must be an id", "EndpointAccess must be"}},
		"VPC connection": {&LookupProps{ClusterARN: strings.Replace(good, ":cluster/", ":vpc-connection/", 1)}, []string{"ClusterARN must be the ARN of an MSK cluster"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.props.Validate()
			if err == nil {
				if tt.want != nil {
					t.Errorf("Validate = nil, want %q", tt.want)
				}
				return
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Errorf("Validate = %q, want %q", lines, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate = %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestAuthenticationIsCheckedAsLambdaChooses(t *testing.T) {
	const iam, scram, both, open = `{"Sasl":{"Iam":{"Enabled":true}}}`, `{"Sasl":{"Scram":{"Enabled":true},"Iam":{"Enabled":false}}}`,
		`{"Sasl":{"Iam":{"Enabled":true}},"Unauthenticated":{"Enabled":true}}`, `{"Unauthenticated":{"Enabled":true}}`
	const mtls = `{"Tls":{"CertificateAuthorityArnList":["arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/x"]}}`
	tests := map[string]struct {
		settings string
		broker   string
		method   AuthenticationMethod
		want     []string
	}{
		"IAM on":                      {iam, "TLS", "", nil},
		"IAM off":                     {scram, "TLS", "", []string{`"iam" needs that method on in the cluster, got "scram" on`, `--client-authentication '{"Sasl":{"Iam":{"Enabled":true},"Scram":{"Enabled":true}}}'`}},
		"nothing told":                {`{}`, "", "", []string{`got no authentication method on`, `'{"Sasl":{"Iam":{"Enabled":true}}}'`}},
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
			f := &found{clientBroker: tt.broker}
			if err := json.Unmarshal([]byte(tt.settings), &f.authentication); err != nil {
				t.Fatal(err)
			}
			var ps problems
			f.checkAuthentication(&ps, goodCluster().ClusterARN, Authentication{Method: tt.method})
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

func TestWhatRulesCover(t *testing.T) {
	const all = `{"IpProtocol":"-1","CidrIp":"0.0.0.0/0","FromPort":-1,"ToPort":-1}`
	tests := map[string]struct {
		rules string
		want  bool
	}{
		"none":                         {``, false},
		"everything":                   {all, true},
		"everything without ports":     {`{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}`, true},
		"IPv6 only":                    {`{"IpProtocol":"-1","CidrIpv6":"::/0"}`, false},
		"the group, exactly":           {`{"IpProtocol":"tcp","FromPort":9098,"ToPort":9098,"SourceSecurityGroupId":"sg-a"}`, true},
		"the group, by number":         {`{"IpProtocol":"6","FromPort":9098,"ToPort":9098,"DestinationSecurityGroupId":"sg-a"}`, true},
		"the group, all traffic":       {`{"IpProtocol":"-1","SourceSecurityGroupId":"sg-a"}`, true},
		"a range of ports":             {`{"IpProtocol":"TCP","FromPort":9092,"ToPort":9198,"SourceSecurityGroupId":"sg-a"}`, true},
		"below":                        {`{"IpProtocol":"tcp","FromPort":9092,"ToPort":9097,"SourceSecurityGroupId":"sg-a"}`, false},
		"TCP without ports":            {`{"IpProtocol":"tcp","SourceSecurityGroupId":"sg-a"}`, false},
		"UDP":                          {`{"IpProtocol":"udp","FromPort":9098,"ToPort":9098,"SourceSecurityGroupId":"sg-a"}`, false},
		"another group":                {`{"IpProtocol":"-1","SourceSecurityGroupId":"sg-b"}`, false},
		"a prefix list":                {`{"IpProtocol":"-1","SourcePrefixListId":"pl-1"}`, false},
		"the VPC":                      {`{"IpProtocol":"tcp","FromPort":9098,"ToPort":9098,"CidrIp":"10.0.0.0/16"}`, true},
		"one subnet of two":            {`{"IpProtocol":"-1","CidrIp":"10.0.0.0/24"}`, false},
		"two subnets, one by one":      {`{"IpProtocol":"-1","CidrIp":"10.0.0.0/24"},{"IpProtocol":"-1","CidrIp":"10.0.1.0/24"}`, true},
		"a part of each":               {`{"IpProtocol":"-1","CidrIp":"10.0.0.0/25"},{"IpProtocol":"-1","CidrIp":"10.0.1.0/25"}`, false},
		"another port, then all of it": {`{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"10.0.0.0/8"},` + all, true},
	}
	ranges := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("10.0.1.0/24")}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var rules []rule
			if err := json.Unmarshal([]byte("["+tt.rules+"]"), &rules); err != nil {
				t.Fatal(err)
			}
			if got := covers(rules, 9098, []string{"sg-a"}, ranges); got != tt.want {
				t.Errorf("covers = %v, want %v", got, tt.want)
			}
		})
	}
	if covers(nil, 9098, nil, nil) {
		t.Error("no rule covers no range, want false")
	}
}

func TestWhatAnEndpointPolicyRefuses(t *testing.T) {
	lambda := call{action: "lambda:InvokeFunction", service: "lambda.amazonaws.com", resource: "*"}
	role := call{action: "sqs:SendMessage", account: "111122223333", resource: "arn:aws:sqs:us-east-1:111122223333:failed"}
	tests := map[string]struct {
		call   call
		policy string
		want   string // "" = let through
	}{
		"none":                       {lambda, `null`, ""},
		"EC2's default":              {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`, ""},
		"the tutorial's":             {lambda, `{"Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com"]},"Action":"lambda:InvokeFunction","Resource":"*"}]}`, ""},
		"one statement, not a list":  {lambda, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["lambda:*"],"Resource":["*"]}}`, ""},
		"in a text":                  {lambda, `"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"Lambda:invoke*\",\"Resource\":\"*\"}]}"`, ""},
		"broken text":                {lambda, `"{"`, "it is not JSON"},
		"no policy":                  {lambda, `[1]`, "it is no policy"},
		"no statement":               {lambda, `{"Statement":"x"}`, "it has no statements"},
		"another action":             {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:GetFunction","Resource":"*"}]}`, "no statement allows lambda:InvokeFunction"},
		"another principal":          {lambda, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"*","Resource":"*"}]}`, "for lambda.amazonaws.com"},
		"one function":               {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:lambda:us-east-1:111122223333:function:x"}]}`, `on "*"`},
		"under a condition":          {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`, "conditions are not worked out"},
		"all but one action":         {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","NotAction":"lambda:GetFunction","Resource":"*"}]}`, "may allow"},
		"denied":                     {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"lambda:Invoke*","Resource":"*"}]}`, "a statement denies"},
		"denied to others":           {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}]}`, ""},
		"the account":                {role, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sqs:*","Resource":"arn:aws:sqs:*:111122223333:*"}]}`, ""},
		"the account's number":       {role, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"sqs:SendMessage","Resource":"*"}]}`, ""},
		"another queue":              {role, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"arn:aws:sqs:us-east-1:111122223333:other"}]}`, "a role of account 111122223333"},
		"a service, not the account": {role, `{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"*","Resource":"*"}]}`, "no statement allows"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var policy any
			if err := json.Unmarshal([]byte(tt.policy), &policy); err != nil {
				t.Fatal(err)
			}
			got := tt.call.refused(policy)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("refused = %q, want %q", got, tt.want)
			}
		})
	}
	if got, want := lambda.statement(), `{"Action":"lambda:InvokeFunction","Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com"]},"Resource":"*"}`; got != want {
		t.Errorf("statement = %s, want %s", got, want)
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

func TestOwnRulesAreThoseOfTheSameStack(t *testing.T) {
	for description, want := range map[string]bool{
		"msklambda: pollers to brokers (Orders)":   true,
		"msklambda: pollers (Orders)":              true,
		"msklambda: pollers to brokers (Orders2)":  false,
		"msklambda: pollers to brokers (MyOrders)": false,
		"msklambda: pollers to brokers":            false,
		"pollers to brokers (Orders)":              false,
		"":                                         false,
	} {
		if got := isOwnRule(description, "Orders"); got != want {
			t.Errorf("isOwnRule(%q) = %v, want %v", description, got, want)
		}
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
