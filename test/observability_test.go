package test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"msklambda/constructs/msklambda"
	ofRecords "msklambda/lambda/kafka/metrics"
)

type metricMethod = func(*awscloudwatch.MetricOptions) awscloudwatch.Metric

func TestMetrics(t *testing.T) {
	long(t)
	const mapping, function, qualified, lagging = "mapping", "function", "function or alias", "group"
	tests := map[string]struct{ of, statistic string }{
		"PolledEventCount":                        {mapping, "Sum"},
		"FilteredOutEventCount":                   {mapping, "Sum"},
		"InvokedEventCount":                       {mapping, "Sum"},
		"FailedInvokeEventCount":                  {mapping, "Sum"},
		"DroppedEventCount":                       {mapping, "Sum"},
		"OnFailureDestinationDeliveredEventCount": {mapping, "Sum"},
		"CommittedEventCount":                     {mapping, "Sum"},
		"PollingErrorCount":                       {mapping, "Sum"},
		"InvokeErrorCount":                        {mapping, "Sum"},
		"OnFailureDestinationDeliveryErrorCount":  {mapping, "Sum"},
		"SchemaRegistryErrorCount":                {mapping, "Sum"},
		"CommitErrorCount":                        {mapping, "Sum"},
		"MaxOffsetLag":                            {mapping, "Maximum"},
		"SumOffsetLag":                            {mapping, "Maximum"},
		"ProvisionedPollers":                      {mapping, "Maximum"},
		"EventPollerUnit":                         {mapping, "Sum"},
		"EventPollerThroughputInBytes":            {mapping, "Sum"},
		"EstimatedMaxTimeLag":                     {lagging, "Maximum"},
		"OffsetLag":                               {function, "Maximum"},
		"DestinationDeliveryFailures":             {function, "Sum"},
		"Invocations":                             {qualified, "Sum"},
		"Errors":                                  {qualified, "Sum"},
		"Throttles":                               {qualified, "Sum"},
		"Duration":                                {qualified, "p99"},
		"ConcurrentExecutions":                    {qualified, "Maximum"},
	}
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		fn := theirFunction(stack).(awslambda.Function)
		alias := awslambda.NewAlias(stack, jsii.String("Alias"), &awslambda.AliasProps{AliasName: jsii.String("live"), Version: fn.CurrentVersion()})
		add := func(topic string, f awslambda.IFunction) *msklambda.Consumer {
			return cluster.AddConsumer(topic, &msklambda.ConsumerProps{Topic: topic, GroupID: topic, Function: f})
		}
		resolved := func(v any) string { return asJSON(stack.Resolve(v)) }
		theirs := resolved(fn.FunctionName())
		join := func(qualifier string) string {
			return fmt.Sprintf(`{"FunctionName":%s,"Resource":{"Fn::Join":["",[%s,":%s]]}}`, theirs, theirs, qualifier)
		}
		version := resolved(fn.CurrentVersion().Version())
		for _, consumer := range []struct {
			*msklambda.Consumer
			function, qualified string
		}{
			{cluster.AddConsumer("Orders", consumerProps()), `{"FunctionName":{"Ref":"ClusterOrdersFunction5B581DE7"}}`, `{"FunctionName":{"Ref":"ClusterOrdersFunction5B581DE7"}}`},
			{add("function", fn), `{"FunctionName":` + theirs + `}`, `{"FunctionName":` + theirs + `}`},
			{add("alias", alias), `{"FunctionName":` + theirs + `}`, join(`live"`)},
			{add("version", fn.CurrentVersion()), `{"FunctionName":` + theirs + `}`, join(`",` + version)},
		} {
			want := map[string]string{
				mapping:   `{"EventSourceMappingUUID":` + resolved(consumer.Mapping.EventSourceMappingId()) + `}`,
				function:  consumer.function,
				qualified: consumer.qualified,
				lagging:   `{"Cluster Name":"demo","Consumer Group":"` + consumer.GroupID + `","Topic":"` + consumer.Topic + `"}`,
			}
			v := reflect.ValueOf(consumer.Consumer)
			for i := range v.NumMethod() {
				name, ok := strings.CutPrefix(v.Type().Method(i).Name, "Metric")
				if !ok || name == "" {
					continue
				}
				tt, ok := tests[name]
				if !ok {
					t.Errorf("Metric%s is in no row of this test", name)
					continue
				}
				m := v.Method(i).Interface().(metricMethod)(nil)
				got := []string{*m.Namespace(), *m.MetricName(), *m.Statistic(), asJSON(m.Period().ToSeconds(nil)), resolved(m.Dimensions())}
				namespace := "AWS/Lambda"
				if tt.of == lagging {
					namespace = "AWS/Kafka"
				}
				if want := []string{namespace, name, tt.statistic, "300", want[tt.of]}; !slices.Equal(got, want) {
					t.Errorf("%s: Metric%s = %q, want %q", consumer.Topic, name, got, want)
				}
			}
			for name := range tests {
				if !v.MethodByName("Metric" + name).IsValid() {
					t.Errorf("there is no Metric%s", name)
				}
			}
		}
	})
}

