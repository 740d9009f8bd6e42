package test

import (
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/plan"
)

var withAdminSecret = map[string]any{"admin": "read", "adminAuthentication": "scram", "adminSecretArn": adminSecretARN}

// What is wrong with the admin function of the app is said by its own keys, and not by
// those of the consumers that have the same fields.
func TestWrongKeysOfTheAdminFunctionAreNamed(t *testing.T) {
	list := func(consumers ...any) map[string]any {
		return map[string]any{"admin": "read", "topic": nil, "consumers": consumers}
	}
	for name, tt := range map[string]struct {
		context map[string]any
		want    string
	}{
		"another right":             {map[string]any{"admin": "write"}, `admin must be "read", "produce" or "manage", got "write"`},
		"a number":                  {map[string]any{"admin": 7.0}, `admin must be text, got 7`},
		"no right":                  {map[string]any{"admin": ""}, `admin must be "read", "produce" or "manage", got ""`},
		"topics and no right":       {map[string]any{"adminTopics": "orders"}, `admin is required for the other keys of an admin function: "read", "produce" or "manage"`},
		"a topic with a space":      {map[string]any{"admin": "read", "adminTopics": "my orders"}, `adminTopics must be names of topics, of letters, digits, '.', '_', '-' or '*', got "my orders"`},
		"a group with a space":      {map[string]any{"admin": "read", "adminGroups": "orders fn"}, `adminGroups must be names of groups, of letters, digits or any of - / : _ + = . @ *, got "orders fn"`},
		"SCRAM without a secret":    {map[string]any{"admin": "read", "adminAuthentication": "scram"}, `adminSecretArn is required with adminAuthentication "scram"`},
		"a secret with IAM":         {map[string]any{"admin": "read", "adminSecretArn": adminSecretARN}, `adminSecretArn needs adminAuthentication "scram" or "mtls", got "iam"`},
		"the name of a secret":      {map[string]any{"admin": "read", "adminSecretArn": "AmazonMSK_admin"}, `adminSecretArn must be the whole ARN of a secret with the six characters at its end`},
		"a key and no secret":       {map[string]any{"admin": "read", "adminSecretKeyArn": keyARN}, `adminSecretKeyArn needs adminSecretArn`},
		"a cluster of others":       {with(connected(), "admin", "read"), `vpcConnectionArn must not be given with an admin function`},
		"a consumer called Admin":   {list(map[string]any{"name": "Admin", "topic": "orders"}), `admin must not be given with a consumer whose name is "Admin", which is the name of the admin function`},
		"a key of one consumer":     {list(map[string]any{"name": "Orders", "topic": "orders", "admin": "read"}), `consumers[0].admin is of the whole app: give it outside of consumers`},
		"a slip":                    {map[string]any{"admn": "read"}, `admn is not a context key of this app, did you mean "admin"?`},
		"another word":              {map[string]any{"adminFunction": "read"}, `adminFunction is not a context key of this app, did you mean "admin"?`},
		"Admin in a stack of it":    {list(map[string]any{"name": "Admin", "topic": "orders", "consumerStack": "Sales"}), ""},
		"all of it":                 {map[string]any{"admin": "manage", "adminTopics": "*", "adminGroups": "orders-*"}, ""},
		"a secret by its whole ARN": {withAdminSecret, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := mskapp.Validate(given(tt.context))
			if tt.want == "" {
				if err != nil {
					t.Errorf("Validate = %v, want nil", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "\n"+tt.want) || strings.Count(err.Error(), "\n") != 1 {
				t.Errorf("Validate = %v, want %s alone", err, tt.want)
			}
		})
	}
}

// So is what only the construct can find.
func TestTheWayToTheSecretOfTheAdminFunctionIsNamedByItsKey(t *testing.T) {
	long(t)
	err := mskapp.Define(newApp(t, given(withAdminSecret)))
	const want = "msklambda: admin function \"Admin\":\nsecretsManagerEndpoint is required of the cluster for the secret of the admin function"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Define = %v, want %s", err, want)
	}
	if err := mskapp.Define(newApp(t, given(with(withAdminSecret, "secretsManagerEndpoint", "existing")))); err != nil {
		t.Errorf("Define = %v, want nil", err)
	}
}

func TestTheAppsAdminFunctionIsForAllOfItsConsumers(t *testing.T) {
	long(t)
	tpl := synthApp(t, given(map[string]any{"admin": "read", "topic": nil, "consumers": []any{
		map[string]any{"name": "A", "topic": "a1"}, map[string]any{"name": "B", "topic": "b1", "consumerStack": "Sales"}}}))
	env := adminVariables(tpl.at("Cluster/Admin/Function"))
	if env["MSKLAMBDA_ADMIN_TOPICS"] != "a1,b1" || env["MSKLAMBDA_ADMIN_GROUPS"] != "MskLambda-a1,MskLambda-b1" {
		t.Errorf("variables = %v, want both consumers'", env)
	}
}

func TestThePlanSaysWhatAnAdminFunctionLetsOthersDo(t *testing.T) {
	long(t)
	report := plan.DescribeAll(planOf(t, oneConsumer(map[string]any{"admin": "manage"})))[0]
	var said []string
	for _, l := range report.Lines {
		if l.Section == plan.Admins {
			said = append(said, l.Path+" "+l.Text)
		}
	}
	if want := "Cluster/Admin lets whoever may invoke it read and write topics orders and set the offsets of groups orders-fn of cluster demo, by iam"; len(said) != 1 || said[0] != want {
		t.Errorf("the plan says %q, want %s", said, want)
	}
	if want := "Cluster/Admin: the admin function reaches the brokers on TCP 9098, and needs nothing else"; !slices.Contains(report.Why, want) {
		t.Errorf("why = %q, want %s", report.Why, want)
	}
	changed, err := plan.CompareAll(planOf(t, oneConsumer(map[string]any{"admin": "read"})), planOf(t, oneConsumer(map[string]any{"admin": "manage"})))
	if err != nil {
		t.Fatal(err)
	}
	if text := cell(changed[0]); !strings.Contains(text, "*in place* `Cluster/Admin`: it may read -> manage") || !strings.Contains(text, "kafka-cluster:AlterGroup") || strings.Contains(text, "replaced") {
		t.Errorf("of read to manage the plan says %s", text)
	}
}
