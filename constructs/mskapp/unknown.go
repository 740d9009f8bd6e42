package mskapp

import (
	"fmt"
	"slices"
	"strings"

	"msklambda/constructs/near"
	"msklambda/constructs/problem"
)

// ignoreKey lists context keys of others, which this app leaves alone.
const ignoreKey = "ignore"

// toolKeys are context keys of the CDK CLI that do not look like one.
var toolKeys = []string{"acknowledged-issue-numbers", "cli-telemetry"}

// isTools reports whether a context key is of CDK, its CLI or a look-up: all but
// a few of those have a character in them that no key of an app has.
func isTools(key string) bool {
	return strings.ContainsAny(key, "@:/") || slices.Contains(toolKeys, key)
}

// ignored reads the keys that are others'. One of this app is none of them: it
// would be lost in silence, which is what the list is there to prevent.
func ignored(context map[string]any, ours []setting, ps *problem.List) map[string]bool {
	out := map[string]bool{}
	raw, ok := context[ignoreKey]
	if !ok {
		return out
	}
	for _, key := range (value{ignoreKey, raw, ps}).list() {
		if isOurs(ours, key) {
			ps.Add(ignoreKey, "must not have keys of this app, got %q", key)
		}
		out[key] = true
	}
	return out
}

func isOurs(known []setting, key string) bool {
	_, ok := find(known, key)
	return ok || key == consumersKey || key == exampleKey || key == ignoreKey
}

// listKeys are those that are not in the table of settings.
var listKeys = []setting{{key: consumersKey, field: consumersKey}, {key: ignoreKey, field: ignoreKey}}

// refuseKey refuses a key that nobody reads, with the one that may be meant.
func refuseKey(ps *problem.List, known []setting, key string) {
	if meant, ok := suggest(append(slices.Clip(known), listKeys...), key); ok {
		ps.Add(key, "is not a context key of this app, did you mean %q?", meant)
		return
	}
	ps.Add(key, "is not a context key of this app; if it is of something else, name it in %q", ignoreKey)
}

// refuseConsumerKey refuses a key of one consumer of several.
func refuseConsumerKey(ps *problem.List, prefix, key string) {
	var known []setting
	for _, s := range consumerSettings {
		known = append(known, s.setting)
	}
	known = append(known, setting{key: "name", field: "name"})
	if slices.ContainsFunc(clusterSettings, func(s clusterSetting) bool { return s.key == key }) {
		ps.Add(prefix+key, "is of the whole app: give it outside of %s", consumersKey)
		return
	}
	hint := ""
	if meant, ok := suggest(known, key); ok {
		hint = fmt.Sprintf(", did you mean %q?", meant)
	}
	ps.Add(prefix+key, "is not a key of a consumer%s", hint)
}

// suggest finds the key that was meant by one that is not known: the same but
// for case and separators, the name of the Go field, another word for it, or two
// slips away.
func suggest(known []setting, key string) (string, bool) {
	got := near.Plain(key)
	for _, s := range known {
		if got == near.Plain(s.key) || got == near.Plain(s.field) {
			return s.key, true
		}
	}
	for _, s := range known {
		if slices.Contains(strings.Fields(otherWords[s.key]), got) {
			return s.key, true
		}
	}
	for _, s := range known {
		// Two slips in a word of four letters make another word.
		if slips := near.Distance(got, near.Plain(s.key)); slips == 1 || slips == 2 && len(s.key) > 5 {
			return s.key, true
		}
	}
	return "", false
}