func TestMetricOptionsAreKept(t *testing.T) {
	noPanic(t, func() {
		c := msklambda.ImportCluster(newStack(newApp(t, nil), "Test"), "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		options := &awscloudwatch.MetricOptions{Statistic: jsii.String("Minimum"), Period: awscdk.Duration_Minutes(jsii.Number(1)), Label: jsii.String("lag")}
		for _, m := range []awscloudwatch.Metric{c.MetricOffsetLag(options), c.MetricMaxOffsetLag(options), c.MetricErrors(options), c.Metric("New", options)} {
			if *m.Statistic() != "Minimum" || *m.Period().ToSeconds(nil) != 60 || *m.Label() != "lag" {
				t.Errorf("%s has statistic %s, period %v and label %s, want those given", *m.MetricName(), *m.Statistic(), *m.Period().ToSeconds(nil), *m.Label())
			}
		}
		if got := *c.Metric("New", nil).Statistic(); got != "Sum" {
			t.Errorf("statistic of a metric unknown here = %s, want Sum", got)
		}
	})
}

// alarms are the alarms of a template by name, without their descriptions.
func (tpl *template) alarms(consumer string) map[string]map[string]any {
	out := map[string]map[string]any{}
	for path, r := range tpl.Resources {
		if name, ok := strings.CutPrefix(path, consumer+"/Alarms/"); ok && r.Type == "AWS::CloudWatch::Alarm" {
			delete(r.Properties, "AlarmDescription")
			out[name] = r.Properties
		}
	}
	return out
}

func alarms(a *msklambda.Alarms) consumerEdit {
	return func(p *msklambda.ConsumerProps) { p.Alarms = a }
}

func TestAlarms(t *testing.T) {
	set := &msklambda.Alarms{LagAbove: 5, LagFor: 2 * time.Minute, LagGrowingAbove: 7, LagGrowingFor: time.Hour, LagTimeAbove: time.Hour, ErrorsAbove: 3,
		ThrottlesAbove: 4, DurationAbove: 90, PollingStoppedFor: 30 * time.Minute}
	// threshold, periods and, of LagGrowing, the expression; then the rest,
	// which is fixed. FUNCTION and MAPPING stand for the dimension.
	tests := map[string]struct{ standard, given, fixed string }{
		"Lag":            {`"EvaluationPeriods":15,"Threshold":10000`, `"EvaluationPeriods":2,"Threshold":5`, `"ComparisonOperator":"GreaterThanThreshold","Dimensions":FUNCTION,"MetricName":"OffsetLag","Namespace":"AWS/Lambda","Period":60,"Statistic":"Maximum","TreatMissingData":"ignore"`},
		"LagGrowing":     {`"EvaluationPeriods":6,"Metrics":[{"Expression":"IF(lag > 1000, DIFF(lag), 0)",LAG],"Threshold":0`, `"EvaluationPeriods":12,"Metrics":[{"Expression":"IF(lag > 7, DIFF(lag), 0)",LAG],"Threshold":0`, `"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"ignore"`},
		"LagTime":        {`"EvaluationPeriods":15,"Threshold":900`, `"EvaluationPeriods":2,"Threshold":3600`, `"ComparisonOperator":"GreaterThanThreshold","Dimensions":[{"Name":"Cluster Name","Value":"demo"},{"Name":"Consumer Group","Value":"orders-fn"},{"Name":"Topic","Value":"orders"}],"MetricName":"EstimatedMaxTimeLag","Namespace":"AWS/Kafka","Period":60,"Statistic":"Maximum","TreatMissingData":"ignore"`},
		"Errors":         {`"EvaluationPeriods":1,"Threshold":0`, `"EvaluationPeriods":1,"Threshold":3`, `"ComparisonOperator":"GreaterThanThreshold","Dimensions":FUNCTION,"MetricName":"Errors","Namespace":"AWS/Lambda","Period":300,"Statistic":"Sum","TreatMissingData":"notBreaching"`},
		"Throttles":      {`"EvaluationPeriods":3,"Threshold":0`, `"EvaluationPeriods":3,"Threshold":4`, `"ComparisonOperator":"GreaterThanThreshold","Dimensions":FUNCTION,"MetricName":"Throttles","Namespace":"AWS/Lambda","Period":300,"Statistic":"Sum","TreatMissingData":"notBreaching"`},
		"Duration":       {`"EvaluationPeriods":1,"Threshold":48000`, `"EvaluationPeriods":1,"Threshold":54000`, `"ComparisonOperator":"GreaterThanThreshold","Dimensions":FUNCTION,"ExtendedStatistic":"p99","MetricName":"Duration","Namespace":"AWS/Lambda","Period":900,"TreatMissingData":"notBreaching"`},
		"PollingStopped": {`"EvaluationPeriods":3,"Threshold":1`, `"EvaluationPeriods":6,"Threshold":1`, `"ComparisonOperator":"LessThanThreshold","Dimensions":MAPPING,"MetricName":"PolledEventCount","Namespace":"AWS/Lambda","Period":300,"Statistic":"SampleCount","TreatMissingData":"breaching"`},
		"Dropped":        {`"EvaluationPeriods":1,"Threshold":0`, `"EvaluationPeriods":1,"Threshold":0`, `"ComparisonOperator":"GreaterThanThreshold","Dimensions":MAPPING,"MetricName":"DroppedEventCount","Namespace":"AWS/Lambda","Period":300,"Statistic":"Sum","TreatMissingData":"notBreaching"`},
	}
	for name, tpl := range map[string]*template{"standard": synthConsumer(t, alarms(&msklambda.Alarms{})), "given": synthConsumer(t, alarms(set))} {
		refs := strings.NewReplacer(
			"FUNCTION", `[{"Name":"FunctionName","Value":{"Ref":"`+tpl.at("Cluster/Orders/Function").ID+`"}}]`,
			"MAPPING", `[{"Name":"EventSourceMappingUUID","Value":{"Ref":"`+tpl.at("Cluster/Orders/Mapping").ID+`"}}]`,
			"LAG", `"Id":"expr_1","Label":"LagGrowing","ReturnData":true},{"Id":"lag","MetricStat":{"Metric":{"Dimensions":[{"Name":"FunctionName","Value":{"Ref":"`+
				tpl.at("Cluster/Orders/Function").ID+`"}}],"MetricName":"OffsetLag","Namespace":"AWS/Lambda"},"Period":300,"Stat":"Maximum"},"ReturnData":false}`)
		got := tpl.alarms("Cluster/Orders")
		for id, tt := range tests {
			numbers := tt.standard
			if name == "given" {
				numbers = tt.given
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(refs.Replace("{"+numbers+","+tt.fixed+"}")), &want); err != nil {
				t.Fatal(err)
			}
			if !same(got[id], want) {
				t.Errorf("%s %s = %s, want %s", name, id, asJSON(got[id]), asJSON(want))
			}
		}
		for id := range got {
			if _, ok := tests[id]; !ok {
				t.Errorf("%s: alarm %s is in no row of this test", name, id)
			}
		}
	}
}

// TestLagInTimeIsWhereMSKTellsIt has no alarm and no graph where there is no metric,
// and the name of a cluster that only the deploy knows.
func TestLagInTimeIsWhereMSKTellsIt(t *testing.T) {
	seen := func(edit clusterEdit, consumer consumerEdit) (alarm, graph bool) {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps(edit)).AddConsumer("Orders", consumerProps(alarms(&msklambda.Alarms{}), consumer))
		})
		_, alarm = tpl.alarms("Cluster/Orders")["LagTime"]
		return alarm, strings.Contains(asJSON(tpl.at("Cluster/Orders/Dashboard")), "EstimatedMaxTimeLag")
	}
	dashboard := func(p *msklambda.ConsumerProps) { p.Dashboard = true }
	for name, tt := range map[string]struct {
		cluster  clusterEdit
		consumer consumerEdit
		want     bool
	}{
		"a cluster of this account": {asIs, dashboard, true},
		"of another account":        {connectedProps, dashboard, false},
		"a group with a colon":      {asIs, func(p *msklambda.ConsumerProps) { p.Dashboard, p.GroupID = true, "team:orders" }, false},
	} {
		if alarm, graph := seen(tt.cluster, tt.consumer); alarm != tt.want || graph != tt.want {
			t.Errorf("%s: alarm %v, graph %v, want %v", name, alarm, graph, tt.want)
		}
	}
	tpl := synth(t, func(stack awscdk.Stack) {
		given := awscdk.NewCfnParameter(stack, jsii.String("Given"), nil).ValueAsString()
		msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.ClusterARN = *given })).AddConsumer("Orders", consumerProps(alarms(&msklambda.Alarms{})))
	})
	if got, want := asJSON(tpl.alarms("Cluster/Orders")["LagTime"]["Dimensions"]), `{"Name":"Cluster Name","Value":{"Fn::Select":[1,{"Fn::Split":["/",{"Ref":"Given"}]}]}}`; !strings.Contains(got, want) {
		t.Errorf("dimensions = %s, want %s", got, want)
	}
}

