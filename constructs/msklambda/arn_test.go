package msklambda

import "testing"

func TestTopicAndGroupARNsDifferFromTheClustersOnlyInKindAndName(t *testing.T) {
	for _, tt := range []struct{ cluster, topic, group string }{
		{
			"arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2",
			"arn:aws:kafka:us-east-1:111122223333:topic/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/orders",
			"arn:aws:kafka:us-east-1:111122223333:group/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/a/b:c",
		},
		{
			"arn:aws-cn:kafka:cn-north-1:111122223333:cluster/cluster/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-s1",
			"arn:aws-cn:kafka:cn-north-1:111122223333:topic/cluster/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-s1/orders",
			"arn:aws-cn:kafka:cn-north-1:111122223333:group/cluster/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-s1/a/b:c",
		},
	} {
		if got := topicARN(tt.cluster, "orders"); got != tt.topic {
			t.Errorf("topicARN = %q, want %q", got, tt.topic)
		}
		if got := groupARN(tt.cluster, "a/b:c"); got != tt.group {
			t.Errorf("groupARN = %q, want %q", got, tt.group)
		}
	}
}
