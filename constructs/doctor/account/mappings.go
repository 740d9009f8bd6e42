package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"msklambda/constructs/doctor"
	"msklambda/constructs/near"
)

// Target says which mappings to look at. One field is set.
type Target struct {
	Stack, Mapping, Function string
}

// Find is the mappings that are meant, and what the events of the stack say failed.
// An error is one line, and says what there is instead.
func (a *Account) Find(ctx context.Context, t Target) ([]doctor.Mapping, []string, error) {
	switch {
	case t.Mapping != "":
		m, err := a.mapping(ctx, t.Mapping[strings.LastIndex(t.Mapping, ":")+1:])
		if err != nil {
			return nil, nil, err
		}
		return []doctor.Mapping{m}, nil, nil
	case t.Function != "":
		found, err := a.mappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: &t.Function})
		if isGone(err) {
			err = nil
		}
		if err != nil {
			return nil, nil, errors.New(why("lambda:ListEventSourceMappings", err))
		}
		if len(found) == 0 {
			return nil, nil, fmt.Errorf("function %s has no mapping of an MSK topic in %s: %s", t.Function, a.where(), a.instead(ctx, "", nil))
		}
		return found, nil, nil
	}
	return a.ofStack(ctx, t.Stack)
}

func (a *Account) where() string { return "account " + a.ID + ", region " + a.Region }

func (a *Account) mapping(ctx context.Context, uuid string) (doctor.Mapping, error) {
	out, err := a.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &uuid})
	switch {
	case isGone(err):
		return doctor.Mapping{}, fmt.Errorf("there is no mapping %s in %s: %s", uuid, a.where(), a.instead(ctx, uuid, nil))
	case err != nil:
		return doctor.Mapping{}, errors.New(why("lambda:GetEventSourceMapping", err))
	case !isKafka(aws.ToString(out.EventSourceArn)):
		return doctor.Mapping{}, fmt.Errorf("mapping %s reads %s, which is no MSK cluster: %s", uuid, aws.ToString(out.EventSourceArn), a.instead(ctx, "", nil))
	}
	return read(types.EventSourceMappingConfiguration{
		UUID: out.UUID, State: out.State, LastProcessingResult: out.LastProcessingResult, StateTransitionReason: out.StateTransitionReason,
		EventSourceArn: out.EventSourceArn, FunctionArn: out.FunctionArn, Topics: out.Topics, AmazonManagedKafkaEventSourceConfig: out.AmazonManagedKafkaEventSourceConfig,
		SourceAccessConfigurations: out.SourceAccessConfigurations, ProvisionedPollerConfig: out.ProvisionedPollerConfig, DestinationConfig: out.DestinationConfig,
	}), nil
}

func isKafka(source string) bool { return strings.Contains(source, ":kafka:") }

// read is a mapping in the doctor's words.
func read(c types.EventSourceMappingConfiguration) doctor.Mapping {
	m := doctor.Mapping{UUID: aws.ToString(c.UUID), State: aws.ToString(c.State), Result: aws.ToString(c.LastProcessingResult), Reason: aws.ToString(c.StateTransitionReason),
		Source: aws.ToString(c.EventSourceArn), Function: aws.ToString(c.FunctionArn), Group: aws.ToString(c.UUID)}
	if len(c.Topics) > 0 {
		m.Topic = c.Topics[0]
	}
	if k := c.AmazonManagedKafkaEventSourceConfig; k != nil && aws.ToString(k.ConsumerGroupId) != "" {
		m.Group = *k.ConsumerGroupId // without one the group is the mapping's own id
	}
	for _, access := range c.SourceAccessConfigurations {
		switch access.Type {
		case types.SourceAccessTypeSaslScram512Auth:
			m.Method, m.Secret = "scram", aws.ToString(access.URI)
		case types.SourceAccessTypeClientCertificateTlsAuth:
			m.Method, m.Secret = "mtls", aws.ToString(access.URI)
		}
	}
	if p := c.ProvisionedPollerConfig; p != nil {
		m.Provisioned, m.Maximum = true, int(aws.ToInt32(p.MaximumPollers))
	}
	if d := c.DestinationConfig; d != nil && d.OnFailure != nil {
		m.OnFailure = aws.ToString(d.OnFailure.Destination)
	}
	return m
}

// mappings are those of MSK topics among all that an input asks for.
func (a *Account) mappings(ctx context.Context, input *lambda.ListEventSourceMappingsInput) (out []doctor.Mapping, err error) {
	pages := lambda.NewListEventSourceMappingsPaginator(a.lambda, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range page.EventSourceMappings {
			if isKafka(aws.ToString(c.EventSourceArn)) {
				out = append(out, read(c))
			}
		}
	}
	return out, nil
}

