package msklambda

import (
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/notice"
)

// Destination is where Lambda writes what it has given up on. One of its
// fields is set; the zero value is no destination.
type Destination struct {
	// Queue is an SQS queue. It gets the offsets of the records, not the records. It
	// must not be FIFO.
	Queue awssqs.IQueue

	// Topic is an SNS topic. It gets the offsets of the records, not the records. It
	// must not be FIFO.
	Topic awssns.ITopic

	// Bucket is an S3 bucket. It gets the offsets and the records. One of another account must be
	// imported with its account (BucketAttributes.Account): the role may write
	// to a bucket of this name in that account only, as names are free to take.
	Bucket awss3.IBucket

	// KafkaTopic is a topic of the same cluster. It gets the offsets and the records.
	// It must exist and not be the topic that is read. Needs Pollers.
	KafkaTopic string
}

func (d Destination) isZero() bool { return d == Destination{} }

func (d Destination) validate(ps *problems, topic string) {
	var given []string
	for _, f := range []struct {
		field string
		set   bool
	}{{"Queue", d.Queue != nil}, {"Topic", d.Topic != nil}, {"Bucket", d.Bucket != nil}, {"KafkaTopic", d.KafkaTopic != ""}} {
		if f.set {
			given = append(given, f.field)
		}
	}
	if len(given) > 1 {
		ps.Add("OnFailure", "must be one of Queue, Topic, Bucket and KafkaTopic, got %s", strings.Join(given, " and "))
	}
	// An imported queue or topic is FIFO by its name.
	if d.Queue != nil && (isTrue(d.Queue.Fifo()) || strings.HasSuffix(*d.Queue.QueueArn(), ".fifo")) {
		ps.Add("OnFailure.Queue", "must not be FIFO: Lambda does not deliver to FIFO queues")
	}
	if d.Topic != nil && (isTrue(d.Topic.Fifo()) || strings.HasSuffix(*d.Topic.TopicArn(), ".fifo")) {
		ps.Add("OnFailure.Topic", "must not be FIFO: Lambda does not deliver to FIFO topics")
	}
	switch {
	case d.Queue != nil:
		ps.exact("OnFailure.Queue", *d.Queue.QueueArn())
	case d.Topic != nil:
		ps.exact("OnFailure.Topic", *d.Topic.TopicArn())
	case d.Bucket != nil:
		ps.exact("OnFailure.Bucket", *d.Bucket.BucketArn())
	}
	if d.KafkaTopic != "" {
		ps.topic("OnFailure.KafkaTopic", d.KafkaTopic)
		if d.KafkaTopic == topic {
			ps.Add("OnFailure.KafkaTopic", "must not be {Topic}: what fails would be read again for ever, got %q", topic)
		}
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

// uri is how the mapping names the destination.
func (d Destination) uri() *string {
	switch {
	case d.Queue != nil:
		return d.Queue.QueueArn()
	case d.Topic != nil:
		return d.Topic.TopicArn()
	case d.Bucket != nil:
		return d.Bucket.BucketArn()
	case d.KafkaTopic != "":
		uri := "kafka://" + d.KafkaTopic
		return &uri
	}
	return nil
}

// statements is what the role needs to write there, and no more: what CDK's
// own destinations grant is wider.
func (d Destination) statements(cluster *Cluster, auth Authentication) []statement {
	switch {
	case d.Queue != nil:
		return append([]statement{allow("OnFailure", []string{*d.Queue.QueueArn()}, "sqs:SendMessage")},
			keyStatements(d.Queue.EncryptionMasterKey(), "kms:Decrypt", "kms:GenerateDataKey")...)
	case d.Topic != nil:
		return append([]statement{allow("OnFailure", []string{*d.Topic.TopicArn()}, "sns:Publish")},
			keyStatements(d.Topic.MasterKey(), "kms:Decrypt", "kms:GenerateDataKey")...)
	case d.Bucket != nil:
		// Names of buckets are free to take by others once a bucket is gone.
		ours := map[string]any{"StringEquals": map[string]any{"s3:ResourceAccount": *d.Bucket.Env().Account}}
		return append([]statement{
			allow("OnFailureWrite", []string{*d.Bucket.ArnForObjects(jsii.String("*"))}, "s3:PutObject").
				because("Lambda chooses the keys of the objects it writes to this one bucket").when(ours),
			allow("OnFailureList", []string{*d.Bucket.BucketArn()}, "s3:ListBucket").when(ours),
		}, keyStatements(d.Bucket.EncryptionKey(), "kms:GenerateDataKey")...)
	case d.KafkaTopic != "" && auth.method() == AuthenticationIAM:
		return []statement{allow("OnFailure", []string{topicARN(cluster.ClusterARN, d.KafkaTopic)},
			"kafka-cluster:DescribeTopic", "kafka-cluster:WriteData")}
	}
	return nil
}

// failedTopics are the topics of the cluster that get what the consumer gave up.
func (p *ConsumerProps) failedTopics() (topics []string) {
	for _, topic := range []string{p.OnFailure.KafkaTopic, p.DeadLetterTopic} {
		if topic != "" {
			topics = append(topics, topic)
		}
	}
	return topics
}

func keyStatements(key awskms.IKey, actions ...string) []statement {
	if key == nil {
		return nil
	}
	return []statement{allow("OnFailureKey", []string{*key.KeyArn()}, actions...)}
}

func (p *ConsumerProps) validateFailure(ps *problems) {
	if p.RetryAttempts != nil && (*p.RetryAttempts < -1 || *p.RetryAttempts > 10000) {
		ps.Add("RetryAttempts", "must be -1 (infinite) to 10000, got %d", *p.RetryAttempts)
	}
	if p.MaxRecordAge != 0 {
		ps.seconds("MaxRecordAge", p.MaxRecordAge, time.Minute, 7*24*time.Hour)
	}
	p.OnFailure.validate(ps, p.Topic)
}

// failureWarnings tells what is legal and likely not meant.
func (c *Consumer) failureWarnings(p *ConsumerProps) {
	infinite := p.RetryAttempts != nil && *p.RetryAttempts == -1
	switch {
	case infinite && !p.OnFailure.isZero():
		warn(c, notice.RetriesCapped.With(nil))
	case p.RetryAttempts == nil && p.MaxRecordAge == 0 && p.OnFailure.isZero():
		warn(c, notice.PoisonRecord.With(nil))
	}
}
