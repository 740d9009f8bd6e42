package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The stand-in for AWS answers the calls of the real SDK with the shapes that the API
// references document, from what an account has. It honours filters and pages, tells
// regions apart by the scope that a request is signed for, and fails a test by any
// call that it does not know.

type object = map[string]any

type list = []any

const (
	accountID  = "111122223333"
	homeRegion = "eu-central-1"
)

// cloud is an account in one region.
type cloud struct {
	mappings  []object // as lambda has them
	functions map[string]object
	throttled map[string]int    // reserved concurrency
	clusters  map[string]object // by ARN, as kafka has them
	topics    map[string]int    // partitions
	scram     []string
	links     map[string]object // VPC connections

	vpc       string
	owner     string          // of the VPC, where it is another account
	dns       map[string]bool // enableDnsSupport and enableDnsHostnames
	subnets   []subnet
	groups    map[string][]permission
	acls      map[string][]aclEntry
	tables    map[string][]route // the one called "main" is the main one
	endpoints []endpoint

	trust   map[string]string // by name of the role
	allows  []object          // statements of the role's policies
	missing []string          // condition keys that the simulator is not given
	orgs    []string          // actions that the organization denies

	secrets map[string]object
	keys    map[string]string // state by ARN
	policy  map[string]string // of keys
	queues  map[string]object // attributes by name
	buckets map[string]string // key by name
	stacks  map[string][]string
	events  map[string][]string // what failed, newest first

	denied []string // "ec2:DescribeSubnets" and so on
	broken []string // calls that fail in a way of their own
}

type subnet struct{ id, cidr, acl, table string }

type permission struct {
	out      bool
	protocol string
	port     int
	peer     string
}

type aclEntry struct {
	number   int
	out      bool
	action   string
	protocol string
	from, to int
	cidr     string
}

type route struct{ to, kind, target, state string }

type endpoint struct {
	id, service, kind, state string
	dns                      bool
	groups, subnets          []string
	policy                   string
	owner                    string
}

// aws is the server.
type aws struct {
	*httptest.Server
	t    *testing.T
	lock sync.Mutex
	asks map[string]bool // "ec2.DescribeSubnets" and so on
	home *cloud
	slow string // a call that is not answered
}