// TestAlarmsOnWhatTheFunctionSays names the metrics as package metrics writes them,
// and their dimensions.
func TestAlarmsOnWhatTheFunctionSays(t *testing.T) {
	for name, tt := range map[string]struct {
		metric    string
		threshold float64
		a         msklambda.Alarms
	}{
		"RecordFailures": {ofRecords.Failures, 3, msklambda.Alarms{ErrorsAbove: 3}},
		"DeadLetters":    {ofRecords.DeadLettered, 0, msklambda.Alarms{}},
		"RecordAge":      {ofRecords.Age, 90_000, msklambda.Alarms{RecordAgeAbove: 90 * time.Second}},
	} {
		tpl := synthConsumer(t, alarms(&tt.a), func(p *msklambda.ConsumerProps) { p.MetricsNamespace = "Orders" })
		got := tpl.alarms("Cluster/Orders")[name]
		dimensions := `[{"Name":"FunctionName","Value":{"Ref":"` + tpl.at("Cluster/Orders/Function").ID + `"}},{"Name":"Topic","Value":"orders"}]`
		if got["MetricName"] != tt.metric || got["Namespace"] != "Orders" || got["Threshold"] != tt.threshold || asJSON(got["Dimensions"]) != dimensions {
			t.Errorf("%s = %s, want %s of Orders with %s above %v", name, asJSON(got), tt.metric, dimensions, tt.threshold)
		}
	}
	if got := synthConsumer(t, alarms(&msklambda.Alarms{})).alarms("Cluster/Orders"); got["RecordAge"] != nil || got["DeadLetters"] != nil || got["RecordFailures"] != nil {
		t.Errorf("alarms = %v, want none on metrics that nobody writes", got)
	}
}

