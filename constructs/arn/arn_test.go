package arn

import "testing"

const (
	token = "${Token[TOKEN.42]}"
	stem  = "arn:aws:kafka:us-east-1:111122223333:cluster/demo-s1/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70"
	link  = "arn:aws:kafka:us-east-1:444455556666:vpc-connection/111122223333/demo-s1/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
)

func TestOnlyASuffixWithAnSIsServerless(t *testing.T) {
	for arn, want := range map[string]bool{stem + "-1": false, stem + "-12": false, stem + "-s1": true, token: false} {
		if got := IsServerless(arn); got != want {
			t.Errorf("IsServerless(%q) = %v, want %v", arn, got, want)
		}
	}
}

func TestTokensAreNoARNsAndHaveNoEnvironment(t *testing.T) {
	for _, s := range []string{token, "arn:aws:kafka:us-east-1:" + token + ":cluster/a/b", "#{Token[TOKEN.1]}"} {
		if account, region := Env(s); !IsToken(s) || IsCluster(s) || IsConnection(s) || account != "" || region != "" {
			t.Errorf("%q: IsToken = %v, IsCluster = %v, Env = %q %q", s, IsToken(s), IsCluster(s), account, region)
		}
	}
	if account, region := Env(stem + "-1"); account != "111122223333" || region != "us-east-1" {
		t.Errorf("Env = %q, %q", account, region)
	}
	if !IsListToken("#{Token[TOKEN.1]}") || IsListToken(token) || IsToken("token") {
		t.Error("a list token is told from a single one by its first character")
	}
}

func TestAConnectionIsToItsOwnCluster(t *testing.T) {
	for cluster, want := range map[string]bool{
		stem + "-2": true,
		token:       true,
		"arn:aws:kafka:us-east-2:111122223333:cluster/demo-s1/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2":    false,
		"arn:aws:kafka:us-east-1:444455556666:cluster/demo-s1/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2":    false,
		"arn:aws:kafka:us-east-1:111122223333:cluster/other/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2":      false,
		"arn:aws-cn:kafka:us-east-1:111122223333:cluster/demo-s1/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2": false,
	} {
		if got := Connects(link, cluster); got != want {
			t.Errorf("Connects(%q, %q) = %v, want %v", link, cluster, got, want)
		}
	}
	if !IsConnection(link) || IsConnection(stem+"-2") || !IsCluster(stem+"-2") || IsCluster(link) {
		t.Error("a connection is told from a cluster by its kind")
	}
}

func TestTheQualifierIsTheEighthPart(t *testing.T) {
	for function, want := range map[string]string{
		"arn:aws:lambda:us-east-1:111122223333:function:orders":      "",
		"arn:aws:lambda:us-east-1:111122223333:function:orders:live": "live",
		"arn:aws:lambda:us-east-1:111122223333:function:" + token:    "",
	} {
		if got := Qualifier(function); got != want {
			t.Errorf("Qualifier(%q) = %q, want %q", function, got, want)
		}
	}
}
