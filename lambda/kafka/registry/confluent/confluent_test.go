package confluent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/avro"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

const (
	money = `{"type":"record","name":"Money","fields":[{"name":"cents","type":"long"}]}`
	line  = `{"type":"record","name":"Line","fields":[{"name":"price","type":"Money"}]}`
	order = `{"type":"record","name":"Order","fields":[{"name":"total","type":"Money"},{"name":"first","type":"Line"}]}`
)

// server is a registry that franz-go's own tests use, with schemas that name others.
func server(t *testing.T, opts ...srfake.Option) *srfake.Registry {
	t.Helper()
	r := srfake.New(opts...)
	t.Cleanup(r.Close)
	named := func(name, subject string) sr.SchemaReference {
		return sr.SchemaReference{Name: name, Subject: subject, Version: 1}
	}
	r.SeedSchema("money", 1, 1, sr.Schema{Schema: money})
	r.SeedSchema("line", 1, 2, sr.Schema{Schema: line, References: []sr.SchemaReference{named("Money", "money")}})
	r.SeedSchema("order", 1, 3, sr.Schema{Schema: order, References: []sr.SchemaReference{named("Line", "line"), named("Money", "money")}})
	r.SeedSchema("proto", 1, 4, sr.Schema{Schema: `syntax = "proto3";`, Type: sr.TypeProtobuf})
	return r
}

func client(t *testing.T, opts ...sr.ClientOpt) *sr.Client {
	t.Helper()
	c, err := sr.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSchema(t *testing.T) {
	s := server(t)
	reg := New(client(t, sr.URLs(s.URL())), registry.Limits{})
	for id, want := range map[string]registry.Schema{
		"1": {Format: "AVRO", Text: money},
		"3": {Format: "AVRO", Text: order, References: []string{money, line}},
		"4": {Format: "PROTOBUF", Text: `syntax = "proto3";`},
	} {
		if got, err := reg.Schema(t.Context(), wire.ParseID(id)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Schema(%s) = %v, %v, want %v", id, got, err, want)
		}
	}
	for _, id := range []string{"99", "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"} {
		if _, err := reg.Schema(t.Context(), wire.ParseID(id)); !errors.Is(err, registry.ErrUnknown) || !strings.HasPrefix(err.Error(), "schema "+id+": ") {
			t.Errorf("Schema(%s): %v, want that there is none", id, err)
		}
	}
}

func TestOnlyTheRegistrySaysThatThereIsNone(t *testing.T) {
	s := server(t)
	var status atomic.Int64
	s.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, "who are you?")
		return true
	})
	for _, code := range []int{401, 403, 404, 500, 502, 503} {
		status.Store(int64(code))
		_, err := New(client(t, sr.URLs(s.URL())), registry.Limits{}).Schema(t.Context(), wire.ConfluentID(1))
		if err == nil || errors.Is(err, registry.ErrUnknown) || !strings.Contains(err.Error(), fmt.Sprintf("status %d: who are you?", code)) {
			t.Errorf("%d: %v, want what was answered, and not that there is none", code, err)
		}
	}
	s.Close()
	if _, err := New(client(t, sr.URLs(s.URL())), registry.Limits{}).Schema(t.Context(), wire.ConfluentID(1)); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("no server: %v, want that the connection is refused", err)
	}
}

func TestAValueIsReadWithTheRegistry(t *testing.T) {
	s := server(t)
	asked := new(atomic.Int64)
	s.Intercept(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false })
	type amount struct {
		Cents int64 `avro:"cents"`
	}
	type value struct {
		Total amount `avro:"total"`
	}
	decode := avro.Of[value](New(client(t, sr.URLs(s.URL())), registry.Limits{}),
		`{"type":"record","name":"Order","fields":[{"name":"total","type":{"type":"record","name":"Money","fields":[{"name":"cents","type":"long"}]}}]}`)
	for range 10 {
		if got, err := decode(t.Context(), &kafka.Record{}, []byte("\x00\x00\x00\x00\x03\xd0\x0f\x02")); err != nil || got.Total.Cents != 1000 {
			t.Errorf("%v, %v, want 1000", got, err)
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("the registry was asked %d times, want 3: the schema and the two that it names", n)
	}
}

func TestBasicAuth(t *testing.T) {
	s := server(t, srfake.WithAuth("Basic "+base64.StdEncoding.EncodeToString([]byte("reader:pa:ss"))))
	auth, err := BasicAuth(`{"username":"reader","password":"pa:ss"}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(client(t, sr.URLs(s.URL()), auth), registry.Limits{}).Schema(t.Context(), wire.ConfluentID(1)); err != nil {
		t.Errorf("with the secret: %v", err)
	}
	if _, err := New(client(t, sr.URLs(s.URL())), registry.Limits{}).Schema(t.Context(), wire.ConfluentID(1)); err == nil || !strings.Contains(err.Error(), "status 401") {
		t.Errorf("without: %v, want status 401", err)
	}
	for secret, want := range map[string]string{
		"hunter2":                "must be JSON",
		`{"username":"reader"}`:  "got only the first",
		`{"password":"hunter2"}`: "got only the second",
		`{"user":"hunter2"}`:     "got neither",
	} {
		if _, err := BasicAuth(secret); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("BasicAuth: %v, want %q and nothing of the secret", err, want)
		}
	}
}

// certificate makes a certificate that signs itself, as PEM.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func TestMutualTLS(t *testing.T) {
	behind, err := url.Parse(server(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	cert, key := certificate(t)
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM([]byte(cert))
	s := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(behind))
	s.Config.ErrorLog = nil
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	s.StartTLS()
	t.Cleanup(s.Close)
	secret := func(values ...string) string {
		m := map[string]string{}
		for i := 0; i < len(values); i += 2 {
			m[values[i]] = values[i+1]
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	shown := secret("certificate", cert, "privateKey", key)
	root := secret("certificate", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	for name, test := range map[string]struct{ shown, root, want string }{
		"both":                {shown, root, ""},
		"nothing shown":       {"", root, "certificate required"},
		"an unknown registry": {shown, "", "certificate"},
	} {
		opt, err := TLS(test.shown, test.root)
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(client(t, sr.URLs(s.URL), opt), registry.Limits{}).Schema(t.Context(), wire.ConfluentID(1))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	other, _ := certificate(t)
	for name, test := range map[string]struct{ shown, root, want string }{
		"no JSON":       {cert, "", "must be JSON with certificate and privateKey"},
		"a password":    {secret("certificate", cert, "privateKey", key, "privateKeyPassword", "x"), "", "must have no password"},
		"another's key": {secret("certificate", other, "privateKey", key), "", "does not match"},
		"root no JSON":  {"", cert, "must be JSON with certificate"},
		"root no PEM":   {"", secret("certificate", "x"), "must be PEM"},
	} {
		if _, err := TLS(test.shown, test.root); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
