package find

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"msklambda/lambda/admin/contract"
)

// account answers as CloudFormation does, in an account with one stack.
func account(t *testing.T, stack string, outputs map[string]string) aws.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		switch {
		case r.Form.Get("Action") == "ListStacks":
			fmt.Fprintf(w, `<ListStacksResponse><ListStacksResult><StackSummaries><member><StackName>%s</StackName></member></StackSummaries></ListStacksResult></ListStacksResponse>`, stack)
		case r.Form.Get("StackName") != stack:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id %s does not exist</Message></Error></ErrorResponse>`, r.Form.Get("StackName"))
		default:
			var list strings.Builder
			for value, description := range outputs {
				fmt.Fprintf(&list, `<member><OutputKey>K</OutputKey><OutputValue>%s</OutputValue><Description>%s</Description></member>`, value, description)
			}
			fmt.Fprintf(w, `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>%s</StackName><Outputs>%s</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, stack, &list)
		}
	}))
	t.Cleanup(server.Close)
	return aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")}
}

func TestAFunctionIsFoundByTheStacksOutputs(t *testing.T) {
	others := map[string]string{"other": "The function that gets the records"}
	one := map[string]string{"other": "The function that gets the records", "reader": contract.Output + "Cluster/Admin"}
	two := map[string]string{"reader": contract.Output + "Cluster/Admin", "manager": contract.Output + "Cluster/Manager"}
	for name, tt := range map[string]struct {
		outputs     map[string]string
		stack, path string
		want, says  string
	}{
		"one":               {one, "MskLambda", "", "reader", ""},
		"one of two":        {two, "MskLambda", "Cluster/Manager", "manager", ""},
		"which of two":      {two, "MskLambda", "", "", `the stack "MskLambda" has the admin functions ["Cluster/Admin" "Cluster/Manager"]: say which by -admin`},
		"another than two":  {two, "MskLambda", "Admin", "", `the stack "MskLambda" has no admin function "Admin", but ["Cluster/Admin" "Cluster/Manager"]`},
		"none":              {others, "MskLambda", "", "", `the stack "MskLambda" has no admin function: add it by cluster.AddAdmin("Admin", nil), or with the app by the key admin=read, and deploy`},
		"no output":         {nil, "MskLambda", "", "", "has no admin function: add it"},
		"no stack":          {one, "MskLamda", "", "", `there is no stack "MskLamda" in us-east-1, did you mean "MskLambda"?`},
		"no stack near one": {one, "Billing", "", "", `there is no stack "Billing" in us-east-1`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Function(t.Context(), account(t, "MskLambda", tt.outputs), tt.stack, tt.path)
			if got != tt.want || (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Function = %q, %v, want %q, %q", got, err, tt.want, tt.says)
			}
		})
	}
}