func TestNothingIsDefinedUnlessItIsAskedFor(t *testing.T) {
	long(t)
	plain := synthConsumer(t)
	for _, typ := range []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"} {
		if n := plain.count(typ); n != 0 {
			t.Errorf("%s = %d, want none", typ, n)
		}
	}
	for name, edit := range map[string]consumerEdit{
		"Alarms":    alarms(&msklambda.Alarms{}),
		"Dashboard": func(p *msklambda.ConsumerProps) { p.Dashboard = true },
	} {
		asked := synthConsumer(t, edit)
		mapping := asked.at("Cluster/Orders/Mapping")
		if got := asJSON(mapping.Properties["MetricsConfig"]); got != `{"Metrics":["EventCount"]}` {
			t.Errorf("%s: MetricsConfig = %s, want EventCount alone, the group sure to be there for on-demand pollers", name, got)
		}
		delete(mapping.Properties, "MetricsConfig")
		for path, r := range plain.Resources {
			if !same(asked.Resources[path], r) {
				t.Errorf("%s moves %s: %s, want %s", name, path, asJSON(asked.Resources[path]), asJSON(r))
			}
		}
	}
	quiet := synthConsumer(t, alarms(&msklambda.Alarms{Skip: []msklambda.AlarmName{msklambda.AlarmPollingStopped, msklambda.AlarmDropped}}))
	if got := quiet.at("Cluster/Orders/Mapping").Properties["MetricsConfig"]; got != nil {
		t.Errorf("MetricsConfig = %s, want none when no alarm needs a group", asJSON(got))
	}
}

