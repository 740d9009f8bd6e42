package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/livescores/liveapp"
	"msklambda/constructs/livescores/page"
	"msklambda/constructs/mskapp"
	"msklambda/test/internal/synthtest"
)

// live are the keys that the tests of live scores need.
var live = map[string]any{"liveScoresCode": entry}

func TestTheAppOfLiveScoresHasASecondStack(t *testing.T) {
	long(t)
	off := synthApp(t, given(nil))
	on := synthApp(t, given(live), liveapp.Extension())
	for path, r := range off.Resources {
		if got := asJSON(on.Resources[path]); got != asJSON(r) {
			t.Errorf("%s with live scores = %s, want %s", path, got, asJSON(r))
		}
		if strings.HasPrefix(path, "LiveScores/") {
			t.Errorf("%s is there without live scores", path)
		}
	}
	if got := on.count("AWS::EC2::VPCEndpoint"); got != 2 {
		t.Errorf("endpoints in both stacks = %d, want the 2 of the first", got)
	}
}

func TestEveryKeyOfLiveScoresReachesTheTemplate(t *testing.T) {
	long(t)
	tests := map[string]struct {
		context map[string]any
		path    string
		want    string // JSON that the resource must hold
	}{
		"liveScores":            {with(live, "liveScores", "true"), "LiveScores/FanOut/Mapping", `"ConsumerGroupId":"MskLambda-LiveScores-scores"`},
		"liveScoresTopic":       {with(live, "liveScoresTopic", "goals"), "LiveScores/FanOut/Mapping", `"Topics":["goals"]`},
		"liveScoresGroupId":     {with(live, "liveScoresGroupId", "g"), "LiveScores/FanOut/Mapping", `"ConsumerGroupId":"g"`},
		"liveScoresMatches":     {with(live, "liveScoresMatches", "a,b"), "LiveScores/Page/Deployment/CustomResource/Default", `"SourceMarkers"`},
		"liveScoresLogRole":     {with(live, "liveScoresLogRole", "true"), "LiveScores/LogAccount", `"CloudWatchRoleArn"`},
		"liveScoresAlarmTopics": {with(live, "liveScoresAlarmTopics", "arn:aws:sns:us-east-1:111122223333:ops"), "LiveScores/Alarms/Age", `"AlarmActions":["arn:aws:sns:us-east-1:111122223333:ops"]`},
		"liveScoresCode":        {live, "LiveScores/Connections/Function", `"Handler":"bootstrap"`},
	}
	for _, s := range liveapp.Extension().Settings {
		if _, ok := tests[s.Key]; !ok {
			t.Errorf("context key %q has no row here", s.Key)
		}
	}
	for key, tt := range tests {
		t.Run(key, func(t *testing.T) {
			if got := asJSON(synthApp(t, given(tt.context), liveapp.Extension()).at(tt.path)); !strings.Contains(got, tt.want) {
				t.Errorf("%s = %s, want %s in it", tt.path, got, tt.want)
			}
		})
	}
}

// The main app says where live scores have gone, once, with the command that the
// documentation has.
func TestTheMainAppRefusesTheKeysOfLiveScores(t *testing.T) {
	const command = `npx --yes aws-cdk@` + synthtest.CLIVersion + ` deploy --all --app "go run ./constructs/livescores/app"`
	keys := []string{"liveScoreTopic"} // a slip
	for _, s := range liveapp.Extension().Settings {
		keys = append(keys, s.Key)
	}
	for _, key := range keys {
		_, err := mskapp.ReadConfig(newApp(t, given(map[string]any{key: "true"})))
		if want := key + " must go to the app of live scores, with the other options: " + command; err == nil || !strings.HasSuffix(err.Error(), "\n"+want) {
			t.Errorf("ReadConfig = %v, want %s", err, want)
		}
	}
	_, err := mskapp.ReadConfig(newApp(t, given(with(live, "liveScores", "true"))))
	if want := "\nliveScores, liveScoresCode must go to"; err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("ReadConfig = %v, want one line that names both keys", err)
	}
	if !strings.Contains(synthtest.Page(t, "docs/live-scores.md"), "\n"+command) {
		t.Errorf("docs/live-scores.md has not the command %s", command)
	}
}

