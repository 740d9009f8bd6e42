package test

import (
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/livescores"
)

// The three functions may do what they do, to these tables and this stage, and nothing
// like it to others: in the verdicts of a policy evaluator. A table is followed by the
// partition key of an item, and the attributes that a request names.
func TestTheFunctionsOfLiveScoresMayDoWhatTheyDoAndNothingLikeIt(t *testing.T) {
	long(t)
	tpl := synthLive(t)
	const (
		here  = ":us-east-1:111122223333:"
		stage = "arn:aws:execute-api" + here + "a1b2c3d4e5/" + livescores.StageName
	)
	table := "arn:aws:dynamodb" + here + "table/" + tpl.at("LiveScores/Table").ID
	followers := "arn:aws:dynamodb" + here + "table/" + tpl.at("LiveScores/Followers").ID
	const (
		matchItem    = " 2026-ajx-psv match,item,sequence,history"
		shardsOfIt   = " 2026-ajx-psv match,item,shards,version"
		listItem     = " #index match,item,line"
		progressItem = " 2026-ajx-psv#7 match,item,progress,version"
		followerItem = " 2026-ajx-psv#7 match,item,sequence"
		followsItem  = " #connection#L0SM9cOFvHcCIhw= match,item,matches"
	)
	queue := "arn:aws:sqs" + here + tpl.at("LiveScores/Posts/Queue").ID
	files := "arn:aws:s3:::" + tpl.at("LiveScores/Snapshots").ID
	failed := "arn:aws:s3:::" + tpl.at("LiveScores/Failed").ID
	connection := stage + "/POST/@connections/L0SM9cOFvHcCIhw="
	roles := map[string]map[string][]string{ // what each may do, by resource
		"LiveScores/FanOut/Role": {
			table + matchItem:         {"dynamodb:GetItem", "dynamodb:UpdateItem"},
			table + shardsOfIt:        {"dynamodb:GetItem", "dynamodb:UpdateItem"},
			table + listItem:          {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:UpdateItem"},
			table + progressItem:      {"dynamodb:GetItem", "dynamodb:UpdateItem"}, // IAM cannot tell it from a match
			files:                     {"s3:ListBucket"},
			files + "/m/a.json":       {"s3:PutObject", "s3:GetObject"},
			failed + "/rejected/some": {"s3:PutObject"},
			queue:                     {"sqs:SendMessage"},
			topicARN + "scores":       {"kafka-cluster:ReadData", "kafka-cluster:DescribeTopic"},
		},
		"LiveScores/Posts/Role": {
			table + matchItem:        {"dynamodb:GetItem"},
			table + shardsOfIt:       {"dynamodb:GetItem", "dynamodb:UpdateItem"},
			table + listItem:         {"dynamodb:GetItem"},
			table + progressItem:     {"dynamodb:GetItem", "dynamodb:PutItem"},
			followers + followerItem: {"dynamodb:Query", "dynamodb:DeleteItem"},
			connection:               {"execute-api:ManageConnections"},
			queue:                    {"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
		},
		"LiveScores/Connections/Role": {
			followers + followerItem: {"dynamodb:BatchWriteItem", "dynamodb:DeleteItem"},
			followers + followsItem:  {"dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem"},
		},
	}
	// All that might be done to what is there, and the same to what is beside it.
	items := []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"}
	tables := []string{"dynamodb:Scan", "dynamodb:DescribeTable", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}
	both := slices.Concat(items, tables)
	posts := []string{"execute-api:ManageConnections", "execute-api:Invoke"}
	queues := []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:PurgeQueue", "sqs:DeleteQueue"}
	objects := []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
	everything := map[string][]string{
		table:                          tables,
		table + matchItem:              items,
		table + shardsOfIt:             items,
		table + listItem:               items,
		table + progressItem:           items,
		table + "2" + matchItem:        items,
		table + "2":                    tables,
		followers:                      tables,
		followers + followerItem:       items,
		followers + followsItem:        items,
		followers + "2":                tables,
		followers + "2" + followerItem: items,
		table + "/index/more":          {"dynamodb:Query", "dynamodb:Scan"},
		queue:                          queues,
		queue + "2":                    queues,
		strings.Replace(table, "us-east-1", "eu-west-1", 1): both,

		connection: posts,
		strings.Replace(connection, "/POST/", "/GET/", 1):          posts,
		strings.Replace(connection, "/POST/", "/DELETE/", 1):       posts,
		strings.Replace(connection, "/live/", "/test/", 1):         posts,
		strings.Replace(connection, "/live/", "/live2/", 1):        posts,
		strings.Replace(connection, "a1b2c3d4e5", "f6g7h8i9j0", 1): posts,
		strings.Replace(connection, "us-east-1", "eu-west-1", 1):   posts,

		topicARN + "scores":       {"kafka-cluster:ReadData", "kafka-cluster:WriteData", "kafka-cluster:DescribeTopic"},
		topicARN + "orders":       {"kafka-cluster:ReadData"},
		failed + "/some/key":      {"s3:GetObject", "s3:DeleteObject"}, // Lambda writes there with the role, by a condition
		failed + "/rejected/some": objects,
		files + "/m/a.json":       objects,
		files + "/other":          objects,
		files:                     {"s3:ListBucket", "s3:DeleteBucket"},
		"arn:aws:s3:::page/x":     {"s3:PutObject", "s3:GetObject"},
	}
	policies := map[string]any{}
	var questions []question
	for role, may := range roles {
		id := tpl.at(role).ID
		policies[role] = tpl.policyOf(id)
		allowed := map[string]bool{}
		add := func(action, resource, want string) {
			r := request{Principal: "arn:aws:iam::" + account + ":role/" + id, Action: action, Account: account, Policy: role}
			words := strings.Split(resource, " ")
			r.Resource = words[0]
			if len(words) > 1 {
				r.Context = map[string]any{"dynamodb:LeadingKeys": []string{words[1]}, "dynamodb:Attributes": strings.Split(words[2], ",")}
			}
			questions = append(questions, question{r, want, role})
		}
		for resource, actions := range may {
			for _, action := range actions {
				allowed[action+resource] = true
				add(action, resource, "Allowed")
			}
		}
		for resource, actions := range everything {
			for _, action := range actions {
				if !allowed[action+resource] {
					add(action, resource, "denied")
				}
			}
		}
	}
	ask(t, policies, questions)
}
