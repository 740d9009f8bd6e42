// Package standin stands in for an account of AWS that is read, and not changed. It
// answers the calls of the real SDK with the shapes that the API references document,
// from what the account has. It honours filters and pages, tells regions apart by the
// scope that a request is signed for, and fails a test by any call that it does not
// know.
package standin

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Object is one of JSON.
type Object = map[string]any

// List is one of JSON.
type List = []any

// Where the account is.
const (
	Account = "111122223333"
	Region  = "eu-central-1"
)

// Cloud is an account in one region.
type Cloud struct {
	Mappings  []Object // as lambda has them
	Functions map[string]Object
	Throttled map[string]int    // reserved concurrency
	Clusters  map[string]Object // by ARN, as kafka has them
	Topics    map[string]int    // partitions
	Scram     []string
	Links     map[string]Object // VPC connections

	VPC       string
	Owner     string          // of the VPC, where it is another account
	DNS       map[string]bool // enableDnsSupport and enableDnsHostnames
	Subnets   []Subnet
	Groups    map[string][]Permission
	ACLs      map[string][]Entry
	Tables    map[string][]Route // the one called "main" is the main one
	Endpoints []Endpoint

	Trust   map[string]string   // by name of the role
	Allows  []Object            // statements of the policies of every role
	Roles   map[string][]Object // of one role, by its name
	Missing []string            // condition keys that the simulator is not given
	Orgs    []string            // actions that the organization denies

	Secrets map[string]Object
	Keys    map[string]string // state by ARN
	Policy  map[string]string // of keys
	Queues  map[string]Object // attributes by name
	Buckets map[string]string // key by name
	Stacks  map[string][]string
	Events  map[string][]string // what failed, newest first

	Denied []string // "ec2:DescribeSubnets" and so on
	Broken []string // calls that fail in a way of their own
}

// Subnet is one, with its network ACL and its route table.
type Subnet struct{ ID, CIDR, ACL, Table string }

// Permission is a rule of a security group.
type Permission struct {
	Out      bool
	Protocol string
	Port     int
	Peer     string // a group, a prefix list or a range
}

// In lets TCP in to a port.
func In(port int, peer string) Permission { return Permission{Protocol: "tcp", Port: port, Peer: peer} }

// Out lets TCP out to a port.
func Out(port int, peer string) Permission {
	return Permission{Out: true, Protocol: "tcp", Port: port, Peer: peer}
}

// AllIn lets everything in.
func AllIn(peer string) Permission { return Permission{Protocol: "-1", Peer: peer} }

// AllOut lets everything out.
func AllOut(peer string) Permission { return Permission{Out: true, Protocol: "-1", Peer: peer} }

// Entry is one of a network ACL.
type Entry struct {
	Number   int
	Out      bool
	Action   string
	Protocol string
	From, To int
	CIDR     string
}

// Open are the entries of the ACL that a VPC has by itself.
func Open() []Entry {
	return []Entry{{Number: 100, Action: "allow", Protocol: "-1", CIDR: "0.0.0.0/0"}, {Number: 100, Out: true, Action: "allow", Protocol: "-1", CIDR: "0.0.0.0/0"}}
}

// Route is one of a table.
type Route struct{ To, Kind, Target, State string }

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID, Service, Kind, State string
	DNS                      bool
	Groups, Subnets          []string
	Policy                   string
	Owner                    string // the stack that its tag names
}

// Server answers for an account.
type Server struct {
	*httptest.Server

	// Slow is a call that is not answered, such as "ec2:DescribeSubnets".
	Slow string

	// Home is the account, asked for at each call.
	Home func() *Cloud

	t    testing.TB
	lock sync.Mutex
	asks map[string]bool // "ec2.DescribeSubnets" and so on
}

// New makes a server that is not started, for a handler of the test's own.
func New(t testing.TB, home func() *Cloud) *Server {
	return &Server{t: t, asks: map[string]bool{}, Home: home}
}

// Serve answers for an account until the test ends, to what has the environment of
// this process.
func Serve(t *testing.T, c *Cloud) *Server {
	a := New(t, func() *Cloud { return c })
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	t.Setenv("AWS_ENDPOINT_URL", a.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", Region)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return a
}

// Asked are the calls that were made, such as "ec2.DescribeSubnets".
func (a *Server) Asked() []string {
	a.lock.Lock()
	defer a.lock.Unlock()
	return slices.Sorted(maps.Keys(a.asks))
}

var scope = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request`)

// ServeHTTP answers one call.
func (a *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if signed == nil {
		a.t.Errorf("%s %s is not signed", r.Method, r.URL)
		return
	}
	q := &request{w: w, r: r, body: body, service: signed[2], cloud: a.Home()}
	if signed[1] != Region && !slices.Contains([]string{"iam", "sts", "us-east-1"}, signed[2]) {
		q.cloud = &Cloud{}
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
	case permission == a.Slow:
		<-r.Context().Done()
	case slices.Contains(q.cloud.Denied, permission):
		q.refuse(permission)
	case slices.Contains(q.cloud.Broken, permission):
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
	input     Object     // of JSON protocols
	path      []string   // of REST ones
	cloud     *Cloud
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

// xml answers with elements: an Object's fields in order of their names, lists as
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
	q.fail(http.StatusForbidden, code, "User: arn:aws:iam::"+Account+":user/somebody is not authorized to perform: "+permission)
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
		_ = json.NewEncoder(q.w).Encode(Object{"__type": code, "message": message, "Message": message})
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

// all are the values of a List in a form, such as SubnetId.1.
func (q *request) all(prefix string) (out []string) {
	for i := 1; q.form.Get(fmt.Sprintf("%s.%d", prefix, i)) != ""; i++ {
		out = append(out, q.form.Get(fmt.Sprintf("%s.%d", prefix, i)))
	}
	return out
}

// ofVPC reports whether the filters of a call let the VPC through.
func (q *request) ofVPC() bool {
	return q.form.Get("Filter.1.Name") == "vpc-id" && q.form.Get("Filter.1.Value.1") == q.cloud.VPC
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