func serve(t *testing.T, c *cloud) *aws {
	a := &aws{t: t, asks: map[string]bool{}, home: c}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	t.Setenv("AWS_ENDPOINT_URL", a.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", homeRegion)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return a
}

var scope = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request`)

func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if signed == nil {
		a.t.Errorf("%s %s is not signed", r.Method, r.URL)
		return
	}
	q := &request{w: w, r: r, body: body, service: signed[2], cloud: a.home}
	if signed[1] != homeRegion && !slices.Contains([]string{"iam", "sts", "us-east-1"}, signed[2]) {
		q.cloud = &cloud{}
	}
	q.read()
	name := q.service + "." + q.operation
	a.lock.Lock()
	a.asks[name] = true
	a.lock.Unlock()
	permission := q.service + ":" + q.operation
	handler, ok := handlers[name]
	switch {
	case !ok:
		a.t.Errorf("the stand-in does not know %s (%s %s)", name, r.Method, r.URL)
		q.fail(http.StatusNotImplemented, "NotImplemented", name)
	case permission == a.slow:
		<-r.Context().Done()
	case slices.Contains(q.cloud.denied, permission):
		q.refuse(permission)
	case slices.Contains(q.cloud.broken, permission):
		q.fail(http.StatusInternalServerError, "InternalError", "An internal error has occurred")
	default:
		handler(q)
	}
}

// request is one call.
type request struct {
	w         http.ResponseWriter
	r         *http.Request
	body      []byte
	service   string
	operation string
	form      url.Values // of query protocols
	input     object     // of JSON protocols
	path      []string   // of REST ones
	cloud     *cloud
}

var rest = []struct {
	service, operation, pattern string
}{
	{"lambda", "ListEventSourceMappings", `^/2015-03-31/event-source-mappings/?$`},
	{"lambda", "GetEventSourceMapping", `^/2015-03-31/event-source-mappings/([^/]+)$`},
	{"lambda", "GetFunctionConfiguration", `^/2015-03-31/functions/([^/]+)/configuration$`},
	{"lambda", "GetFunctionConcurrency", `^/2019-09-30/functions/([^/]+)/concurrency$`},
	{"kafka", "DescribeClusterV2", `^/api/v2/clusters/([^/]+)$`},
	{"kafka", "DescribeTopic", `^/v1/clusters/([^/]+)/topics/([^/]+)$`},
	{"kafka", "ListScramSecrets", `^/v1/clusters/([^/]+)/scram-secrets$`},
	{"kafka", "DescribeVpcConnection", `^/v1/vpc-connection/([^/]+)$`},
	{"s3", "GetBucketEncryption", `^/([^/]+)$`},
}

// read finds out which operation it is, by the protocol of its service.
func (q *request) read() {
	if target := q.r.Header.Get("X-Amz-Target"); target != "" {
		q.operation = target[strings.LastIndex(target, ".")+1:]
		_ = json.Unmarshal(q.body, &q.input)
		return
	}
	if form, err := url.ParseQuery(string(q.body)); err == nil && form.Get("Action") != "" {
		q.form, q.operation = form, form.Get("Action")
		return
	}
	for _, one := range rest {
		if m := regexp.MustCompile(one.pattern).FindStringSubmatch(q.r.URL.EscapedPath()); m != nil && one.service == q.service {
			q.operation = one.operation
			for _, part := range m[1:] {
				text, _ := url.PathUnescape(part)
				q.path = append(q.path, text)
			}
			return
		}
	}
	q.operation = q.r.URL.Path
}

func (q *request) json(v any) {
	q.w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(q.w).Encode(v)
}

// xml answers with elements: an object's fields in order of their names, lists as
// repetitions. The wrapping is that of the protocol.
func (q *request) xml(content string) {
	q.w.Header().Set("Content-Type", "text/xml")
	switch q.service {
	case "ec2":
		fmt.Fprintf(q.w, `<%sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>%s</%[1]sResponse>`, q.operation, content)
	default:
		fmt.Fprintf(q.w, `<%sResponse><%[1]sResult>%s</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>`, q.operation, content)
	}
}

// refuse is what a service says to somebody who may not.
func (q *request) refuse(permission string) {
	code := map[string]string{"ec2": "UnauthorizedOperation", "sns": "AuthorizationError", "iam": "AccessDenied", "cloudformation": "AccessDenied", "s3": "AccessDenied"}[q.service]
	if code == "" {
		code = "AccessDeniedException"
	}
	q.fail(http.StatusForbidden, code, "User: arn:aws:iam::"+accountID+":user/somebody is not authorized to perform: "+permission)
}

func (q *request) fail(status int, code, message string) {
	switch q.service {
	case "ec2":
		q.w.WriteHeader(status)
		fmt.Fprintf(q.w, `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>1</RequestID></Response>`, code, escape(message))
	case "s3":
		q.w.WriteHeader(status)
		fmt.Fprintf(q.w, `<Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>`, code, escape(message))
	case "iam", "sts", "sns", "cloudformation":
		q.w.WriteHeader(status)
		fmt.Fprintf(q.w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code, escape(message))
	default:
		q.w.Header().Set("X-Amzn-ErrorType", code)
		q.w.Header().Set("Content-Type", "application/json")
		q.w.WriteHeader(status)
		_ = json.NewEncoder(q.w).Encode(object{"__type": code, "message": message, "Message": message})
	}
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

func tag(name, content string) string { return "<" + name + ">" + content + "</" + name + ">" }

func text(name, content string) string { return tag(name, escape(content)) }

// each makes one element of each of some things.
func each[T any](things []T, name string, content func(T) string) string {
	var out strings.Builder
	for _, thing := range things {
		out.WriteString(tag(name, content(thing)))
	}
	return out.String()
}

// all are the values of a list in a form, such as SubnetId.1.
func (q *request) all(prefix string) (out []string) {
	for i := 1; q.form.Get(fmt.Sprintf("%s.%d", prefix, i)) != ""; i++ {
		out = append(out, q.form.Get(fmt.Sprintf("%s.%d", prefix, i)))
	}
	return out
}

// ofVPC reports whether the filters of a call let the VPC through.
func (q *request) ofVPC() bool {
	return q.form.Get("Filter.1.Name") == "vpc-id" && q.form.Get("Filter.1.Value.1") == q.cloud.vpc
}

// page is a part of a list, and the token of the next: pages are short here, so that
// who does not ask for the next one is found out.
func page[T any](all []T, token string) ([]T, string) {
	const size = 2
	from := 0
	_, _ = fmt.Sscanf(token, "from-%d", &from)
	to := min(from+size, len(all))
	next := ""
	if to < len(all) {
		next = fmt.Sprintf("from-%d", to)
	}
	return all[min(from, to):to], next
}
