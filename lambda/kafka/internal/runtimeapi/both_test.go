package runtimeapi_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A case is a function, what it is handed, and what is to be seen of it, among
// other things that are the same with both clients.
var cases = map[string]struct {
	function    string
	env         []string
	invocations []invocation
	unordered   bool // the requests
	held        bool // a request for an invocation, when there is none left
	want        []string
}{
	"what a function sees": {
		function: "report",
		invocations: []invocation{
			{body: `{"a":1}`},
			{body: "", header: map[string]string{"Lambda-Runtime-Trace-Id": "", "Lambda-Runtime-Invoked-Function-Arn": ""}},
			{body: "x", header: map[string]string{
				"Lambda-Runtime-Client-Context":   `{"Client":{"installation_id":"i","app_title":"t","app_version_code":"v","app_package_name":"p"},"env":{"e":"1"},"custom":{"c":"2","n":{"o":1}}}`,
				"Lambda-Runtime-Cognito-Identity": `{"cognitoIdentityId":"id-1","cognitoIdentityPoolId":"pool-1"}`,
				"Lambda-Runtime-Aws-Tenant-Id":    "tenant-1",
			}},
			{body: "lower case", header: map[string]string{
				"Lambda-Runtime-Deadline-Ms": "", "lambda-runtime-deadline-ms": "4102444800999",
				"Lambda-Runtime-Trace-Id": "", "LAMBDA-RUNTIME-TRACE-ID": " \troot \t",
			}},
		},
		want: []string{
			`POST /2018-06-01/runtime/invocation/request-0/response Content-Type: ["application/octet-stream"] {`,
			`"AwsRequestID":"request-0","InvokedFunctionArn":"arn:aws:lambda:eu-central-1:111122223333:function:f"`,
			`"deadline":4102444800123000000,"err":"\u003cnil\u003e","hasContext":true,"hasEnd":true,"hasEnv":true,"payload":"{\"a\":1}","trace":"Root=1-0","traceEnv":"Root=1-0"`,
			`"hasEnv":true,"payload":"","trace":"","traceEnv":""`,
			`"Client":{"installation_id":"i","app_title":"t","app_version_code":"v","app_package_name":"p"},"env":{"e":"1"},"custom":{"c":"2","n":"{\"o\":1}"}`,
			`"CognitoIdentityID":"id-1","CognitoIdentityPoolID":"pool-1"`,
			`"TenantID":"tenant-1"`,
			`"deadline":4102444800999000000`, `"trace":"root"`,
			"exit status 1\nfailed to GET http://ADDRESS/2018-06-01/runtime/invocation/next: got unexpected status code: 410\n",
		},
	},
	"bodies of every form": {
		function: "echo",
		invocations: []invocation{
			{body: strings.Repeat("with a length ", 1000)},
			{body: strings.Repeat("in chunks ", 20000), chunks: 7},
			{body: "small", chunks: 1},
			{body: "", chunks: 1},
			{body: strings.Repeat("large ", 1<<20)},
			{body: "after a large one"},
			{body: strings.Repeat("the last of a connection ", 1000), closed: true},
			{body: "over a new connection", chunks: 3},
		},
		want: []string{"request-2/response Content-Type: [\"application/octet-stream\"] small\n", "] after a large one\n", "] over a new connection\n"},
	},
	"no answer": {
		function:    "nothing",
		invocations: []invocation{{body: "x"}},
		want:        []string{"request-0/response Content-Type: [\"application/octet-stream\"] \n"},
	},
	"a large answer": {
		function:    "large",
		invocations: []invocation{{body: "x"}, {body: "y"}},
		want:        []string{"request-1/response Content-Type: [\"application/octet-stream\"] xxx"},
	},
	"errors": {
		function: "fail",
		invocations: []invocation{
			{body: "plain"}, {body: "invalid"}, {body: "wrapped"}, {body: "joined"}, {body: "pointer"}, {body: "value"}, {body: "map"},
			{body: "empty"}, {body: "own"}, {body: "own pointer"}, {body: "plain"},
		},
		want: []string{
			`POST /2018-06-01/runtime/invocation/request-0/error Content-Type: ["application/json"] Lambda-Runtime-Function-Xray-Error-Cause: ["{\"working_directory\":`,
			`\"exceptions\":[{\"type\":\"errorString\",\"message\":\"plain `,
			`{"errorMessage":"wrapped: plain","errorType":"wrapError"}`,
			`{"errorMessage":"one\ntwo","errorType":"joinError"}`,
			`{"errorMessage":"by pointer","errorType":"pointerError"}`,
			`{"errorMessage":"by value","errorType":"valueError"}`,
			`{"errorMessage":"a map","errorType":"mapError"}`,
			`{"errorMessage":"","errorType":"errorString"}`,
			`{"errorMessage":"says what it is","errorType":"Mine","stackTrace":[`,
			`request-10/error`,
		},
	},
	"an error too long for X-Ray": {
		function:    "fail",
		invocations: []invocation{{body: "long"}, {body: "plain"}},
		want:        []string{"request-0/error Content-Type: [\"application/json\"] {\"errorMessage\":\"long long "},
	},
	"an error that ends the process": {
		function:    "fail",
		invocations: []invocation{{body: "own exit"}, {body: "plain"}},
		want:        []string{"request-0/error", "exit status 1\n", "calling the handler function resulted in a panic, the process should exit\n"},
	},
	"a deadline that is over": {
		function:    "expire",
		invocations: []invocation{{body: "x", header: map[string]string{"Lambda-Runtime-Deadline-Ms": "1000"}}},
		want:        []string{`{"errorMessage":"context deadline exceeded","errorType":"deadlineExceededError"}`},
	},
	"what cannot be parsed": {
		function: "report",
		invocations: []invocation{
			{body: "x", header: map[string]string{"Lambda-Runtime-Deadline-Ms": ""}},
			{body: "x", header: map[string]string{"Lambda-Runtime-Deadline-Ms": "soon"}},
			{body: "x", header: map[string]string{"Lambda-Runtime-Client-Context": "{"}},
			{body: "x", header: map[string]string{"Lambda-Runtime-Cognito-Identity": "[]"}},
			{body: "and goes on"},
		},
		want: []string{
			`{"errorMessage":"failed to parse deadline: strconv.ParseInt: parsing \"\": invalid syntax","errorType":"errorString"}`,
			`failed to parse deadline: strconv.ParseInt: parsing \"soon\": invalid syntax`,
			`{"errorMessage":"failed to unmarshal client context json: unexpected end of JSON input","errorType":"errorString"}`,
			`failed to unmarshal cognito identity json: json: cannot unmarshal array`,
			`"payload":"and goes on"`,
		},
	},
	"an answer that is refused": {
		function:    "echo",
		invocations: []invocation{{body: "x", refused: http.StatusRequestEntityTooLarge}, {body: "y"}},
		want: []string{"exit status 1\nunexpected error occurred when sending the function functionResponse to the API: " +
			"failed to POST to http://ADDRESS/2018-06-01/runtime/invocation/request-0/response: got unexpected status code: 413\n"},
	},
	"an error that is refused": {
		function:    "fail",
		invocations: []invocation{{body: "plain", refused: http.StatusBadRequest}, {body: "plain"}},
		want: []string{"unexpected error occurred when sending the function error to the API: " +
			"failed to POST to http://ADDRESS/2018-06-01/runtime/invocation/request-0/error: got unexpected status code: 400\n"},
	},
	"an invocation that is none": {
		function:    "echo",
		invocations: []invocation{{body: "x", status: http.StatusInternalServerError}},
		want:        []string{"exit status 1\nfailed to GET http://ADDRESS/2018-06-01/runtime/invocation/next: got unexpected status code: 500\n"},
	},
	"several at once": {
		function:    "together",
		env:         []string{"AWS_LAMBDA_MAX_CONCURRENCY=3"},
		invocations: []invocation{{body: "a"}, {body: strings.Repeat("b", 1<<20)}, {body: "c"}},
		unordered:   true,
		want: []string{
			`"hasEnv":false,"payload":"a","trace":"Root=1-0","traceEnv":""`,
			`"hasEnv":false,"payload":"bbb`,
			`"payload":"c","trace":"Root=1-2"`,
			"got unexpected status code: 410\n",
		},
	},
	"concurrency that is none": {
		function:    "report",
		env:         []string{"AWS_LAMBDA_MAX_CONCURRENCY=0"},
		invocations: []invocation{{body: "a"}},
		want:        []string{`"hasEnv":true`},
	},
	"one of several dies": {
		function:    "one dies",
		env:         []string{"AWS_LAMBDA_MAX_CONCURRENCY=2"},
		invocations: []invocation{{body: "die"}, {body: "the other"}},
		unordered:   true,
		held:        true,
		want: []string{
			`request-0/error`, `{"errorMessage":"dead","errorType":"string"`,
			`request-1/response Content-Type: ["application/octet-stream"] the other`,
			"exit status 1\n", "calling the handler function resulted in a panic, the process should exit\n",
		},
	},
}

