package mskapp

import (
	"cmp"
	"path"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/livescores"
	"msklambda/constructs/msklambda"
)

// LiveScoresConfig is the second stack, of live scores.
type LiveScoresConfig struct {
	Props livescores.Props

	on   bool
	code string // the directory of both functions
}

type liveScoresSetting struct {
	setting
	read func(*LiveScoresConfig, value)
}

// liveScoresSettings are of the second stack. The fields of its props have a
// prefix here, because a consumer has some of the same name.
var liveScoresSettings = []liveScoresSetting{
	{setting{liveScoresKey, "LiveScores", "define [live scores](#live-scores) as a second stack, `<stackName>-LiveScores`", "`false`"},
		func(c *LiveScoresConfig, v value) { c.on = v.boolean() }},
	{setting{"liveScoresTopic", "LiveScores.Topic", "topic of the score events", "`scores`"},
		func(c *LiveScoresConfig, v value) { c.Props.Topic = v.text() }},
	{setting{"liveScoresGroupId", "LiveScores.GroupID", "its consumer group", "`<stackName>-LiveScores-<topic>`"},
		func(c *LiveScoresConfig, v value) { c.Props.GroupID = v.text() }},
	{setting{"liveScoresMatches", "LiveScores.Matches", "matches that the page shows when its address names none", "none"},
		func(c *LiveScoresConfig, v value) { c.Props.Matches = v.list() }},
	{setting{"liveScoresLogRole", "LiveScores.DefineLogRole", "define the role with which API Gateway writes logs, for every API of the account in the region", "`false`"},
		func(c *LiveScoresConfig, v value) { c.Props.DefineLogRole = v.boolean() }},
	{setting{"liveScoresCode", "LiveScores.Entry", "directory with the functions `livescores` and `connections`", "`lambda`"},
		func(c *LiveScoresConfig, v value) { c.code = v.text() }},
}

const (
	liveScoresKey = "liveScores"
	liveScoresID  = "LiveScores" // of the construct, and the end of the stack's name
)

func (c *Config) readLiveScores(given source, ps *problems) {
	live := &LiveScoresConfig{}
	reported := fields{}
	for _, s := range liveScoresSettings {
		reported.read(ps, s.field, func() {
			if raw, ok := given[s.key]; ok {
				s.read(live, value{s.key, raw, ps})
			}
		})
	}
	if !live.on {
		for _, s := range liveScoresSettings {
			if _, ok := given[s.key]; ok && given[liveScoresKey] == nil {
				ps.add(s.key, "needs %s", liveScoresKey)
			}
		}
		return
	}
	p := &live.Props
	p.Topic = cmp.Or(p.Topic, "scores")
	derived := p.GroupID == ""
	if derived {
		p.GroupID = c.StackName + "-" + liveScoresID + "-" + p.Topic
	}
	code := cmp.Or(live.code, "lambda")
	p.Entry, p.ConnectionsEntry = path.Join(code, "livescores"), path.Join(code, "connections")
	if len(c.Consumers) > 0 {
		// One way into the cluster, for which the rules are there already.
		p.Authentication = c.Consumers[0].Props.Authentication
	}
	for _, other := range c.Consumers {
		if other.Props.GroupID == p.GroupID {
			ps.add("liveScoresGroupId", "must be its own, got %q, which %q has already", p.GroupID, other.Name)
		}
	}
	for _, problem := range split(p.Validate()) {
		field := liveScoresID + "." + problem.Field
		switch {
		case problem.Field == "ConnectionsEntry":
			field = liveScoresID + ".Entry"
		case problem.Field == "GroupID" && derived:
			continue // it is made of the topic and the stack's name, and what is wrong with them is said
		}
		if !reported[field] {
			ps.add(rename(field), "%s", rename(problem.Message))
		}
	}
	c.LiveScores = live
}

// newLiveScores defines the second stack, if it is asked for.
func (c *Config) newLiveScores(cluster *msklambda.Cluster) {
	if c.LiveScores == nil {
		return
	}
	stack := awscdk.NewStack(c.app, jsii.String(c.StackName+"-"+liveScoresID), &awscdk.StackProps{
		Description: jsii.String("Shows live scores of an Amazon MSK topic in browsers"),
		Env:         &awscdk.Environment{Account: c.stack.Account(), Region: c.stack.Region()},
	})
	live := livescores.New(stack, liveScoresID, cluster, &c.LiveScores.Props)
	for _, o := range []struct{ id, description, value string }{
		{"PageURL", "The page", "https://" + *live.Distribution.DistributionDomainName()},
		{"WebSocketURL", "Where the page connects to", *live.Stage.Url()},
		{"FunctionName", "The function that posts scores", *live.FanOut.Function.FunctionName()},
		{"MappingUUID", "Its event source mapping", *live.FanOut.Mapping.EventSourceMappingId()},
		{"FailedBucketName", "Where the events go that were given up on", *live.Failed.BucketName()},
	} {
		awscdk.NewCfnOutput(stack, &o.id, &awscdk.CfnOutputProps{Value: &o.value, Description: &o.description})
	}
}
