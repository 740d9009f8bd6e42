package lookups

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Serve answers as STS and Cloud Control do, for the real CLI, for clouds of
// one account by region. The protocols are those of the AWS API models: query
// with XML for STS, JSON 1.0 for Cloud Control (service CloudApiService). The
// region is in the credential scope of the signature.
func Serve(t *testing.T, clouds ...*Cloud) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		operation, isCloudControl := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "CloudApiService.")
		if !isCloudControl {
			sts(w, string(body))
			return
		}
		i := slices.IndexFunc(clouds, func(c *Cloud) bool { return strings.Contains(r.Header.Get("Authorization"), "/"+c.Region+"/") })
		if i < 0 {
			t.Errorf("a call to no known region: %s", r.Header.Get("Authorization"))
			return
		}
		c := clouds[i]
		var request struct{ TypeName, Identifier, ResourceModel string }
		if err := json.Unmarshal(body, &request); err != nil {
			t.Errorf("body %s: %v", body, err)
		}
		c.Calls = append(c.Calls, strings.TrimSpace(operation+" "+request.TypeName+" "+request.Identifier))
		status, answer := c.control(operation, request.TypeName, request.Identifier, request.ResourceModel)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		io.WriteString(w, asJSON(answer))
	}))
	t.Cleanup(server.Close)
	return server
}

func (c *Cloud) fault(typ, id string) *Fault {
	if f := c.Broken[id]; f != nil {
		return f
	}
	return c.Broken[typ]
}

func (c *Cloud) control(operation, typ, id, model string) (int, any) {
	if f := c.fault(typ, id); f != nil && (f.Times == 0 || f.seen < f.Times) {
		f.seen++
		return http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#" + f.Code, "message": f.Message}
	}
	describe := func(id string) map[string]any {
		return map[string]any{"Identifier": id, "Properties": asJSON(c.Resources[typ][id])}
	}
	if operation == "ListResources" {
		var of map[string]any
		if model != "" && json.Unmarshal([]byte(model), &of) != nil {
			return http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#InvalidRequestException", "message": "the model is no JSON"}
		}
		ids, text := c.listed(typ, of)
		if text != "" {
			return http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#InvalidRequestException", "message": text}
		}
		all := []any{}
		for _, id := range ids {
			all = append(all, describe(id))
		}
		return http.StatusOK, map[string]any{"TypeName": typ, "ResourceDescriptions": all}
	}
	if c.Resources[typ][id] == nil {
		return http.StatusBadRequest, map[string]any{"__type": "com.amazonaws.cloudapiservice#ResourceNotFoundException",
			"message": "Resource of type '" + typ + "' with identifier '" + id + "' was not found."}
	}
	return http.StatusOK, map[string]any{"TypeName": typ, "ResourceDescription": describe(id)}
}

func sts(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml")
	result := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::` + account +
		`:user/me</Arn><UserId>AIDA</UserId><Account>` + account + `</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	if strings.Contains(body, "AssumeRole") {
		result = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIALOOKUP</AccessKeyId>` +
			`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	}
	io.WriteString(w, result)
}