func TestAlarmsAreSkippedByName(t *testing.T) {
	long(t)
	all := synthConsumer(t, alarms(&msklambda.Alarms{})).alarms("Cluster/Orders")
	for id := range all {
		got := synthConsumer(t, alarms(&msklambda.Alarms{Skip: []msklambda.AlarmName{msklambda.AlarmName(id)}})).alarms("Cluster/Orders")
		if _, ok := got[id]; ok || len(got) != len(all)-1 {
			t.Errorf("%d alarms without %s, want %d others", len(got), id, len(all)-1)
		}
	}
}

func TestAlarmsActAndAreAtHand(t *testing.T) {
	var c *msklambda.Consumer
	tpl := synth(t, func(stack awscdk.Stack) {
		page := awscloudwatchactions.NewSnsAction(awssns.NewTopic(stack, jsii.String("Page"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)}))
		calm := awscloudwatchactions.NewSnsAction(awssns.NewTopic(stack, jsii.String("Calm"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)}))
		c = msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
			p.Disabled, p.Tags = true, map[string]string{"team": "a"}
			p.Alarms = &msklambda.Alarms{Actions: []awscloudwatch.IAlarmAction{page}, OKActions: []awscloudwatch.IAlarmAction{calm}}
		}))
		c.Alarms[msklambda.AlarmLag].AddInsufficientDataAction(page)
	})
	page, calm := `[{"Ref":"`+tpl.at("Page").ID+`"}]`, `[{"Ref":"`+tpl.at("Calm").ID+`"}]`
	got := tpl.alarms("Cluster/Orders")
	for id, p := range got {
		if asJSON(p["AlarmActions"]) != page || asJSON(p["OKActions"]) != calm {
			t.Errorf("%s acts %s, OK %s, want %s, %s", id, asJSON(p["AlarmActions"]), asJSON(p["OKActions"]), page, calm)
		}
		if p["AlarmName"] != nil {
			t.Errorf("%s has the physical name %v, want none", id, p["AlarmName"])
		}
		if asJSON(p["Tags"]) != `[{"Key":"team","Value":"a"}]` {
			t.Errorf("%s has tags %s", id, asJSON(p["Tags"]))
		}
		var want any // while the consumer is Disabled nothing polls, as asked for
		if id == "PollingStopped" {
			want = false
		}
		if p["ActionsEnabled"] != want {
			t.Errorf("%s has ActionsEnabled %v, want %v", id, p["ActionsEnabled"], want)
		}
		if c.Alarms[msklambda.AlarmName(id)] == nil {
			t.Errorf("Alarms has no %s", id)
		}
	}
	if len(c.Alarms) != len(got) || asJSON(got["Lag"]["InsufficientDataActions"]) != page {
		t.Errorf("Alarms holds %d of %d, InsufficientDataActions of Lag = %s", len(c.Alarms), len(got), asJSON(got["Lag"]["InsufficientDataActions"]))
	}
}

func TestAnExistingFunctionHasADurationAlarmIfItsTimeoutIsGiven(t *testing.T) {
	long(t)
	for timeout, want := range map[time.Duration]any{0: nil, 10 * time.Second: 8000.0} {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", &msklambda.ConsumerProps{
				Topic: "orders", GroupID: "g", Function: theirFunction(stack), Alarms: &msklambda.Alarms{Timeout: timeout}, Dashboard: true})
		})
		if got := tpl.alarms("Cluster/Orders")["Duration"]["Threshold"]; got != want {
			t.Errorf("threshold with timeout %s = %v, want %v", timeout, got, want)
		}
	}
}

