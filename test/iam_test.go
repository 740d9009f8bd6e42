package test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// question is a request and the verdict that it should get.
type question struct {
	request
	want  string // "Allowed" or "denied"
	about string
}

func is(v verdict) string {
	switch v.Result {
	case "ImplicitlyDenied", "ExplicitlyDenied":
		return "denied"
	}
	return v.Result
}

// ask evaluates all questions and reports each verdict that is not as wanted.
// An error, such as an action that does not exist, is never as wanted.
func ask(t *testing.T, policies map[string]any, questions []question) {
	t.Helper()
	var requests []request
	for _, q := range questions {
		requests = append(requests, q.request)
	}
	counts := map[string]int{}
	for i, v := range evaluate(t, policies, requests) {
		q := questions[i]
		counts[q.want]++
		if v.Error != "" {
			t.Errorf("%s: %s by %s = %s, want %s", q.about, q.request, q.Principal, v.Error, q.want)
		} else if got := is(v); got != q.want {
			t.Errorf("%s: %s by %s = %s, want %s", q.about, q.request, q.Principal, got, q.want)
		}
	}
	t.Logf("verdicts as wanted: %v", counts)
	if counts["Allowed"] == 0 || counts["denied"] == 0 {
		t.Errorf("questions = %v, want some of both", counts)
	}
}

// TestEveryRoleMayDoWhatLambdaDoesAndNothingLikeIt is every authentication with
// every destination on every kind of cluster: each call that AWS documents, on
// the very resource, is allowed; the same call on its neighbours is denied, and
// so is each call of a feature that is not used.
func TestEveryRoleMayDoWhatLambdaDoesAndNothingLikeIt(t *testing.T) {
	long(t)
	policies := map[string]any{}
	var questions []question
	for _, s := range synthScenarios(t, iamScenarios()) {
		policies[s.id] = s.policy
		for _, c := range s.needed() {
			questions = append(questions, question{s.request(c, s.id), "Allowed", s.String()})
		}
		for _, c := range s.refused() {
			if s.restrict || !unrestricted(c) {
				questions = append(questions, question{s.request(c, s.id), "denied", s.String()})
			}
		}
	}
	ask(t, policies, questions)
}

// unrestricted tells the two actions that AWS documents with "*" alone.
func unrestricted(c call) bool {
	return c.action == "ec2:CreateNetworkInterface" || c.action == "ec2:DeleteNetworkInterface"
}

// The scenarios are not every combination; they are every pair.
func TestEveryPairOfChoicesIsEvaluated(t *testing.T) {
	pairs := map[string]bool{}
	restricted, used := map[string]bool{}, map[string]bool{}
	for _, s := range iamScenarios() {
		// One string for each choice, so that a pair has one spelling.
		used[fmt.Sprintf("once %v, role %s", s.once, s.whose)], used["asks "+s.asks+", role "+s.whose], used[fmt.Sprintf("once %v, cluster %s", s.once, s.cluster.name)] = true, true, true
		choices := []string{"cluster " + s.cluster.name, "auth " + string(s.auth), fmt.Sprintf("to %s %v", s.destination, s.key), "registry " + s.registry, "role " + s.whose}
		for i, a := range choices {
			for _, b := range choices[i+1:] {
				pairs[a+", "+b] = true
			}
			if s.cluster.connection == "" {
				restricted[fmt.Sprintf("%s %v", a, s.restrict)] = true
			}
		}
	}
	destinations := []string{" false", "queue false", "queue true", "topic false", "topic true", "bucket false", "bucket true", "Kafka topic false"}
	var want []string
	for _, destination := range destinations {
		for _, registry := range iamRegistries {
			want = append(want, "to "+destination+", registry "+registry)
		}
		for _, role := range iamRoles {
			want = append(want, "to "+destination+", role "+role)
		}
	}
	for _, role := range iamRoles {
		for _, registry := range iamRegistries {
			want = append(want, "registry "+registry+", role "+role)
		}
		for _, cluster := range iamClusters {
			want = append(want, "cluster "+cluster.name+", role "+role)
		}
	}
	for _, cluster := range iamClusters {
		for _, method := range cluster.methods {
			want = append(want, "cluster "+cluster.name+", auth "+string(method))
			for _, role := range iamRoles {
				want = append(want, "auth "+string(method)+", role "+role)
			}
			for _, registry := range iamRegistries {
				want = append(want, "auth "+string(method)+", registry "+registry)
			}
			for _, destination := range destinations {
				want = append(want, "auth "+string(method)+", to "+destination)
			}
		}
	}
	for _, pair := range want {
		if !pairs[pair] {
			t.Errorf("no scenario has %s", pair)
		}
	}
	for _, role := range iamRoles {
		for _, once := range []bool{false, true} {
			if choice := fmt.Sprintf("once %v, role %s", once, role); !used[choice] {
				t.Errorf("no scenario has %s", choice)
			}
		}
		for _, registry := range iamRegistries {
			if choice := "asks " + registry + ", role " + role; !used[choice] {
				t.Errorf("no scenario has %s", choice)
			}
		}
	}
	for choice := range restricted {
		if on, off := choice[:strings.LastIndex(choice, " ")]+" true", choice[:strings.LastIndex(choice, " ")]+" false"; !restricted[on] || !restricted[off] {
			t.Errorf("scenarios with %s are all restricted, or none is", choice)
		}
	}
}

