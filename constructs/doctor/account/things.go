package account

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"msklambda/constructs/doctor"
)

// secret reads what is about a secret, and not what is in it.
func (a *Account) secret(ctx context.Context, arn string) doctor.Fact[*doctor.Secret] {
	if arn == "" {
		return doctor.Told[*doctor.Secret](nil)
	}
	out, err := a.secretsmanager.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &arn})
	if err != nil {
		return there[doctor.Secret](nil, "secretsmanager:DescribeSecret", err)
	}
	s := &doctor.Secret{ARN: aws.ToString(out.ARN), Name: aws.ToString(out.Name), Key: aws.ToString(out.KmsKeyId), Deleted: out.DeletedDate != nil}
	if strings.HasSuffix(s.Key, "alias/aws/secretsmanager") {
		s.Key = ""
	}
	if s.Key != "" && !strings.HasPrefix(s.Key, "arn:") {
		s.Key = a.keyARN(arn, s.Key)
	}
	return doctor.Told(s)
}

// keyARN is that of a key that is named by its id, in the region of what it encrypts.
func (a *Account) keyARN(of, id string) string {
	parts := strings.Split(of, ":")
	region, account := a.Region, a.ID
	if len(parts) > 4 && parts[3] != "" {
		region = parts[3]
	}
	if len(parts) > 4 && parts[4] != "" {
		account = parts[4]
	}
	if !strings.HasPrefix(id, "alias/") {
		id = "key/" + id
	}
	return "arn:" + a.Partition + ":kms:" + region + ":" + account + ":" + id
}

// customer is the ARN of a key, "" where there is none or it is AWS's own.
func (a *Account) customer(of, key string) string {
	switch {
	case key == "" || strings.Contains(key, "alias/aws/"):
		return ""
	case strings.HasPrefix(key, "arn:"):
		return key
	}
	return a.keyARN(of, key)
}

// destination reads whether a queue, topic or bucket is there, and its key.
func (a *Account) destination(ctx context.Context, arn string) doctor.Fact[*doctor.Destination] {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return doctor.Told[*doctor.Destination](nil)
	}
	name := parts[5]
	d := &doctor.Destination{FIFO: strings.HasSuffix(arn, ".fifo")}
	switch parts[2] {
	case "sqs":
		in := func(o *sqs.Options) { o.Region = parts[3] }
		queue, err := a.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name, QueueOwnerAWSAccountId: &parts[4]}, in)
		if err != nil {
			return there[doctor.Destination](nil, "sqs:GetQueueUrl", err)
		}
		out, err := a.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameKmsMasterKeyId}}, in)
		if err != nil {
			return there[doctor.Destination](nil, "sqs:GetQueueAttributes", err)
		}
		d.Key = a.customer(arn, out.Attributes["KmsMasterKeyId"])
	case "sns":
		out, err := a.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn}, func(o *sns.Options) { o.Region = parts[3] })
		if err != nil {
			return there[doctor.Destination](nil, "sns:GetTopicAttributes", err)
		}
		d.Key = a.customer(arn, out.Attributes["KmsMasterKeyId"])
	case "s3":
		out, err := a.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name})
		if err != nil {
			return there[doctor.Destination](nil, "s3:GetEncryptionConfiguration", err)
		}
		if c := out.ServerSideEncryptionConfiguration; c != nil {
			for _, r := range c.Rules {
				if by := r.ApplyServerSideEncryptionByDefault; by != nil {
					d.Key = a.customer(arn, aws.ToString(by.KMSMasterKeyID))
				}
			}
		}
	default:
		return doctor.NotKnown[*doctor.Destination]("it is of no service that the doctor knows")
	}
	return doctor.Told(d)
}

// keys reads the customer managed keys of the secret and the destination.
func (a *Account) keys(ctx context.Context, f *doctor.Facts) map[string]doctor.Fact[*doctor.Key] {
	var arns []string
	if s := f.Secret.Value; s != nil && s.Key != "" {
		arns = append(arns, s.Key)
	}
	if d := f.Failed.Value; d != nil && d.Key != "" && !slices.Contains(arns, d.Key) {
		arns = append(arns, d.Key)
	}
	out := map[string]doctor.Fact[*doctor.Key]{}
	var lock sync.Mutex
	var all sync.WaitGroup
	for _, arn := range arns {
		all.Go(func() {
			k := a.key(ctx, arn)
			lock.Lock()
			defer lock.Unlock()
			out[arn] = k
		})
	}
	all.Wait()
	return out
}

func (a *Account) key(ctx context.Context, arn string) doctor.Fact[*doctor.Key] {
	out, err := a.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
	if err != nil {
		return there[doctor.Key](nil, "kms:DescribeKey", err)
	}
	k := &doctor.Key{State: string(out.KeyMetadata.KeyState)}
	policy, err := a.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: out.KeyMetadata.Arn, PolicyName: aws.String("default")})
	if err == nil {
		k.Policy = aws.ToString(policy.Policy)
	}
	return doctor.Told(k)
}