// TestWhatCloudFormationTakesForGranted asserts what the template validation
// lets pass with a warning: the values of enumerations.
func TestWhatCloudFormationTakesForGranted(t *testing.T) {
	allowed := map[string][]string{
		"ComparisonOperator": {"GreaterThanThreshold", "LessThanThreshold"},
		"TreatMissingData":   {"breaching", "notBreaching", "ignore"},
		"Statistic":          {"Sum", "Maximum", "SampleCount", "<nil>"}, // nil = ExtendedStatistic or an expression
	}
	for id, p := range synthConsumer(t, alarms(&msklambda.Alarms{})).alarms("Cluster/Orders") {
		for property, values := range allowed {
			if got := fmt.Sprint(p[property]); !slices.Contains(values, got) {
				t.Errorf("%s of %s = %s, want one of %q", property, id, got, values)
			}
		}
	}
}

func TestNagOfAlarmsAndDashboard(t *testing.T) {
	noPanic(t, func() {
		app := newApp(t, nil)
		stack := newStack(app, "Test")
		topic := awscdk.NewCfnParameter(stack, jsii.String("Topic"), &awscdk.CfnParameterProps{Type: jsii.String("String")})
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
			p.Topic, p.Alarms, p.Dashboard = *topic.ValueAsString(), &msklambda.Alarms{}, true
		}))
		awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true), Reports: jsii.Bool(false)}), nil)
		tpl := read(t, stack)
		for _, finding := range tpl.warnings() {
			t.Errorf("finding: %s", finding)
		}
		if got, want := asJSON(tpl.at("Cluster/Orders/Alarms/Lag").Properties["AlarmDescription"]), `{"Fn::Join":["",["Topic ",{"Ref":"Topic"},", group orders-fn: more`; !strings.HasPrefix(got, want) {
			t.Errorf("description = %s, want %s...", got, want)
		}
	})
}

// TestTheAlarmsPageIsTheTemplate compares docs/alarms.md with the alarms of a
// template, both ways; beside the code a test compares it with those that there
// can be.
func TestTheAlarmsPageIsTheTemplate(t *testing.T) {
	text, err := os.ReadFile("../docs/alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.ReplaceAll(line, "`", ""), "|"); strings.HasPrefix(line, "| `") && len(cells) == 9 {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			listed[cells[1]] = []string{cells[3], cells[5], cells[6]}
		}
	}
	signs := map[any]string{"GreaterThanThreshold": ">", "LessThanThreshold": "<"}
	got := synthImports(t, func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
		p.Pollers, p.ReportBatchItemFailures, p.OnFailure.Queue, p.RetryAttempts = &msklambda.Pollers{}, true, s.queue(nil), nil
		p.Alarms, p.MetricsNamespace = &msklambda.Alarms{}, "Orders"
	}).alarms("Cluster/Orders")
	for id, p := range got {
		var a struct {
			MetricName, Statistic, ExtendedStatistic string
			Period, EvaluationPeriods                int
			Metrics                                  []struct {
				Expression string
				MetricStat struct {
					Metric struct{ MetricName string }
					Period int
					Stat   string
				}
			}
		}
		if err := json.Unmarshal([]byte(asJSON(p)), &a); err != nil {
			t.Fatal(err)
		}
		what := a.Statistic + a.ExtendedStatistic
		if len(a.Metrics) == 2 {
			lag := a.Metrics[1].MetricStat
			a.MetricName, a.Period, what = lag.Metric.MetricName, lag.Period, a.Metrics[0].Expression+" of "+lag.Stat
		}
		want := []string{a.MetricName, fmt.Sprintf("%s %s %v, %d x %dm", what, signs[p["ComparisonOperator"]], p["Threshold"], a.EvaluationPeriods, a.Period/60), p["TreatMissingData"].(string)}
		if !slices.Equal(listed[id], want) {
			t.Errorf("docs/alarms.md has %s %q, want %q", id, listed[id], want)
		}
	}
	for id := range listed {
		if got[id] == nil {
			t.Errorf("docs/alarms.md lists %s, which is not in the template", id)
		}
	}
}
