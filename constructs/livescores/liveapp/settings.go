// Package liveapp is what the app of live scores has beyond that of consumers: the
// context keys of the second stack, and the stack.
package liveapp

import (
	"cmp"
	"path"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/livescores"
	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// config is what the keys say.
type config struct {
	props livescores.Props

	on   bool
	code string // the directory of the functions
}

// Extension returns live scores, for [mskapp.ReadConfig]. An extension is for one
// app.
func Extension() *mskapp.Extension {
	c := &config{on: true}
	return &mskapp.Extension{
		Settings: c.settings(),
		Complete: c.complete,
		Define: func(app awscdk.App, main *mskapp.Config, cluster *msklambda.Cluster) {
			define(app, main.StackName, cluster, &c.props)
		},
	}
}

// settings are in the order of the table in docs/live-scores.md.
func (c *config) settings() []mskapp.Setting {
	return []mskapp.Setting{
		{Key: "liveScoresTopic", Field: "Topic", Usage: "topic of the score events", Default: "`scores`",
			Read: func(v mskapp.Value) { c.props.Topic = v.Text() }},
		{Key: "liveScoresGroupId", Field: "GroupID", Usage: "its consumer group", Default: "`<stackName>-LiveScores-<topic>`",
			Read: func(v mskapp.Value) { c.props.GroupID = v.Text() }},
		{Key: "liveScoresMatches", Field: "Matches", Usage: "matches that the page shows when its address names none", Default: "none",
			Read: func(v mskapp.Value) { c.props.Matches = v.List() }},
		{Key: "liveScoresLogRole", Field: "DefineLogRole", Usage: "define the role with which API Gateway writes logs, for every API of the account in the region", Default: "`false`",
			Read: func(v mskapp.Value) { c.props.DefineLogRole = v.Bool() }},
		{Key: "liveScoresAlarmTopics", Field: "Alarms.Topics", Usage: "SNS topics that are told of alarms, by their ARNs", Default: "none",
			Read: func(v mskapp.Value) { c.props.Alarms.Topics = v.List() }},
		{Key: "liveScoresCode", Field: "Entry", Usage: "directory with the functions `livescores`, `livescores/poster` and `connections`", Default: "`lambda`",
			Read: func(v mskapp.Value) { c.code = v.Text() }},
		{Key: "liveScores", Field: "LiveScores", Usage: "nothing but `true`: the main app is the one without", Default: "`true`",
			Read: func(v mskapp.Value) { c.on = v.Bool() }},
	}
}

func (c *config) complete(main *mskapp.Config) error {
	var ps problem.List
	if !c.on {
		ps.Add("LiveScores", "must be true in this app: without --app, the CLI runs the one that has no live scores")
	}
	p := &c.props
	p.Topic = cmp.Or(p.Topic, "scores")
	derived := p.GroupID == ""
	if derived {
		p.GroupID = stackName(main.StackName) + "-" + p.Topic
	}
	code := cmp.Or(c.code, "lambda")
	p.Entry, p.ConnectionsEntry = path.Join(code, "livescores"), path.Join(code, "connections")
	p.PosterEntry = path.Join(p.Entry, "poster")
	if len(main.Consumers) > 0 {
		// One way into the cluster, for which the rules are there already.
		p.Authentication = main.Consumers[0].Props.Authentication
	}
	for _, other := range main.Consumers {
		if other.Props.GroupID == p.GroupID {
			ps.Add("GroupID", "must be its own, got %q, which %q has already", p.GroupID, other.Name)
		}
	}
	for _, p := range problem.Of(p.Validate()) {
		switch {
		case p.Field == "ConnectionsEntry" || p.Field == "PosterEntry":
			ps.Add("Entry", "%s", p.Message)
		case p.Field == "GroupID" && derived:
			// It is made of the topic and the stack's name, and what is wrong with them is said.
		default:
			ps = append(ps, p)
		}
	}
	return ps.Err()
}
