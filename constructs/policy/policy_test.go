package policy

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWhatAPolicyDoesToACall(t *testing.T) {
	lambda := Call{Action: "lambda:InvokeFunction", Service: "lambda.amazonaws.com", Resource: "*"}
	role := Call{Action: "sqs:SendMessage", Account: "111122223333", Resource: "arn:aws:sqs:us-east-1:111122223333:failed"}
	later := Call{Action: "sqs:SendMessage", Account: "111122223333", Resource: "${Token[TOKEN.9]}", Unknown: true}
	known := role
	known.Role = "arn:aws:iam::111122223333:role/orders"
	tests := map[string]struct {
		call    Call
		policy  string
		outcome Outcome
		want    string
	}{
		"none":                       {lambda, `null`, Allowed, ""},
		"EC2's default":              {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`, Allowed, ""},
		"the tutorial's":             {lambda, `{"Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com"]},"Action":"lambda:InvokeFunction","Resource":"*"}]}`, Allowed, ""},
		"one statement, not a list":  {lambda, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["lambda:*"],"Resource":["*"]}}`, Allowed, ""},
		"in a text":                  {lambda, `"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"Lambda:invoke*\",\"Resource\":\"*\"}]}"`, Allowed, ""},
		"broken text":                {lambda, `"{"`, Malformed, "it is not JSON"},
		"no policy":                  {lambda, `[1]`, Malformed, "it is no policy"},
		"no statement":               {lambda, `{"Statement":"x"}`, Malformed, "it has no statements"},
		"another action":             {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:GetFunction","Resource":"*"}]}`, NotAllowed, "no statement allows lambda:InvokeFunction"},
		"another principal":          {lambda, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"*","Resource":"*"}]}`, NotAllowed, "for lambda.amazonaws.com"},
		"one function":               {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:lambda:us-east-1:111122223333:function:x"}]}`, NotAllowed, `on "*"`},
		"under a condition":          {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`, Unsure, "neither conditions nor"},
		"all but one action":         {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","NotAction":"lambda:GetFunction","Resource":"*"}]}`, Unsure, "may allow"},
		"denied":                     {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"lambda:Invoke*","Resource":"*"}]}`, Denied, "a statement denies"},
		"denied to others":           {lambda, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}]}`, Allowed, ""},
		"the account":                {role, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sqs:*","Resource":"arn:aws:sqs:*:111122223333:*"}]}`, Allowed, ""},
		"the account's number":       {role, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333"]},"Action":"sqs:SendMessage","Resource":"*"}]}`, Allowed, ""},
		"another queue":              {role, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"arn:aws:sqs:us-east-1:111122223333:other"}]}`, NotAllowed, "a role of account 111122223333"},
		"not known, everything":      {later, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":["arn:aws:sqs:*:*:x","*"]}]}`, Allowed, ""},
		"not known, some":            {later, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"arn:aws:sqs:us-east-1:111122223333:*"}]}`, Unsure, "known at the deploy only"},
		"not known, nothing":         {later, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","NotResource":"arn:aws:sqs:us-east-1:111122223333:x"}]}`, NotAllowed, `on "an ARN that is known at the deploy"`},
		"not known, another action":  {later, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:*","Resource":"*"}]}`, NotAllowed, `on "an ARN that is known at the deploy"`},
		"not known, by nobody":       {later, `{"Statement":[]}`, NotAllowed, `on "an ARN that is known at the deploy"`},
		"a role of the account":      {role, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/orders"},"Action":"sqs:*","Resource":"*"}]}`, Unsure, "which role calls"},
		"a role of another account":  {role, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/orders"},"Action":"sqs:*","Resource":"*"}]}`, NotAllowed, "no statement allows"},
		"a role that is denied":      {role, `{"Statement":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/orders"},"Action":"sqs:*","Resource":"*"}]}`, Denied, "or may do so"},
		"the role itself":            {known, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/orders"},"Action":"sqs:*","Resource":"*"}]}`, Allowed, ""},
		"another role than it":       {known, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/other"},"Action":"sqs:*","Resource":"*"}]}`, NotAllowed, "for arn:aws:iam::111122223333:role/orders"},
		"another that is denied":     {known, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/other"},"Action":"*","Resource":"*"}]}`, Allowed, ""},
		"one of its sessions":        {known, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/orders/x"},"Action":"*","Resource":"*"}]}`, Unsure, "may allow"},
		"a service, not the account": {role, `{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"*","Resource":"*"}]}`, NotAllowed, "no statement allows"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var policy any
			if err := json.Unmarshal([]byte(tt.policy), &policy); err != nil {
				t.Fatal(err)
			}
			got := tt.call.Judge(policy)
			if got.Outcome != tt.outcome || (got.Why == "") != (tt.want == "") || !strings.Contains(got.Why, tt.want) {
				t.Errorf("Judge = %+v, want %v with %q", got, tt.outcome, tt.want)
			}
		})
	}
	if got, want := lambda.Statement(), `{"Action":"lambda:InvokeFunction","Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com"]},"Resource":"*"}`; got != want {
		t.Errorf("Statement = %s, want %s", got, want)
	}
}
