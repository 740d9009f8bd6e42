package mskapp

import (
	"fmt"
	"regexp"
)

// match reads a text that CDK would take apart, and stumble over.
func (v value) match(format *regexp.Regexp, want string) string {
	s := v.text()
	if !format.MatchString(s) {
		v.bad(want)
		return ""
	}
	return s
}

var (
	keyARN    = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)
	secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$`)
	lambdaARN = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?$`)
	failedTo  = regexp.MustCompile(`^(kafka://.+|arn:aws[a-z-]*:(sqs|sns):[a-z0-9-]+:[0-9]{12}:[\w.-]+|arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$`)
)

func (v value) keyARN() string {
	return v.match(keyARN, `the ARN of a key, such as "arn:aws:kms:us-east-1:111122223333:key/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"`)
}

func (v value) secretARN() string {
	return v.match(secretARN, `the whole ARN of a secret with the six characters at its end, such as "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_orders-a1b2c3"`)
}

func (v value) functionARN() string {
	return v.match(lambdaARN, `the ARN of a function, such as "arn:aws:lambda:us-east-1:111122223333:function:orders"`)
}

func (v value) destination() string {
	return v.match(failedTo, `the ARN of a queue, topic or bucket, or "kafka://" and a topic`)
}

// ids takes a list of ids of one kind.
func (v value) ids(format *regexp.Regexp, example string) []string {
	return v.matches(format, fmt.Sprintf("ids such as %q", example))
}

// matches takes a list of texts of one form.
func (v value) matches(format *regexp.Regexp, want string) []string {
	list := v.list()
	for _, s := range list {
		if !format.MatchString(s) {
			v.bad(want)
			return nil
		}
	}
	return list
}

var (
	layerARN       = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$`)
	codeSigningARN = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}$`)
	alarmARN       = regexp.MustCompile(`^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$`)
)

func (v value) layerARNs() []string {
	return v.matches(layerARN, `ARNs of versions of layers, such as "arn:aws:lambda:us-east-1:111122223333:layer:otel:3"`)
}

func (v value) codeSigningARN() string {
	return v.match(codeSigningARN, `the ARN of a code signing configuration, such as "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0"`)
}

func (v value) alarmARNs() []string {
	return v.matches(alarmARN, `ARNs of alarms, such as "arn:aws:cloudwatch:us-east-1:111122223333:alarm:latency"`)
}

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)

func (v value) roleARN() string {
	return v.match(roleARN, `the ARN of a role, such as "arn:aws:iam::111122223333:role/orders"`)
}

var tableARN = regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]{3,255}$`)

// idempotency takes true for a table of the consumer's own, false for none, or the
// ARN of one.
func (v value) idempotency(c *ConsumerConfig) {
	switch v.raw {
	case true, "true":
		c.once()
	case false, "false":
		if c.Props.Idempotency != nil {
			v.bad("true or the ARN of a table with idempotencyRemovalPolicy or idempotencyNamespace")
		}
	default:
		if c.TableARN = v.match(tableARN, `true, false or the ARN of a table, such as "arn:aws:dynamodb:us-east-1:111122223333:table/once"`); c.TableARN != "" {
			c.once()
		}
	}
}
