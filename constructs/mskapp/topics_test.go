package mskapp

import (
	"strings"
	"testing"
)

func TestATopicToMakeIsRead(t *testing.T) {
	const arn = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	consumers := func(each ...map[string]any) map[string]any {
		var list []any
		for i, c := range each {
			c["name"], c["consumerGroupId"] = string(rune('A'+i)), string(rune('a'+i))
			list = append(list, c)
		}
		return map[string]any{"topic": nil, "consumers": list}
	}
	tests := map[string]struct {
		context map[string]any
		want    string // "" = accepted
	}{
		"a number":                         {map[string]any{"createTopic": 6.0}, ""},
		"as -c has it":                     {map[string]any{"createTopic": "6"}, ""},
		"an object":                        {map[string]any{"createTopic": map[string]any{"partitions": 6.0, "replicationFactor": 2.0, "config": map[string]any{"retention.ms": "1"}, "removalPolicy": "DESTROY"}}, ""},
		"an object as text":                {map[string]any{"createTopic": `{"partitions":6,"config":"retention.ms=1"}`}, ""},
		"none":                             {map[string]any{"createTopic": 0.0}, "createTopic must be 1 or more, got 0"},
		"true":                             {map[string]any{"createTopic": true}, "createTopic must be a number of partitions, or a JSON object with partitions and more, got true"},
		"a word":                           {map[string]any{"createTopic": "yes"}, `createTopic must be a whole number, got "yes"`},
		"no JSON":                          {map[string]any{"createTopic": "{6}"}, `createTopic must be a number of partitions, or a JSON object with partitions and more, got "{6}"`},
		"no partitions":                    {map[string]any{"createTopic": map[string]any{"replicationFactor": 3.0}}, "createTopic.partitions is required: how many the topic has"},
		"another word":                     {map[string]any{"createTopic": map[string]any{"partitions": 6.0, "replicas": 3.0}}, `createTopic.replicas is none of ["config" "partitions" "removalPolicy" "replicationFactor"], did you mean "replicationFactor"?`},
		"a word of nobody":                 {map[string]any{"createTopic": map[string]any{"partitions": 6.0, "owner": "me"}}, `createTopic.owner is none of ["config" "partitions" "removalPolicy" "replicationFactor"]`},
		"configuration that is misspelt":   {map[string]any{"createTopic": `{"partitions":6,"config":"retension.ms=1"}`}, `createTopic.config must have names of Kafka, got "retension.ms", did you mean "retention.ms"?`},
		"another removal policy":           {map[string]any{"createTopic": `{"partitions":6,"removalPolicy":"KEEP"}`}, `createTopic.removalPolicy must be DESTROY, RETAIN or RETAIN_ON_UPDATE_OR_DELETE, got "KEEP"`},
		"more in sync than copies":         {map[string]any{"createTopic": `{"partitions":6,"replicationFactor":2,"config":"min.insync.replicas=3"}`}, "createTopic.config must not have more min.insync.replicas than createTopic.replicationFactor 2, got 3"},
		"no topic":                         {map[string]any{"createTopic": 6.0, "topic": nil}, "topic is required: the Kafka topic to read"},
		"a topic that is none":             {map[string]any{"createTopic": 6.0, "topic": "my orders"}, `topic must be 1 to 249 letters`},
		"a topic of Kafka's":               {map[string]any{"createTopic": 6.0, "topic": "__offsets"}, `topic must not begin with "__"`},
		"on a serverless cluster":          {map[string]any{"createTopic": 6.0, "clusterArn": strings.Replace(arn, "70-2", "70-s1", 1)}, "clusterArn must be of a provisioned cluster for a topic to be made"},
		"of the list":                      {consumers(map[string]any{"topic": "orders", "createTopic": 6.0}, map[string]any{"topic": "refunds", "createTopic": 3.0}), ""},
		"the same topic, made once":        {consumers(map[string]any{"topic": "orders", "createTopic": 6.0}, map[string]any{"topic": "orders", "createTopic": 6.0}), ""},
		"the same topic, and made by one":  {consumers(map[string]any{"topic": "orders", "createTopic": 6.0}, map[string]any{"topic": "orders"}), ""},
		"the same topic, made differently": {consumers(map[string]any{"topic": "orders", "createTopic": 6.0}, map[string]any{"topic": "orders", "createTopic": 3.0}), `consumers[1].createTopic must be the same for all consumers of the topic "orders", got another for "A"`},
		"names that are not told apart":    {consumers(map[string]any{"topic": "orders.eu", "createTopic": 6.0}, map[string]any{"topic": "orders_eu", "createTopic": 6.0}), `consumers[1].topic must differ by more than '.' and '_'`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			context := map[string]any{"clusterArn": arn, "vpcId": "vpc-0123456789abcdef0", "subnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
				"securityGroupIds": "sg-0123456789abcdef0", "topic": "orders", "entry": "../../lambda"}
			for key, v := range tt.context {
				if context[key] = v; v == nil {
					delete(context, key)
				}
			}
			err := Validate(context)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Validate = %v, want it accepted", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), "\n"+tt.want) || strings.Count(err.Error(), "\n") != 1):
				t.Errorf("Validate = %v, want %q alone", err, tt.want)
			}
		})
	}
}

// What is said of the cluster is said once, and names a consumer.
func TestAClusterWithoutTopicsIsRefusedOnce(t *testing.T) {
	context := map[string]any{"clusterArn": "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-s1", "entry": "../../lambda",
		"createTopic": 6.0, "consumers": []any{map[string]any{"name": "A", "topic": "a1"}, map[string]any{"name": "B", "topic": "b1"}}}
	err := Validate(context)
	if err == nil || strings.Count(err.Error(), "provisioned cluster") != 1 || !strings.Contains(err.Error(), "as consumers[0].createTopic asks") {
		t.Errorf("Validate = %v, want the cluster refused once, for the first that asks", err)
	}
}
