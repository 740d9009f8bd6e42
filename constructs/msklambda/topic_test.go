package msklambda

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// None of these tests starts Node: Validate is plain Go.

func TestTopicsAreRefusedByFieldName(t *testing.T) {
	config := func(name, value string) func(*TopicProps) {
		return func(p *TopicProps) { p.Config = map[string]string{name: value} }
	}
	tests := map[string]struct {
		edit func(*TopicProps)
		want string // "" = accepted
	}{
		"good":                 {func(*TopicProps) {}, ""},
		"a name of one letter": {func(p *TopicProps) { p.Name = "o" }, ""},
		"a name with a dot":    {func(p *TopicProps) { p.Name = ".orders_v2-a" }, ""},
		"a name by a token":    {func(p *TopicProps) { p.Name = token }, ""},
		"no name":              {func(p *TopicProps) { p.Name = "" }, "Name is required: that of the Kafka topic to make"},
		"a space":              {func(p *TopicProps) { p.Name = "my orders" }, `Name must be 1 to 249 letters, digits, '.', '_' or '-', got "my orders"`},
		"too long a name":      {func(p *TopicProps) { p.Name = strings.Repeat("o", 250) }, "Name must be 1 to 249"},
		"dots":                 {func(p *TopicProps) { p.Name = ".." }, `Name must not be "." or "..", which Kafka reserves, got ".."`},
		"Kafka's own":          {func(p *TopicProps) { p.Name = "__consumer_offsets" }, `Name must not begin with "__", as the topics of Kafka and MSK themselves do, got "__consumer_offsets"`},
		"one partition":        {func(p *TopicProps) { p.Partitions = 1 }, ""},
		"no partitions":        {func(p *TopicProps) { p.Partitions = 0 }, "Partitions is required, and must be 1 or more, got 0"},
		"fewer than none":      {func(p *TopicProps) { p.Partitions = -1 }, "got -1"},
		"one replica":          {func(p *TopicProps) { p.ReplicationFactor = 1 }, ""},
		"replicas below zero":  {func(p *TopicProps) { p.ReplicationFactor = -1 }, "ReplicationFactor must be 1 or more, got -1"},
		"configuration":        {config("retention.ms", "604800000"), ""},
		"of a later Kafka":     {config("share.retention.policy", "x"), ""},
		"Kafka's own spelling": {config("retentionMs", "1"), `Config must have names of Kafka, such as "retention.ms", got "retentionMs"`},
		"a slip":               {config("retention.m", "1"), `Config must have names of Kafka, got "retention.m", did you mean "retention.ms"?`},
		"another separator":    {config("cleanuppolicy", "compact"), `did you mean "cleanup.policy"?`},
		"no value":             {config("retention.ms", ""), `Config must have a value for "retention.ms": leave it out for that of the cluster`},
		"a token as value":     {config("retention.ms", token), "Config must not hold a token, since MSK takes it in base64"},
		"as many in sync":      {func(p *TopicProps) { p.ReplicationFactor = 3; config("min.insync.replicas", "3")(p) }, ""},
		"more in sync": {func(p *TopicProps) { p.ReplicationFactor = 2; config("min.insync.replicas", "3")(p) },
			"Config must not have more min.insync.replicas than ReplicationFactor 2, got 3"},
		"destroyed":         {func(p *TopicProps) { p.RemovalPolicy = awscdk.RemovalPolicy_DESTROY }, ""},
		"a snapshot of one": {func(p *TopicProps) { p.RemovalPolicy = awscdk.RemovalPolicy_SNAPSHOT }, `RemovalPolicy must be DESTROY, RETAIN or RETAIN_ON_UPDATE_OR_DELETE, got "SNAPSHOT"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &TopicProps{Name: "orders", Partitions: 6}
			tt.edit(p)
			check(t, p.Validate(), tt.want)
		})
	}
	check(t, (*TopicProps)(nil).Validate(), "Name is required")
}

func TestWhereNoTopicIsMade(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*ClusterProps)
		want string
	}{
		"provisioned":        {func(*ClusterProps) {}, ""},
		"not known":          {func(p *ClusterProps) { p.ClusterARN = token }, ""},
		"serverless":         {func(p *ClusterProps) { p.ClusterARN = strings.Replace(p.ClusterARN, "70-2", "70-s1", 1) }, "ClusterARN must be of a provisioned cluster for a topic to be made"},
		"of another account": {func(p *ClusterProps) { p.VPCConnectionARN = token }, "VPCConnectionARN must not be given for a topic to be made"},
	} {
		t.Run(name, func(t *testing.T) {
			p := goodCluster()
			tt.edit(p)
			check(t, p.ValidateTopic(&TopicProps{Name: "orders", Partitions: 6}), tt.want)
		})
	}
}

func TestTopicsBesideOneAnother(t *testing.T) {
	for others, want := range map[string]string{
		"refunds": "", "orders-v1": "", "orders.v1": `Name must not be that of another topic that is made here, got "orders.v1" twice`,
		"orders_v1": `Name must differ by more than '.' and '_', which Kafka does not tell apart in metrics, got "orders.v1" beside "orders_v1"`,
	} {
		check(t, (&TopicProps{Name: "orders.v1"}).ValidateBeside(nil, &TopicProps{Name: others}), want)
	}
	if err := errors.Join((&TopicProps{}).ValidateBeside(&TopicProps{}), (*TopicProps)(nil).ValidateBeside(&TopicProps{})); err != nil {
		t.Errorf("without names = %v, want no complaint about names", err)
	}
}

func TestTheConfigurationIsJSONInBase64(t *testing.T) {
	if got := configs(nil); got != nil {
		t.Errorf("none = %q, want no property", *got)
	}
	text, err := base64.StdEncoding.DecodeString(*configs(map[string]string{"retention.ms": "604800000", "cleanup.policy": "compact"}))
	if want := `{"cleanup.policy":"compact","retention.ms":"604800000"}`; err != nil || string(text) != want {
		t.Errorf("configuration = %s, %v, want %s", text, err, want)
	}
}