// someScenarios has each feature at least once.
func someScenarios() []*iamScenario {
	covered := map[string]bool{}
	return slices.DeleteFunc(iamScenarios(), func(s *iamScenario) bool {
		again := true
		for _, trait := range []string{"on " + s.cluster.name, "by " + string(s.auth), fmt.Sprint("to ", s.destination, s.key), "registry " + s.registry, fmt.Sprint("restrict ", s.restrict), fmt.Sprint("once ", s.once), "asks " + s.asks} {
			again = again && covered[trait]
			covered[trait] = true
		}
		return again
	})
}

// TestNoActionOfAPolicyIsTooMany takes every action out of every statement, one
// at a time, and wants a call of Lambda's to be denied then: nothing is granted
// that no call needs. It also shows that the calls above are allowed by these
// policies and not by the evaluator's good will.
func TestNoActionOfAPolicyIsTooMany(t *testing.T) {
	long(t)
	policies := map[string]any{}
	var requests []request
	removed := map[string][]int{} // the requests that are asked without the action
	for _, s := range synthScenarios(t, someScenarios()) {
		statements := s.policy["Statement"].([]any)
		for i, raw := range statements {
			statement := raw.(map[string]any)
			for _, action := range many(statement["Action"]) {
				for _, resource := range many(statement["Resource"]) {
					name := fmt.Sprintf("%s: %s on %s", s, action, resource)
					policies[name] = without(s.policy, i, action, resource)
					removed[name] = []int{}
					for _, c := range s.needed() {
						if c.action == action {
							removed[name] = append(removed[name], len(requests))
							requests = append(requests, s.request(c, name))
						}
					}
				}
			}
		}
	}
	verdicts := evaluate(t, policies, requests)
	t.Logf("mutations: %d", len(removed))
	for _, name := range slices.Sorted(maps.Keys(removed)) {
		if !slices.ContainsFunc(removed[name], func(i int) bool { return is(verdicts[i]) == "denied" }) {
			t.Errorf("without %s all calls of Lambda's are allowed still, want one denied", name)
		}
	}
}

// without is the policy with one action no longer allowed on one resource.
func without(policy map[string]any, index int, action, resource any) map[string]any {
	var out []any
	for i, raw := range policy["Statement"].([]any) {
		if i != index {
			out = append(out, raw)
			continue
		}
		not := func(what any) func(any) bool { return func(v any) bool { return v == what } }
		statement := maps.Clone(raw.(map[string]any))
		actions := slices.DeleteFunc(slices.Clone(many(statement["Action"])), not(action))
		resources := slices.DeleteFunc(slices.Clone(many(statement["Resource"])), not(resource))
		if len(actions) > 0 {
			rest := maps.Clone(statement)
			rest["Action"], rest["Sid"] = actions, "Rest"
			out = append(out, rest)
		}
		if len(resources) > 0 {
			statement["Action"], statement["Resource"] = action, resources
			out = append(out, statement)
		}
	}
	return map[string]any{"Version": "2012-10-17", "Statement": out}
}

// TestNeighboursAreDeniedByTheirNamesAlone widens every policy to all resources
// and wants the same call on each neighbour allowed: they are denied above for
// what they are called and whose they are, and not for a slip in the question.
func TestNeighboursAreDeniedByTheirNamesAlone(t *testing.T) {
	long(t)
	policies := map[string]any{}
	var questions []question
	for _, s := range synthScenarios(t, someScenarios()) {
		var wide, granted []any
		for _, raw := range s.policy["Statement"].([]any) {
			statement := maps.Clone(raw.(map[string]any))
			granted = append(granted, many(statement["Action"])...)
			statement["Resource"] = "*"
			delete(statement, "Condition")
			wide = append(wide, statement)
		}
		policies[s.id] = map[string]any{"Version": "2012-10-17", "Statement": wide}
		for _, c := range s.needed() {
			for _, neighbour := range s.neighbours(c) {
				questions = append(questions, question{s.request(neighbour, s.id), "Allowed", s.String() + ", widened"})
			}
		}
		for _, c := range s.never() {
			want := "denied"
			if slices.Contains(granted, any(c.action)) {
				want = "Allowed" // ReadData on the destination's topic, for one
			}
			questions = append(questions, question{s.request(c, s.id), want, s.String() + ", widened"})
		}
	}
	ask(t, policies, questions)
}

