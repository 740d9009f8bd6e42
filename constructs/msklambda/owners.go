package msklambda

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces"
	"github.com/aws/constructs-go/constructs/v10"

	"msklambda/constructs/arn"
	"msklambda/constructs/notice"
)

// used is something that a consumer uses and that may be somebody else's.
type used struct {
	field, what string // in Go, and what it is of the field
	arn         string
	env         func() *interfaces.ResourceEnvironment
	actions     []string // that its own policy must allow, if it is of another account; none = no word on it
	anyRegion   bool     // the region is not told by its ARN, and need not be the cluster's
}

// owner is whose it is, "" where that is not known. What is named by ARN says it,
// and CDK need not be asked.
func (u used) owner() (account, region string) {
	if account, region = arn.Env(u.arn); account != "" {
		return account, region
	}
	known := func(s *string) string {
		if s == nil || isToken(*s) {
			return ""
		}
		return *s
	}
	env := u.env()
	return known(env.Account), known(env.Region)
}

// uses is all that a consumer uses by name, but its role and its function.
func (p *ConsumerProps) uses() (all []used) {
	key := func(field string, key awskms.IKey, actions ...string) {
		if key != nil {
			all = append(all, used{field: field, what: "key", arn: *key.KeyArn(), env: key.Env, actions: actions})
		}
	}
	secret := func(field string, secret awssecretsmanager.ISecret) {
		if secret == nil || secret.SecretFullArn() == nil {
			return
		}
		all = append(all, used{field: field, what: "secret", arn: *secret.SecretFullArn(), env: secret.Env, actions: []string{"secretsmanager:GetSecretValue"}})
		key(field, secret.EncryptionKey(), "kms:Decrypt")
	}
	secret("Authentication.Secret", p.Authentication.Secret)
	if p.SchemaRegistry != nil {
		for i, a := range p.SchemaRegistry.Access {
			secret(fmt.Sprintf("SchemaRegistry.Access[%d]", i), a.Secret)
		}
	}
	switch d := p.OnFailure; {
	case d.Queue != nil:
		all = append(all, used{field: "OnFailure.Queue", what: "queue", arn: *d.Queue.QueueArn(), env: d.Queue.Env, actions: []string{"sqs:SendMessage"}})
		key("OnFailure.Queue", d.Queue.EncryptionMasterKey(), "kms:Decrypt", "kms:GenerateDataKey")
	case d.Topic != nil:
		all = append(all, used{field: "OnFailure.Topic", what: "topic", arn: *d.Topic.TopicArn(), env: d.Topic.Env, actions: []string{"sns:Publish"}})
		key("OnFailure.Topic", d.Topic.MasterKey(), "kms:Decrypt", "kms:GenerateDataKey")
	case d.Bucket != nil:
		all = append(all, used{field: "OnFailure.Bucket", what: "bucket", arn: *d.Bucket.BucketArn(), env: d.Bucket.Env,
			actions: []string{"s3:ListBucket", "s3:PutObject"}, anyRegion: true})
		key("OnFailure.Bucket", d.Bucket.EncryptionKey(), "kms:GenerateDataKey")
	}
	if i := p.Idempotency; i != nil && i.Table != nil {
		all = append(all, used{field: "Idempotency.Table", what: "table", arn: *i.Table.TableArn(), env: i.Table.Env, actions: tableActions})
		key("Idempotency.Table", i.Table.EncryptionKey(), tableKeyActions...)
	}
	if p.FunctionRegistry != nil {
		for _, s := range p.FunctionRegistry.Secrets {
			secret("FunctionRegistry.Secrets", s)
		}
	}
	key("FilterKey", p.FilterKey) // which Lambda uses, and not the role
	key("EnvironmentKey", p.EnvironmentKey, "kms:Decrypt")
	key("LogGroupKey", p.LogGroupKey)
	for _, layer := range p.Layers {
		all = append(all, used{field: "Layers", what: "layer", arn: *layer.LayerVersionArn(), env: layer.Env})
	}
	if p.CodeSigning != nil {
		all = append(all, used{field: "CodeSigning", what: "config", arn: *p.CodeSigning.CodeSigningConfigArn(), env: p.CodeSigning.Env})
	}
	return all
}

// checkRegions refuses what is of another region than the cluster, where Lambda
// and the pollers look for it.
func (p *ClusterProps) checkRegions(ps *problems, props *ConsumerProps) {
	_, region := arn.Env(p.source())
	if region == "" {
		return
	}
	for _, u := range props.uses() {
		switch _, got := u.owner(); {
		case got == "" || got == region || u.anyRegion:
		case u.what == "key":
			ps.Add(u.field, "must have a key of the region %s, where the cluster is, got %s", region, got)
		default:
			ps.Add(u.field, "must be of the region %s, where the cluster is, got %s", region, got)
		}
	}
}

// warnOfOtherAccounts tells what has to be allowed where this stack cannot, on what it
// is that uses it with a role.
func warnOfOtherAccounts(on constructs.Construct, role awsiam.IRole, cluster *Cluster, props *ConsumerProps) {
	account, _ := arn.Env(cluster.props.source())
	if account == "" {
		return
	}
	told := map[string]bool{}
	for _, u := range props.uses() {
		owner, _ := u.owner()
		if owner == "" || owner == account || len(u.actions) == 0 {
			continue
		}
		id, subject := u.field, u.field
		if u.what == "key" {
			id, subject = id+"Key", "the key of "+u.field
		}
		if told[id] {
			continue
		}
		told[id] = true
		warn(on, notice.OtherAccount.For(id, notice.Data{"subject": subject, "what": u.what, "owner": owner, "account": account,
			"statement": u.statement(account, knownRole(role))}))
	}
}

// knownRole is the ARN of a role, as far as it is known at synth.
func knownRole(role awsiam.IRole) string {
	if role != nil {
		if arn := *role.RoleArn(); !isToken(arn) {
			return arn
		}
	}
	return ""
}

// statement is what the policy of something needs, to let a role of an account in:
// all roles of it that are granted the same, where the role has no name yet.
func (u used) statement(account, role string) string {
	partition := "aws"
	if parts := strings.Split(u.arn, ":"); len(parts) > 5 && !isToken(parts[1]) {
		partition = parts[1]
	}
	if role == "" {
		role = "arn:" + partition + ":iam::" + account + ":root"
	}
	resources := []string{u.arn}
	switch {
	case u.what == "key" || isToken(u.arn):
		resources = []string{"*"}
	case u.what == "bucket":
		resources = append(resources, u.arn+"/*")
	}
	text, err := json.Marshal(struct {
		Effect    string
		Principal map[string]string
		Action    []string
		Resource  []string
	}{"Allow", map[string]string{"AWS": role}, u.actions, resources})
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}
