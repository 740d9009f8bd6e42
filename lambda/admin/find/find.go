// Package find finds what the admin client needs in an account: the admin function of
// a stack, the brokers of its cluster, and the mappings that read from it. It only
// reads, with the credentials of whoever runs the client.
package find

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"msklambda/constructs/near"
	"msklambda/lambda/admin/connect"
	"msklambda/lambda/admin/contract"
)

// Function finds the admin function of a stack, by the path of its construct there.
// Where the stack has several, one must be named.
func Function(ctx context.Context, cfg aws.Config, stack, name string) (string, error) {
	client := cloudformation.NewFromConfig(cfg)
	out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stack})
	var refused smithy.APIError
	switch {
	case errors.As(err, &refused) && strings.Contains(refused.ErrorMessage(), "does not exist"):
		return "", fmt.Errorf("there is no stack %q in %s%s", stack, cfg.Region, meant(stacks(ctx, client), stack))
	case err != nil:
		return "", fmt.Errorf("the stack %q cannot be read (cloudformation:DescribeStacks): %w", stack, err)
	case len(out.Stacks) == 0:
		return "", fmt.Errorf("there is no stack %q in %s", stack, cfg.Region)
	}
	found := map[string]string{} // functions, by what they are called in the stack
	var names []string
	for _, o := range out.Stacks[0].Outputs {
		if of, ours := strings.CutPrefix(aws.ToString(o.Description), contract.Output); ours {
			found[of] = aws.ToString(o.OutputValue)
			names = append(names, of)
		}
	}
	slices.Sort(names)
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("the stack %q has no admin function: add it by cluster.AddAdmin(\"Admin\", nil), or with the app by the key admin=read, and deploy", stack)
	case name != "" && found[name] == "":
		return "", fmt.Errorf("the stack %q has no admin function %q, but %q", stack, name, names)
	case name != "":
		return found[name], nil
	case len(found) > 1:
		return "", fmt.Errorf("the stack %q has the admin functions %q: say which by -admin", stack, names)
	}
	return found[names[0]], nil
}

// stacks are the names of those that there are, as far as one may list them.
func stacks(ctx context.Context, client *cloudformation.Client) []string {
	out, err := client.ListStacks(ctx, &cloudformation.ListStacksInput{StackStatusFilter: []cloudformationtypes.StackStatus{
		cloudformationtypes.StackStatusCreateComplete, cloudformationtypes.StackStatusUpdateComplete, cloudformationtypes.StackStatusUpdateRollbackComplete}})
	if err != nil {
		return nil
	}
	var names []string
	for _, s := range out.StackSummaries {
		names = append(names, aws.ToString(s.StackName))
	}
	return names
}

func meant(all []string, name string) string {
	found := near.Names(name, all)
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", found[0])
}

// Brokers are where to begin with a cluster, for a method.
func Brokers(ctx context.Context, cfg aws.Config, cluster string, method connect.Method) ([]string, error) {
	out, err := kafka.NewFromConfig(cfg).GetBootstrapBrokers(ctx, &kafka.GetBootstrapBrokersInput{ClusterArn: &cluster})
	if err != nil {
		return nil, fmt.Errorf("the brokers of %s cannot be asked for (kafka:GetBootstrapBrokers): %w", cluster, err)
	}
	text := map[connect.Method]*string{
		connect.IAM: out.BootstrapBrokerStringSaslIam, connect.SCRAM: out.BootstrapBrokerStringSaslScram,
		connect.MTLS: out.BootstrapBrokerStringTls, connect.TLS: out.BootstrapBrokerStringTls, connect.Plaintext: out.BootstrapBrokerString,
	}[method]
	if aws.ToString(text) == "" {
		return nil, fmt.Errorf("the cluster %s has no brokers for the authentication %q, which the admin function has: is it on?", cluster, method)
	}
	return strings.Split(*text, ","), nil
}

// Mapping is an event source mapping of a cluster.
type Mapping struct {
	UUID        string
	State       string // such as Enabled
	Topic       string
	Group       string
	FunctionARN string
	Destination string // ARN, or kafka://topic; "" = none
	Filters     []string
	Partial     bool // it takes partial answers
	Registry    bool // it decodes with a schema registry
}

// IsOff reports whether its pollers are away.
func (m *Mapping) IsOff() bool { return m.State == "Disabled" }

// Mappings are those of a cluster.
func Mappings(ctx context.Context, cfg aws.Config, cluster string) ([]Mapping, error) {
	var all []Mapping
	pages := lambda.NewListEventSourceMappingsPaginator(lambda.NewFromConfig(cfg), &lambda.ListEventSourceMappingsInput{EventSourceArn: &cluster})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("the mappings of %s cannot be listed (lambda:ListEventSourceMappings): %w", cluster, err)
		}
		for _, e := range page.EventSourceMappings {
			m := Mapping{UUID: aws.ToString(e.UUID), State: aws.ToString(e.State), FunctionARN: aws.ToString(e.FunctionArn)}
			if len(e.Topics) > 0 {
				m.Topic = e.Topics[0]
			}
			// Without a group of its own it has the mapping's id for one.
			if m.Group = m.UUID; e.AmazonManagedKafkaEventSourceConfig != nil && aws.ToString(e.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId) != "" {
				m.Group = *e.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId
			}
			m.Registry = e.AmazonManagedKafkaEventSourceConfig != nil && e.AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig != nil
			if d := e.DestinationConfig; d != nil && d.OnFailure != nil {
				m.Destination = aws.ToString(d.OnFailure.Destination)
			}
			if e.FilterCriteria != nil {
				for _, f := range e.FilterCriteria.Filters {
					m.Filters = append(m.Filters, aws.ToString(f.Pattern))
				}
			}
			for _, kind := range e.FunctionResponseTypes {
				m.Partial = m.Partial || kind == "ReportBatchItemFailures"
			}
			all = append(all, m)
		}
	}
	return all, nil
}