// liveApp builds the app with live scores and returns the second template and
// the directory of its assets.
func liveApp(t *testing.T, context map[string]any) (template map[string]any, dir string) {
	t.Helper()
	noPanic(t, func() {
		app := newApp(t, given(context))
		config, err := mskapp.ReadConfig(app, liveapp.Extension())
		if err != nil {
			t.Fatal(err)
		}
		mskapp.NewStack(config)
		app.Synth(nil)
		dir = *app.Outdir()
	})
	text, err := os.ReadFile(filepath.Join(dir, "MskLambda-LiveScores.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	return template, dir
}

func TestTheSecondStacksOutputsAreWhatOneLooksAt(t *testing.T) {
	long(t)
	template, _ := liveApp(t, live)
	for _, want := range []string{"PageURL", "WebSocketURL", "FunctionName", "MappingUUID", "FailedBucketName"} {
		if template["Outputs"].(map[string]any)[want] == nil {
			t.Errorf("output %s is missing from %s", want, asJSON(template["Outputs"]))
		}
	}
}

// The page that is deployed is the page, with the URL of this API in its config.
func TestThePageIsDeployedWithItsConfig(t *testing.T) {
	long(t)
	_, dir := liveApp(t, with(live, "liveScoresMatches", "a,b"))
	found := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "asset.*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a directory
		}
		found[filepath.Base(file)] = string(text)
	}
	for name, want := range page.Files() {
		if found[name] != want {
			t.Errorf("%s = %q, want the page's", name, found[name])
		}
	}
	var config struct {
		URL     string
		Matches []string
	}
	// CDK puts the marker of the URL, quotes and all, where the URL comes to be.
	text := strings.NewReplacer("<<marker:", `"<<marker:`, ">>", `>>"`).Replace(found[page.Config])
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatalf("%s = %s: %v", page.Config, found[page.Config], err)
	}
	if !strings.HasPrefix(config.URL, "<<marker:") || !slices.Equal(config.Matches, []string{"a", "b"}) {
		t.Errorf("%s = %s, want a URL and the matches", page.Config, found[page.Config])
	}
}

func TestWrongLiveScoresInTheContextAreReported(t *testing.T) {
	for name, tt := range map[string]struct {
		context map[string]any
		want    string
		count   int
	}{
		"several": {with(live, "liveScoresTopic", "my scores", "liveScoresMatches", "a b", "liveScoresLogRole", "maybe"),
			`liveScoresTopic must be 1 to 249 letters, digits, '.', '_' or '-', got "my scores"
liveScoresMatches must be ids of matches`, 3},
		"turned off":        {with(live, "liveScores", "false"), `liveScores must be true in this app`, 1},
		"the first's group": {with(live, "liveScoresGroupId", "MskLambda-orders"), `liveScoresGroupId must be its own, got "MskLambda-orders", which "Consumer" has already`, 1},
		"no code":           {map[string]any{"liveScoresCode": "nowhere"}, `liveScoresCode must be the directory of a Go main package, got "nowhere/livescores"`, 3},
		"a slip":            {with(live, "liveScoreTopic", "goals"), `did you mean "liveScoresTopic"?`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mskapp.ReadConfig(newApp(t, given(tt.context)), liveapp.Extension())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("ReadConfig = %v, want %s", err, tt.want)
			}
			if got := strings.Count(err.Error(), "\n"); got != tt.count {
				t.Errorf("problems = %d, want %d:\n%v", got, tt.count, err)
			}
		})
	}
}

// A cluster that is looked up has live scores too: its placeholders of the first runs
// reach neither stack.
func TestLiveScoresOfAClusterThatIsLookedUp(t *testing.T) {
	long(t)
	context := with(live, "clusterArn", arn, "topic", "orders", "entry", entry)
	got := lookUpApp(t, newCloud(func(c *cloud) { c.Topic(arn, "scores", 6) }), context, liveapp.Extension)
	if got.text != "" {
		t.Fatal(got.text)
	}
	root := got.Stack.Node().Root()
	second := read(t, root.Node().FindChild(jsii.String("MskLambda-LiveScores")).(awscdk.Stack))
	if got := asJSON(second.at("LiveScores/FanOut/Mapping").Properties["EventSourceArn"]); got != `"`+arn+`"` {
		t.Errorf("source = %s, want %s", got, arn)
	}
	if n := second.count("AWS::EC2::VPCEndpoint") + second.count("AWS::EC2::SecurityGroupIngress"); n != 0 {
		t.Errorf("endpoints and rules in the second stack = %d, want none", n)
	}
}