func init() {
	for name := range panics {
		c := cases["no answer"]
		c.function = "panic"
		c.invocations = []invocation{{body: name}, {body: name}}
		c.want = []string{"request-0/error Content-Type: [\"application/json\"] Lambda-Runtime-Function-Xray-Error-Cause:", `"errorType":"`}
		if name != "own" {
			c.want = append(c.want, `"stackTrace":[{"path":"`, "functions_test.go", "exit status 1\n", "calling the handler function resulted in a panic, the process should exit\n")
		}
		cases["panic: "+name] = c
	}
}

// Whatever can be seen of a function is the same with aws-lambda-go's client and
// with this one.
func TestBothClientsLookTheSame(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]string{}
			for _, client := range []string{"ours", "theirs"} {
				api := &standIn{invocations: c.invocations, held: c.held}
				seen[client] = api.serve(t, client, c.function, c.env...)
				if c.unordered {
					lines := strings.SplitAfter(seen[client], "\n")
					slices.Sort(lines)
					seen[client] = strings.Join(lines, "")
				}
				for _, want := range c.want {
					if !strings.Contains(seen[client], want) {
						t.Errorf("%s: no %q in\n%s", client, want, cut(seen[client]))
					}
				}
			}
			if seen["ours"] != seen["theirs"] {
				t.Errorf("seen of ours = %s\nof theirs = %s", firstDifference(seen["ours"], seen["theirs"]), firstDifference(seen["theirs"], seen["ours"]))
			}
		})
	}
}

