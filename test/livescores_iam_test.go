package test

import (
	"strings"
	"testing"

	"msklambda/constructs/livescores"
)

// The three functions may do what they do, to this table and this stage, and nothing
// like it to others: in the verdicts of a policy evaluator.
func TestTheFunctionsOfLiveScoresMayDoWhatTheyDoAndNothingLikeIt(t *testing.T) {
	long(t)
	tpl := synthLive(t)
	const (
		here  = ":us-east-1:111122223333:"
		stage = "arn:aws:execute-api" + here + "a1b2c3d4e5/" + livescores.StageName
	)
	table := "arn:aws:dynamodb" + here + "table/" + tpl.at("LiveScores/Table").ID
	queue := "arn:aws:sqs" + here + tpl.at("LiveScores/Posts/Queue").ID
	files := "arn:aws:s3:::" + tpl.at("LiveScores/Snapshots").ID
	failed := "arn:aws:s3:::" + tpl.at("LiveScores/Failed").ID
	connection := stage + "/POST/@connections/L0SM9cOFvHcCIhw="
	roles := map[string]map[string][]string{ // what each may do, by resource
		"LiveScores/FanOut/Role": {
			table:                     {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:Query"},
			files + "/m/a.json":       {"s3:PutObject", "s3:GetObject"},
			failed + "/rejected/some": {"s3:PutObject"},
			queue:                     {"sqs:SendMessage"},
			topicARN + "scores":       {"kafka-cluster:ReadData", "kafka-cluster:DescribeTopic"},
		},
		"LiveScores/Posts/Role": {
			table:      {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"},
			connection: {"execute-api:ManageConnections"},
			queue:      {"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
		},
		"LiveScores/Connections/Role": {
			table: {"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:DeleteItem"},
		},
	}
	// All that might be done to what is there, and the same to what is beside it.
	tables := []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query", "dynamodb:Scan",
		"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DescribeTable", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}
	posts := []string{"execute-api:ManageConnections", "execute-api:Invoke"}
	queues := []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:PurgeQueue", "sqs:DeleteQueue"}
	objects := []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
	everything := map[string][]string{
		table:                 tables,
		table + "2":           tables,
		table + "/index/more": {"dynamodb:Query", "dynamodb:Scan"},
		queue:                 queues,
		queue + "2":           queues,
		strings.Replace(table, "us-east-1", "eu-west-1", 1): tables,

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
		"arn:aws:s3:::page/x":     {"s3:PutObject", "s3:GetObject"},
	}
	policies := map[string]any{}
	var questions []question
	for role, may := range roles {
		id := tpl.at(role).ID
		policies[role] = tpl.policyOf(id)
		allowed := map[string]bool{}
		add := func(action, resource, want string) {
			questions = append(questions, question{request{
				Principal: "arn:aws:iam::" + account + ":role/" + id, Action: action, Resource: resource, Account: account, Policy: role,
			}, want, role})
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