// instead says which mappings there are, the nearest first, or which of some names.
func (a *Account) instead(ctx context.Context, meant string, names []string) string {
	if names == nil {
		all, err := a.mappings(ctx, &lambda.ListEventSourceMappingsInput{})
		if err != nil {
			return why("lambda:ListEventSourceMappings", err)
		}
		for _, m := range all {
			names = append(names, m.UUID)
		}
		if len(names) == 0 {
			return "it has no mapping of any MSK topic: is it the right region (-region) and account?"
		}
		near := nearest(meant, names)
		for i, uuid := range near {
			m := all[slices.IndexFunc(all, func(m doctor.Mapping) bool { return m.UUID == uuid })]
			near[i] = fmt.Sprintf("%s (topic %s into %s)", uuid, m.Topic, m.Function[strings.LastIndex(m.Function, "function:")+len("function:"):])
		}
		return "those of MSK topics are " + strings.Join(near, ", ")
	}
	return "did you mean " + strings.Join(nearest(meant, names), " or ") + "?"
}

// nearest are at most five names, by how few letters make one of what was meant.
func nearest(meant string, names []string) []string {
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int {
		return near.Distance(strings.ToLower(meant), strings.ToLower(a)) - near.Distance(strings.ToLower(meant), strings.ToLower(b))
	})
	return names[:min(5, len(names))]
}

// ofStack are the mappings that a stack defines.
func (a *Account) ofStack(ctx context.Context, stack string) ([]doctor.Mapping, []string, error) {
	var ids []string
	pages := cloudformation.NewListStackResourcesPaginator(a.cloudformation, &cloudformation.ListStackResourcesInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var api smithy.APIError
		if errors.As(err, &api) && api.ErrorCode() == "ValidationError" && strings.Contains(api.ErrorMessage(), "does not exist") {
			return nil, nil, fmt.Errorf("there is no stack %s in %s: %s", stack, a.where(), a.otherStacks(ctx, stack))
		}
		if err != nil {
			return nil, nil, errors.New(why("cloudformation:ListStackResources", err))
		}
		for _, r := range page.StackResourceSummaries {
			if aws.ToString(r.ResourceType) == "AWS::Lambda::EventSourceMapping" && aws.ToString(r.PhysicalResourceId) != "" && r.ResourceStatus != cfntypes.ResourceStatusDeleteComplete {
				ids = append(ids, *r.PhysicalResourceId)
			}
		}
	}
	events := a.failures(ctx, stack)
	var found []doctor.Mapping
	for _, id := range ids {
		m, err := a.mapping(ctx, id)
		if err != nil && !strings.Contains(err.Error(), "no MSK cluster") {
			return nil, events, err
		}
		if err == nil {
			found = append(found, m)
		}
	}
	if len(found) == 0 && len(events) == 0 {
		return nil, nil, fmt.Errorf("stack %s has no mapping of an MSK topic: %s", stack, a.instead(ctx, "", nil))
	}
	return found, events, nil
}

func (a *Account) otherStacks(ctx context.Context, meant string) string {
	var names []string
	pages := cloudformation.NewDescribeStacksPaginator(a.cloudformation, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return why("cloudformation:DescribeStacks", err)
		}
		for _, s := range page.Stacks {
			names = append(names, aws.ToString(s.StackName))
		}
	}
	if len(names) == 0 {
		return "it has no stack at all: is it the right region (-region) and account?"
	}
	return a.instead(ctx, meant, names)
}

// failures are what the newest events of a stack say failed, in its last operation.
// Who may not read them does without.
func (a *Account) failures(ctx context.Context, stack string) (out []string) {
	page, err := a.cloudformation.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: &stack})
	if err != nil {
		return nil
	}
	for _, e := range page.StackEvents {
		reason := aws.ToString(e.ResourceStatusReason)
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && !slices.Contains(out, reason) {
			out = append(out, reason)
		}
		if aws.ToString(e.ResourceType) == "AWS::CloudFormation::Stack" && aws.ToString(e.PhysicalResourceId) == aws.ToString(e.StackId) &&
			(reason == "User Initiated" || strings.HasSuffix(string(e.ResourceStatus), "_COMPLETE") && !strings.Contains(string(e.ResourceStatus), "ROLLBACK")) {
			break
		}
	}
	return out
}