// cut shortens what is too long to be read.
func cut(s string) string {
	if len(s) > 1500 {
		return fmt.Sprintf("%s... (%d bytes)", s[:1500], len(s))
	}
	return s
}

// firstDifference is where a begins to differ from b.
func firstDifference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return cut(a[max(0, i-300):])
}

// The cause of this one is no header as it stands, and ends the process with
// aws-lambda-go's client.
func TestAnErrorMayHoldAnyCharacter(t *testing.T) {
	api := &standIn{invocations: []invocation{{body: "delete"}, {body: "plain"}}}
	seen := api.serve(t, "ours", "fail")
	for _, want := range []string{`\"message\":\"a character 127: \\u007f\"`, "{\"errorMessage\":\"a character 127: \x7f\"", "request-1/error"} {
		if !strings.Contains(seen, want) {
			t.Errorf("no %q in\n%s", want, cut(seen))
		}
	}
}

func TestBothClientsAskForSIGTERM(t *testing.T) {
	for name, status := range map[string]int{"registered": http.StatusOK, "refused": http.StatusInternalServerError} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]string{}
			for _, client := range []string{"ours", "theirs"} {
				api := &standIn{extension: status, invocations: []invocation{{body: "x"}}}
				lines := strings.SplitAfter(api.serve(t, client, "sigterm"), "\n")
				slices.Sort(lines)
				seen[client] = strings.Join(lines, "")
				want := []string{
					"POST /2020-01-01/extension/register Lambda-Extension-Name: [\"GoLangEnableSIGTERM\"] {\"events\":null}\n",
					"POST /2018-06-01/runtime/invocation/request-0/response",
				}
				if status == http.StatusOK {
					want = append(want, "GET /2020-01-01/extension/event/next Lambda-Extension-Identifier: [\"extension-1\"] \n", "the first is called\nthe second is called\n", "exit status 3\n")
				} else {
					want = append(want, "WARNING! Failed to register internal extension! SIGTERM events may not be enabled! err: failed to register extension, got response status: 500 Internal Server Error\n")
				}
				for _, want := range want {
					if !strings.Contains(seen[client], want) {
						t.Errorf("%s: no %q in\n%s", client, want, cut(seen[client]))
					}
				}
			}
			if seen["ours"] != seen["theirs"] {
				t.Errorf("seen of ours = %s\nof theirs = %s", seen["ours"], seen["theirs"])
			}
		})
	}
}

func TestBothClientsNeedAnAddress(t *testing.T) {
	for _, client := range []string{"ours", "theirs"} {
		out, err := functionCommand(t, client, "echo").CombinedOutput()
		// Theirs names the variable of an older runtime too.
		got := strings.ReplaceAll(logTime.ReplaceAllString(string(out), ""), "_LAMBDA_SERVER_PORT ", "")
		if want := "expected AWS Lambda environment variables [AWS_LAMBDA_RUNTIME_API] are not defined\n"; err == nil || got != want {
			t.Errorf("%s: %v, %s, want %s", client, err, got, want)
		}
	}
}

// Lambda is not there (any more): the process ends and says why.
func TestBothClientsEndWithoutARuntimeAPI(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for _, client := range []string{"ours", "theirs"} {
		cmd := functionCommand(t, client, "echo", "AWS_LAMBDA_RUNTIME_API="+address)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "failed to get the next invoke: ") || !strings.Contains(string(out), "connection refused") {
			t.Errorf("%s: %v, %s, want that the connection is refused", client, err, out)
		}
	}
}