// TestEveryActionOfAPolicyExistsAndTakesItsResource finds what IAM would accept
// and never match: a misspelt action, or one on a resource of another type.
func TestEveryActionOfAPolicyExistsAndTakesItsResource(t *testing.T) {
	long(t)
	policies := map[string]any{}
	var requests []request
	for _, s := range synthScenarios(t, someScenarios()) {
		policies[s.id] = s.policy
		for _, raw := range s.policy["Statement"].([]any) {
			statement := raw.(map[string]any)
			for _, action := range many(statement["Action"]) {
				for _, resource := range many(statement["Resource"]) {
					c := call{action: action.(string), resource: resource.(string)}
					if unrestricted(c) && c.resource == "*" {
						continue // asked with the interface, the subnets and the groups
					}
					if c.resource != "*" {
						c.resource = strings.NewReplacer(":log-group:"+s.logGroup+":*", ":log-group:"+s.logGroup+":log-stream:x",
							":ec2:us-east-1:*:", ":ec2:us-east-1:111122223333:", "*", "x").Replace(c.resource)
					}
					if statement["Condition"] != nil {
						if c.owner = account; strings.HasPrefix(c.action, "kms:") {
							c.owner, c.via = "", "dynamodb.us-east-1.amazonaws.com"
						}
					}
					requests = append(requests, s.request(c, s.id))
				}
			}
		}
	}
	for i, v := range evaluate(t, policies, requests) {
		switch r := requests[i]; {
		case v.Error != "" || is(v) != "Allowed":
			t.Errorf("%s = %s%s, want Allowed", r, v.Error, is(v))
		case r.Resource == "*" && !v.WildcardOnly:
			t.Errorf("%s is granted on *, want its resource: it has a type", r)
		}
	}
}

// TestDestinationsOfTheStackAreGrantedAsImportedOnes are: what CDK then knows of
// them are references, and their keys come with them.
func TestDestinationsOfTheStackAreGrantedAsImportedOnes(t *testing.T) {
	long(t)
	var tpl *template
	synthDestination := func(d func(awscdk.Stack, awskms.IKey) msklambda.Destination) *template {
		return synth(t, func(stack awscdk.Stack) {
			key := awskms.NewKey(stack, jsii.String("Key"), nil)
			secret := awssecretsmanager.NewSecret(stack, jsii.String("Secret"), &awssecretsmanager.SecretProps{EncryptionKey: key})
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.S3Endpoint.Source = msklambda.EndpointNone }))
			cluster.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
				p.RetryAttempts, p.OnFailure = nil, d(stack, key)
				p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: secret}
			}))
		})
	}
	policies := map[string]any{}
	var questions []question
	for name, tt := range map[string]struct {
		destination func(awscdk.Stack, awskms.IKey) msklambda.Destination
		allowed     string
		keyActions  []string
	}{
		"queue": {func(stack awscdk.Stack, key awskms.IKey) msklambda.Destination {
			return msklambda.Destination{Queue: awssqs.NewQueue(stack, jsii.String("Failed"), &awssqs.QueueProps{EncryptionMasterKey: key})}
		}, "sqs:SendMessage", []string{"kms:Decrypt", "kms:GenerateDataKey"}},
		"topic": {func(stack awscdk.Stack, key awskms.IKey) msklambda.Destination {
			return msklambda.Destination{Topic: awssns.NewTopic(stack, jsii.String("Failed"), &awssns.TopicProps{MasterKey: key})}
		}, "sns:Publish", []string{"kms:Decrypt", "kms:GenerateDataKey"}},
		"bucket": {func(stack awscdk.Stack, key awskms.IKey) msklambda.Destination {
			return msklambda.Destination{Bucket: awss3.NewBucket(stack, jsii.String("Failed"), &awss3.BucketProps{EncryptionKey: key})}
		}, "s3:PutObject", []string{"kms:GenerateDataKey"}},
	} {
		tpl = synthDestination(tt.destination)
		s := &iamScenario{role: tpl.at("Cluster/Orders/Role").ID}
		policies[name] = tpl.policyOf(s.role)
		arn := map[string]string{"queue": "Arn", "topic": "Ref", "bucket": "Arn"}[name]
		to := call{action: tt.allowed, resource: tpl.attribute(tpl.at("Failed").ID, arn)}
		if name == "bucket" {
			to.resource, to.owner = to.resource+"/x", account
		}
		key := tpl.attribute(tpl.at("Key").ID, "Arn")
		secret := tpl.attribute(tpl.at("Secret").ID, "Ref")
		for _, c := range append(append(calls(key, tt.keyActions...), calls(secret, "secretsmanager:GetSecretValue")...), to) {
			questions = append(questions, question{s.request(c, name), "Allowed", name})
			for _, neighbour := range []string{strings.Replace(c.resource, "Failed", "Failed2", 1), strings.Replace(c.resource, "Key", "Key2", 1), strings.Replace(c.resource, "Secret", "Secret2", 1)} {
				if neighbour != c.resource {
					questions = append(questions, question{s.request(call{action: c.action, resource: neighbour, owner: c.owner}, name), "denied", name})
				}
			}
		}
	}
	ask(t, policies, questions)
}
