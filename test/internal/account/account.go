// Package account is an AWS account in one region, as far as the CDK CLI sees it
// when it bootstraps nothing and deploys, imports and looks up: STS, SSM, S3,
// CloudFormation and Cloud Control on one endpoint. What it deploys it keeps where
// a look-up finds it, so that the life of a stack can be gone through: deploy,
// refresh, change, deploy.
//
// It refuses what the services are documented to refuse and what these tests are
// about, with their words where they are public. It is no proof of what AWS does.
package account

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Properties of a resource, by the names of the CloudFormation resource schemas.
type Properties = map[string]any

// Account is one account and region.
type Account struct {
	ID, Region string

	// Resources by type and identifier, those that were there before and those that
	// stacks made.
	Resources map[string]map[string]Properties

	// Log is what was done, such as "create Orders/Mapping AWS::Lambda::EventSourceMapping".
	Log []string

	mu      sync.Mutex
	stacks  map[string]*Stack
	objects map[string][]byte // of S3, by path
	parts   map[string][]byte // of objects that come in several, by path and number
	next    int               // for identifiers
}

// Stack is one that is deployed.
type Stack struct {
	Name      string
	ID        string
	Status    string
	Template  string
	Resources map[string]*Resource // by logical id
	Outputs   map[string]string
	described map[string]string // outputs, by key
	Tags      map[string]string

	events     []event
	changeSets map[string]*changeSet
}

// Resource is one of a stack.
type Resource struct {
	Type     string
	Physical string

	text string // of the template, which says whether it changed
}

type event struct{ logical, typ, physical, status, reason string }

// New makes an account that is bootstrapped and empty but for the resources.
func New(id, region string, resources map[string]map[string]Properties) *Account {
	if resources == nil {
		resources = map[string]map[string]Properties{}
	}
	return &Account{ID: id, Region: region, Resources: resources, stacks: map[string]*Stack{}, objects: map[string][]byte{}, parts: map[string][]byte{}}
}

// Stack returns a stack by its name, nil where there is none.
func (a *Account) Stack(name string) *Stack {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stacks[name]
}

// TakeLog returns the log, and begins a new one.
func (a *Account) TakeLog() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	log := a.Log
	a.Log = nil
	return log
}

// Snapshot is a copy of what the account has.
func (a *Account) Snapshot() map[string]map[string]Properties {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]map[string]Properties{}
	mustRead(text(a.Resources), &all)
	return all
}

// Serve answers for the account until the test ends.
func (a *Account) Serve(t testing.TB) *httptest.Server {
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server
}

// ServeHTTP tells the services apart as their SDK clients do: JSON ones by a
// header, query ones by a form, S3 by neither.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	service, operation, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case isJSON && service == "CloudApiService":
		a.cloudControl(w, operation, body)
	case isJSON && service == "AmazonSSM":
		answerJSON(w, http.StatusOK, map[string]any{"Parameter": map[string]any{"Name": "version", "Type": "String", "Value": bootstrapVersion}})
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if form.Get("Version") == "2011-06-15" {
			a.sts(w, form.Get("Action"))
		} else {
			a.cloudFormation(w, form)
		}
	default:
		a.s3(w, r, body)
	}
}

const bootstrapVersion = "30"

func answerJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client is gone, then
}

func (a *Account) cloudControl(w http.ResponseWriter, operation string, body []byte) {
	var request struct{ TypeName, Identifier string }
	if err := json.Unmarshal(body, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	found := a.Resources[request.TypeName]
	describe := func(id string) map[string]any {
		return map[string]any{"Identifier": id, "Properties": text(found[id])}
	}
	switch {
	case operation == "ListResources":
		all := []any{}
		for _, id := range slices.Sorted(maps.Keys(found)) {
			all = append(all, describe(id))
		}
		answerJSON(w, http.StatusOK, map[string]any{"TypeName": request.TypeName, "ResourceDescriptions": all})
	case found[request.Identifier] == nil:
		answerJSON(w, http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#ResourceNotFoundException",
			"message": fmt.Sprintf("Resource of type '%s' with identifier '%s' was not found.", request.TypeName, request.Identifier)})
	default:
		answerJSON(w, http.StatusOK, map[string]any{"TypeName": request.TypeName, "ResourceDescription": describe(request.Identifier)})
	}
}

func (a *Account) sts(w http.ResponseWriter, action string) {
	arn := "arn:aws:iam::" + a.ID + ":user/me"
	if action == "AssumeRole" {
		answerXML(w, http.StatusOK, action, `<Credentials><AccessKeyId>ASIA`+a.ID+`</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>`+
			`<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>`)
		return
	}
	answerXML(w, http.StatusOK, action, "<Arn>"+arn+"</Arn><UserId>AIDA</UserId><Account>"+a.ID+"</Account>")
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err) // values that came from JSON
	}
	return string(out)
}
