package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

type widget struct {
	Type       string
	X, Width   int
	Properties struct {
		Title, Query string
		Markdown     string
		Region       string
		Alarms       []string
		Metrics      [][]any
		Annotations  struct{ Horizontal []struct{ Value float64 } }
	}
}

// series are the metrics of a widget by name and statistic, and its limits.
func (w widget) series() string {
	var out []string
	for _, m := range w.Properties.Metrics {
		options, _ := m[len(m)-1].(map[string]any)
		out = append(out, m[1].(string)+" "+options["stat"].(string))
	}
	for _, a := range w.Properties.Annotations.Horizontal {
		out = append(out, asJSON(a.Value))
	}
	return strings.Join(out, ", ")
}

// widgets reads the body of a dashboard; what only the deploy knows is REF.
func widgets(t *testing.T, dashboard *resource) []widget {
	t.Helper()
	var text strings.Builder
	for _, part := range dashboard.Properties["DashboardBody"].(map[string]any)["Fn::Join"].([]any)[1].([]any) {
		if s, ok := part.(string); ok {
			text.WriteString(s)
		} else {
			text.WriteString("REF")
		}
	}
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(text.String()), &body); err != nil {
		t.Fatalf("%v in %s", err, text.String())
	}
	return body.Widgets
}

func TestDashboard(t *testing.T) {
	long(t)
	lists := func(edit ...consumerEdit) []string {
		var out []string
		for _, w := range widgets(t, synthConsumer(t, edit...).at("Cluster/Orders/Dashboard")) {
			p := w.Properties
			out = append(out, strings.TrimSpace(p.Title+p.Markdown+": "+w.series()+p.Query))
			if len(p.Alarms) > 0 && len(p.Alarms) != 8 {
				t.Errorf("widget %s shows %d alarms, want 8", p.Title, len(p.Alarms))
			}
			if w.X+w.Width > 24 {
				t.Errorf("widget %s ends at %d, want 24 at most", p.Title, w.X+w.Width)
			}
		}
		return out
	}
	on := func(p *msklambda.ConsumerProps) { p.Dashboard = true }
	plain := []string{
		"## Orders\ntopic **orders**, group **orders-fn**:",
		"Lag (records): OffsetLag Maximum",
		"Records: PolledEventCount Sum, FilteredOutEventCount Sum, InvokedEventCount Sum, CommittedEventCount Sum, DroppedEventCount Sum",
		"Errors: Errors Sum, Throttles Sum, FailedInvokeEventCount Sum",
		"Lag (seconds): EstimatedMaxTimeLag Maximum",
		"Duration (ms): Duration p99, Duration Maximum, 60000",
		"Invocations: Invocations Sum, ConcurrentExecutions Maximum",
		`Failed records: SOURCE 'REF' | fields @timestamp, topic, partition, offset, error, message` + "\n" + `| filter level = "ERROR"` + "\n| sort @timestamp desc\n| limit 50",
	}
	if got := lists(on); !slices.Equal(got, plain) {
		t.Errorf("dashboard = %q, want %q", got, plain)
	}
	alarmed := slices.Insert(slices.Clone(plain), 1, "Alarms:")
	alarmed[2] += ", 10000"
	alarmed[5] += ", 900"
	alarmed[6] = "Duration (ms): Duration p99, Duration Maximum, 48000, 60000"
	if got := lists(on, alarms(&msklambda.Alarms{})); !slices.Equal(got, alarmed) {
		t.Errorf("dashboard with alarms = %q, want %q", got, alarmed)
	}
	function := slices.Insert(slices.Clone(plain), 7,
		"Records of the function: Records Sum, Failures Sum, Retries Sum, Skipped Sum, DeadLettered Sum", "Age of records (ms): Age Maximum, Age p50")
	if got := lists(on, func(p *msklambda.ConsumerProps) { p.MetricsNamespace = "Orders" }); !slices.Equal(got, function) {
		t.Errorf("dashboard with metrics of the function = %q, want %q", got, function)
	}
}

func TestWidgetsGoOntoADashboardOfYourOwn(t *testing.T) {
	noPanic(t, func() {
		app := newApp(t, nil)
		orders := newStack(app, "Orders")
		c := msklambda.ImportCluster(orders, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		existing := msklambda.NewConsumer(orders, "Refunds", msklambda.ImportCluster(orders, "Other", clusterProps(func(p *msklambda.ClusterProps) {
			p.LambdaEndpoint.Source, p.STSEndpoint.Source, p.SecurityGroupRules = "none", "none", "none"
		})), &msklambda.ConsumerProps{Topic: "refunds", GroupID: "g", Function: theirFunction(orders)})
		// In another region, whose dashboard has to name the metrics' own.
		ops := awscdk.NewStack(app, jsii.String("Ops"), &awscdk.StackProps{CrossRegionReferences: jsii.Bool(true), Env: &awscdk.Environment{
			Account: jsii.String(account), Region: jsii.String("eu-west-1")}})
		dashboard := awscloudwatch.NewDashboard(ops, jsii.String("All"), nil)
		for _, row := range slices.Concat(c.Widgets(), existing.Widgets()) {
			dashboard.AddWidgets(row...)
		}
		var titles []string
		for _, w := range widgets(t, read(t, ops).at("All")) {
			if w.Properties.Title != "" {
				titles = append(titles, w.Properties.Title)
			}
			if got := w.Properties.Region; w.Type == "log" && got != region {
				t.Errorf("log group is of region %q, want %s", got, region)
			}
			for _, m := range w.Properties.Metrics {
				if options := m[len(m)-1].(map[string]any); options["region"] != region {
					t.Errorf("metric %v is of region %v, want %s", m[1], options["region"], region)
				}
			}
		}
		// No metric group is on, so there is no graph of records; the log group of
		// an existing function is not known.
		want := []string{"Lag (records)", "Errors", "Lag (seconds)", "Duration (ms)", "Invocations", "Failed records", "Lag (records)", "Errors", "Lag (seconds)", "Duration (ms)", "Invocations"}
		if !slices.Equal(titles, want) {
			t.Errorf("widgets = %q, want %q", titles, want)
		}
	})
}
