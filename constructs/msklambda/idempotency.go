package msklambda

import (
	"cmp"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
	"msklambda/lambda/kafka/contract"
)

// Idempotency is a DynamoDB table in which lambda/kafka/once keeps what is done, so
// that an effect is not made again for a record that comes again. The role may
// do with it what the store does, and no more, and a bundled function is told its name
// by MSKLAMBDA_ONCE_TABLE, which once/table reads. Tell a Function of your own by
// that variable yourself.
//
// A function in a VPC needs a way to DynamoDB: a gateway endpoint, which costs
// nothing, or a NAT gateway. Neither is defined here.
type Idempotency struct {
	// Table is one that is there, in place of one of the consumer's own: for a key of
	// yours, a name, or several consumers on one. Its one key must be "id", a string; time to
	// live on "expires" has DynamoDB delete what is over. It must be of the
	// cluster's region. One with replicas in other regions keeps the promise only
	// while a single region writes to it.
	// Default: a table of the consumer's own, billed by use, with time to live and
	// point-in-time recovery, under DynamoDB's own key.
	Table awsdynamodb.ITable

	// RemovalPolicy says what becomes of the consumer's own table with the stack.
	// Default: RETAIN_ON_UPDATE_OR_DELETE, it is kept unless the very deploy that
	// made it fails. If the stack is deployed anew, records may come again, and only
	// the table knows what is done. Name it as Table then; what is in it ends by time to live.
	RemovalPolicy awscdk.RemovalPolicy

	// Namespace is what the marks of partitions (once.Partitions) are kept under,
	// 1 to 200 characters. Give another one when the offsets of the group are set back to
	// handle records again, the topic is made anew, or the table is that of a
	// consumer of another cluster. Otherwise the marks say that those records are done.
	// Keys of your own (once.New) are not kept under it.
	// Default: the group.
	Namespace string
}

const maxNamespace = 200

func (i *Idempotency) validate(ps *problems) {
	if i == nil {
		return
	}
	switch i.RemovalPolicy {
	case "", awscdk.RemovalPolicy_DESTROY, awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE:
	default:
		ps.Add("Idempotency.RemovalPolicy", "must be %s, %s or %s, got %q", awscdk.RemovalPolicy_DESTROY,
			awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, i.RemovalPolicy)
	}
	if i.Table != nil {
		ps.exact("Idempotency.Table", *i.Table.TableArn())
		if i.RemovalPolicy != "" {
			ps.Add("Idempotency.RemovalPolicy", "must not be given with {Idempotency.Table}, which has its own, got %q", i.RemovalPolicy)
		}
	}
	if n := len(i.Namespace); n > maxNamespace && !isToken(i.Namespace) {
		ps.Add("Idempotency.Namespace", "must be 1 to %d characters, got %d", maxNamespace, n)
	}
}

// defineTable makes the table of a consumer, or takes the one that there is.
func (c *Consumer) defineTable(props *ConsumerProps) {
	i := props.Idempotency
	if i == nil {
		return
	}
	if c.IdempotencyTable = i.Table; c.IdempotencyTable != nil {
		return
	}
	c.IdempotencyTable = awsdynamodb.NewTable(c, jsii.String("IdempotencyTable"), &awsdynamodb.TableProps{
		PartitionKey:                     &awsdynamodb.Attribute{Name: jsii.String(contract.OnceKey), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute:              jsii.String(contract.OnceTTL),
		BillingMode:                      awsdynamodb.BillingMode_PAY_PER_REQUEST,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		RemovalPolicy:                    cmp.Or(i.RemovalPolicy, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE),
	})
}

// tableActions are the calls of package once/table.
var tableActions = []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"}

// tableKeyActions are what DynamoDB does with a customer managed key for whoever
// reads and writes a table.
var tableKeyActions = []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"}

func (c *Consumer) tableStatements() []statement {
	if c.IdempotencyTable == nil {
		return nil
	}
	out := []statement{allow("IdempotencyTable", []string{*c.IdempotencyTable.TableArn()}, tableActions...)}
	if key := c.IdempotencyTable.EncryptionKey(); key != nil {
		stack := awscdk.Stack_Of(c)
		service := "dynamodb." + *stack.Region() + "." + *stack.UrlSuffix()
		out = append(out, allow("IdempotencyKey", []string{*key.KeyArn()}, tableKeyActions...).
			when(map[string]any{"StringEquals": map[string]any{"kms:ViaService": service}}))
	}
	return out
}

// tableName is what the function calls the table by: its ARN where it is another
// account's, in which no name is looked for.
func (c *Consumer) tableName(cluster *Cluster) string {
	account, _ := arn.Env(cluster.props.source())
	owner, _ := used{arn: *c.IdempotencyTable.TableArn(), env: c.IdempotencyTable.Env}.owner()
	if owner != "" && account != "" && owner != account {
		return *c.IdempotencyTable.TableArn()
	}
	return *c.IdempotencyTable.TableName()
}

// tell adds to the variables of a function what it was given.
func (c *Consumer) tell(cluster *Cluster, props *ConsumerProps) map[string]string {
	env := props.environment()
	more := map[string]string{}
	if c.IdempotencyTable != nil {
		more[contract.OnceTable] = c.tableName(cluster)
		more[contract.OnceNamespace] = cmp.Or(props.Idempotency.Namespace, props.GroupID)
	}
	if props.MetricsNamespace != "" {
		more[contract.MetricsNamespace] = props.MetricsNamespace
	}
	if len(more) == 0 {
		return env
	}
	maps.Copy(more, env)
	return more
}