// otherWords are what others call the same: the AWS API, CloudFormation, the AWS
// CLI, Terraform, Kafka's own tools and people. In lower case, without separators.
var otherWords = map[string]string{
	"clusterArn":                "cluster arn msk mskarn mskcluster mskclusterarn eventsource eventsourcearn",
	"vpcConnectionArn":          "connection connectionarn vpcconnection",
	"vpcId":                     "vpc",
	"subnetIds":                 "subnet subnetid subnets brokersubnets",
	"securityGroupIds":          "sg sgs sgid sgids securitygroup securitygroupid",
	"vpcCidrs":                  "cidr cidrs vpccidrblock vpccidrblocks",
	"endpointAccess":            "access",
	"endpointIpAddressType":     "ipaddresstype ipv6 dualstack",
	"securityGroupRules":        "rules",
	"admin":                     "adminfunction adminright addadmin mskadmin",
	"adminTopics":               "admintopic",
	"adminGroups":               "admingroup adminconsumergroups",
	"adminAuthentication":       "adminauth",
	"adminSecretArn":            "adminsecret",
	"adminSecretKeyArn":         "adminsecretkey",
	"stackName":                 "stack name",
	"topic":                     "kafkatopic topicname",
	"createTopic":               "maketopic newtopic partitions partitioncount numpartitions topicpartitions replicationfactor topicconfig",
	"consumerGroupId":           "group groupname kafkaconsumergroupid",
	"entry":                     "code codeuri dir directory handler main package path source src",
	"functionArn":               "functionname lambda lambdaarn lambdafunction",
	"batchSize":                 "batch maxbatchsize maximumbatchsize maxpollrecords records",
	"batchWindow":               "window maxbatchingwindow maximumbatchingwindow maximumbatchingwindowinseconds",
	"startingPosition":          "position offset offsets autooffsetreset startat start from",
	"startingPositionTimestamp": "timestamp startingtimestamp attimestamp",
	"enabled":                   "enable active disable",
	"authentication":            "auth authmethod sasl",
	"secretArn":                 "secret scramsecret credentials credentialssecret credentialsarn",
	"secretKeyArn":              "secretkey secretkmskeyarn",
	"minimumPollers":            "minpollers",
	"maximumPollers":            "maxpollers",
	"pollerGroup":               "pollergroupname",
	"pollers":                   "poller mode provisioned provisionedmode provisionedpollerconfig",
	"retryAttempts":             "retry retries retrycount maxretries maxretryattempts maximumretryattempts attempts",
	"maxRecordAge":              "age maxage recordage maximumrecordage maximumrecordageinseconds",
	"bisectOnError":             "bisect bisectbatch bisectbatchonerror bisectbatchonfunctionerror",
	"reportBatchItemFailures":   "partial partialbatch partialfailures partialresponses functionresponsetypes batchitemfailures itemfailures",
	"onFailure": "dlq dlqarn deadletter deadletters deadletterarn deadletterconfig deadletterqueue deadletterqueuearn " +
		"destination destinationarn destinationconfig failure failuredestination failuredestinationarn failurequeue onerror onfailurearn onfailuredestination onfailurequeue",
	"onFailureKeyArn":            "onfailurekey dlqkeyarn destinationkeyarn",
	"filters":                    "filtercriteria filterpattern filterpatterns pattern patterns",
	"filterKeyArn":               "kmskeyarn filterencryption filterencryptionkey",
	"schemaRegistry":             "registry registryarn schemaregistryarn schemaregistryurl",
	"schemaFormat":               "eventrecordformat recordformat",
	"schemaValidate":             "schemavalidation schemavalidationconfigs",
	"schemaAccess":               "accessconfigs registryaccess",
	"metrics":                    "metricsconfig",
	"alarms":                     "monitoring alerts",
	"alarmTopicArns":             "alarmtopic alarmtopics alarmactions alarmarn alerttopic alerttopicarn",
	"dashboard":                  "dashboards",
	"roleArn":                    "iamrole executionrole executionrolearn",
	"architecture":               "arch architectures cpu goarch",
	"memorySize":                 "mem memory memorymb memoryinmb ram",
	"timeout":                    "functiontimeout timeoutseconds timeoutinseconds maxduration",
	"environment":                "env envs envvars environmentvariables variables vars",
	"reservedConcurrency":        "concurrency reservedconcurrentexecutions maxconcurrency maximumconcurrency",
	"tracing":                    "xray trace tracingconfig tracingmode",
	"logRetentionDays":           "retention retentiondays retentionindays logretentionindays logsretention",
	"logRemovalPolicy":           "removalpolicy deletionpolicy loggroupremovalpolicy",
	"deadLetterTopic":            "deadlettertopicname dlt dlttopic deadtopic",
	"idempotency":                "idempotent idempotencytable once oncetable dedup deduplication table tablearn dynamodbtable",
	"idempotencyKeyArn":          "idempotencykey tablekey tablekeyarn",
	"idempotencyRemovalPolicy":   "tableremovalpolicy",
	"idempotencyNamespace":       "epoch namespace oncenamespace",
	"functionRegistryArn":        "glueregistryarn functionregistry functionglueregistry",
	"functionRegistrySecretArns": "functionregistrysecret registrysecretarns",
	"metricsNamespace":           "functionmetrics emf emfnamespace metricnamespace",
	"functionSubnetIds":          "lambdasubnetids vpcsubnetids vpcconfig",
	"functionSecurityGroupIds":   "lambdasecuritygroupids",
	"layerArns":                  "layer layerarn",
	"ephemeralStorageSize":       "tmp tmpsize storage",
	"environmentKeyArn":          "environmentencryption environmentencryptionkey",
	"logGroupKeyArn":             "logskeyarn logkeyarn loggroupkmskeyarn",
	"logLevel":                   "applicationloglevel level",
	"codeSigningConfigArn":       "signing codesigningconfig",
	"deployment":                 "deploymentpreference deploymentconfig deploymentconfigname canary codedeploy",
	"deploymentAlarmArns":        "deploymentalarms rollbackalarms",
	"tags":                       "labels",
	"consumerStack":              "stackof stacks substack nestedstack",
	"name":                       "consumer consumername id",
	"consumers":                  "functions consumerslist",
	"ignore":                     "ignored ignorekeys",
}
