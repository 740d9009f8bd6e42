package msklambda

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
)

// None of these tests starts Node: what is planned is plain data.

func TestAlarmsAreRefusedByFieldName(t *testing.T) {
	tests := map[string]struct {
		edit func(*Alarms)
		want string // "" = accepted
	}{
		"zero":                     {func(*Alarms) {}, ""},
		"every number":             {func(a *Alarms) { a.LagAbove, a.LagGrowingAbove, a.ErrorsAbove, a.ThrottlesAbove = 1, 1, 1, 1 }, ""},
		"negative lag":             {func(a *Alarms) { a.LagAbove = -1 }, "Alarms.LagAbove must be 0 or more, got -1"},
		"negative growing lag":     {func(a *Alarms) { a.LagGrowingAbove = -1 }, "Alarms.LagGrowingAbove must be 0 or more, got -1"},
		"negative errors":          {func(a *Alarms) { a.ErrorsAbove = -1 }, "Alarms.ErrorsAbove must be 0 or more, got -1"},
		"negative throttles":       {func(a *Alarms) { a.ThrottlesAbove = -1 }, "Alarms.ThrottlesAbove must be 0 or more, got -1"},
		"shortest time behind":     {func(a *Alarms) { a.LagTimeAbove = time.Second }, ""},
		"longest time behind":      {func(a *Alarms) { a.LagTimeAbove = 168 * time.Hour }, ""},
		"negative time behind":     {func(a *Alarms) { a.LagTimeAbove = -time.Second }, "Alarms.LagTimeAbove must be 1s to 168h, got -1s"},
		"too long behind":          {func(a *Alarms) { a.LagTimeAbove = 169 * time.Hour }, "Alarms.LagTimeAbove must be 1s to 168h, got 169h"},
		"broken time behind":       {func(a *Alarms) { a.LagTimeAbove = 1500 * time.Millisecond }, "Alarms.LagTimeAbove must be whole seconds, got 1.5s"},
		"shortest lag":             {func(a *Alarms) { a.LagFor = time.Minute }, ""},
		"longest lag":              {func(a *Alarms) { a.LagFor = 24 * time.Hour }, ""},
		"too short lag":            {func(a *Alarms) { a.LagFor = time.Second }, "Alarms.LagFor must be 1m to 24h, got 1s"},
		"negative lag time":        {func(a *Alarms) { a.LagFor = -time.Minute }, "Alarms.LagFor must be 1m to 24h, got -1m"},
		"too long lag":             {func(a *Alarms) { a.LagFor = 25 * time.Hour }, "Alarms.LagFor must be 1m to 24h, got 25h"},
		"broken lag":               {func(a *Alarms) { a.LagFor = 90 * time.Second }, "Alarms.LagFor must be in steps of 1m, got 1m30s"},
		"shortest growing":         {func(a *Alarms) { a.LagGrowingFor = 5 * time.Minute }, ""},
		"too short growing":        {func(a *Alarms) { a.LagGrowingFor = time.Minute }, "Alarms.LagGrowingFor must be 5m to 24h, got 1m"},
		"broken growing":           {func(a *Alarms) { a.LagGrowingFor = 12 * time.Minute }, "Alarms.LagGrowingFor must be in steps of 5m, got 12m"},
		"broken stop":              {func(a *Alarms) { a.PollingStoppedFor = 6 * time.Minute }, "Alarms.PollingStoppedFor must be in steps of 5m, got 6m"},
		"least share":              {func(a *Alarms) { a.DurationAbove = 1 }, ""},
		"largest share":            {func(a *Alarms) { a.DurationAbove = 99 }, ""},
		"whole share":              {func(a *Alarms) { a.DurationAbove = 100 }, "Alarms.DurationAbove must be 1 to 99 percent of the timeout, got 100"},
		"negative share":           {func(a *Alarms) { a.DurationAbove = -1 }, "Alarms.DurationAbove must be 1 to 99 percent of the timeout, got -1"},
		"timeout without function": {func(a *Alarms) { a.Timeout = time.Minute }, "Alarms.Timeout needs Function: that of a bundled one is Timeout, got 1m"},
		"every skip":               {func(a *Alarms) { a.Skip = alarmNames }, ""},
		"unknown skip":             {func(a *Alarms) { a.Skip = []AlarmName{AlarmLag, "lag"} }, "Alarms.Skip[1] must be one of [Lag LagGrowing LagTime Errors"},
		"nil action":               {func(a *Alarms) { a.Actions = []awscloudwatch.IAlarmAction{nil} }, "Alarms.Actions[0] must not be nil"},
		"nil OK action":            {func(a *Alarms) { a.OKActions = []awscloudwatch.IAlarmAction{nil} }, "Alarms.OKActions[0] must not be nil"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := goodConsumer()
			p.Alarms = &Alarms{}
			tt.edit(p.Alarms)
			check(t, p.Validate(), tt.want)
		})
	}
}

func TestTheTimeoutOfAnExistingFunctionIsChecked(t *testing.T) {
	for timeout, want := range map[time.Duration]string{
		0: "", time.Second: "", 14 * time.Minute: "",
		15 * time.Minute:        "Alarms.Timeout must be 1s to 14m, got 15m",
		1500 * time.Millisecond: "Alarms.Timeout must be whole seconds, got 1.5s",
	} {
		p := &ConsumerProps{Topic: "orders", GroupID: "orders-fn", Function: stub{}, Alarms: &Alarms{Timeout: timeout}}
		check(t, p.Validate(), want)
	}
}

// queueStub is a queue that keeps what it is asked for.
type queueStub struct {
	awssqs.IQueue
	asked *awscloudwatch.MetricOptions
}

func (q *queueStub) MetricApproximateNumberOfMessagesVisible(o *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	q.asked = o
	return nil
}

// everything is a consumer of which there is everything to watch.
func everything() watched {
	return watched{function: true, lagInTime: true, timeout: defaultTimeout, provisioned: true, partial: true, destination: true, queue: &queueStub{}}
}

func names(plan []alarm) []AlarmName {
	var out []AlarmName
	for _, al := range plan {
		out = append(out, al.name)
	}
	return out
}

func TestWhichAlarmsArePlanned(t *testing.T) {
	base := []AlarmName{AlarmLag, AlarmLagGrowing, AlarmErrors, AlarmThrottles, AlarmDuration, AlarmPollingStopped, AlarmDropped}
	events := []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT}
	both := []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_ERROR_COUNT}
	tests := map[string]struct {
		alarms *Alarms
		w      watched
		want   []AlarmName
		groups []awslambda.MetricType
	}{
		"none":                      {nil, everything(), nil, nil},
		"everything":                {&Alarms{}, everything(), alarmNames, both},
		"lag in time":               {&Alarms{}, watched{timeout: time.Minute, lagInTime: true}, slices.Insert(slices.Clone(base), 2, AlarmLagTime), events},
		"on demand":                 {&Alarms{}, watched{timeout: time.Minute}, base, events},
		"metrics of the function":   {&Alarms{}, watched{timeout: time.Minute, function: true}, append(slices.Clone(base), AlarmRecordFailures, AlarmDeadLetters, AlarmRecordAge), events},
		"unknown timeout":           {&Alarms{}, watched{}, without(base, AlarmDuration), events},
		"on demand, a destination":  {&Alarms{}, watched{timeout: time.Minute, destination: true}, append(slices.Clone(base), AlarmDeliveryFailures), events},
		"ErrorCount asked for":      {&Alarms{}, watched{timeout: time.Minute, destination: true, metrics: both[1:]}, append(slices.Clone(base), AlarmDeliveryFailures, AlarmDeliveryErrors), both},
		"provisioned":               {&Alarms{}, watched{timeout: time.Minute, provisioned: true}, base, events},
		"nothing of the EventCount": {&Alarms{Skip: []AlarmName{AlarmPollingStopped, AlarmDropped}}, watched{timeout: time.Minute}, without(base, AlarmPollingStopped, AlarmDropped), nil},
		"every skip":                {&Alarms{Skip: alarmNames}, everything(), nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := names(tt.alarms.plan(tt.w)); !slices.Equal(got, tt.want) {
				t.Errorf("plan = %v, want %v", got, tt.want)
			}
			if got := slices.Compact(tt.alarms.metrics(tt.w)); !slices.Equal(got, tt.groups) {
				t.Errorf("metrics = %v, want %v", got, tt.groups)
			}
		})
	}
}

func without(list []AlarmName, out ...AlarmName) []AlarmName {
	return slices.DeleteFunc(slices.Clone(list), func(n AlarmName) bool { return slices.Contains(out, n) })
}

func TestTheQueueIsAskedForWhatWaits(t *testing.T) {
	queue := &queueStub{}
	plan := (&Alarms{}).plan(watched{queue: queue})
	waiting := plan[len(plan)-1]
	waiting.metric(nil, &awscloudwatch.MetricOptions{Statistic: &waiting.statistic})
	if waiting.name != AlarmDestinationNotEmpty || queue.asked == nil || *queue.asked.Statistic != statMaximum {
		t.Errorf("%s asked the queue for %+v, want its Maximum", waiting.name, queue.asked)
	}
}

func TestADisabledConsumerMutesPollingStoppedAlone(t *testing.T) {
	w := everything()
	w.disabled = true
	for _, al := range (&Alarms{}).plan(w) {
		if want := al.name == AlarmPollingStopped; al.muted != want {
			t.Errorf("%s muted = %t, want %t", al.name, al.muted, want)
		}
	}
}

// TestDescriptionsFitAndSayWhereToLook keeps to CloudWatch's 1024 characters,
// with the longest topic and group that pass.
func TestDescriptionsFitAndSayWhereToLook(t *testing.T) {
	for _, al := range (&Alarms{}).plan(everything()) {
		text := al.description(strings.Repeat("t", 249), strings.Repeat("g", 200))
		if n := len(text); n > 1024 {
			t.Errorf("%s has a description of %d characters, want at most 1024", al.name, n)
		}
		if !strings.HasSuffix(text, ".") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s = %q, want sentences of ASCII", al.name, text)
		}
	}
}

// TestTheAlarmsPageIsThePlan compares docs/alarms.md with every alarm that
// there can be; test/ does the same with a template.
func TestTheAlarmsPageIsThePlan(t *testing.T) {
	text, err := os.ReadFile("../../docs/alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	groups := map[awslambda.MetricType]string{"": "", awslambda.MetricType_EVENT_COUNT: "EventCount", awslambda.MetricType_ERROR_COUNT: "ErrorCount"}
	missing := map[awscloudwatch.TreatMissingData]string{awscloudwatch.TreatMissingData_IGNORE: "ignore",
		awscloudwatch.TreatMissingData_BREACHING: "breaching", awscloudwatch.TreatMissingData_NOT_BREACHING: "notBreaching"}
	var rows, explained []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case !strings.HasPrefix(line, "| `"):
		case len(cells) == 9: // the metric's name is compared in test/
			rows = append(rows, strings.Join([]string{trim(cells[1]), trim(cells[4]), trim(cells[5]), trim(cells[6])}, "|"))
		default:
			explained = append(explained, strings.Split(trim(cells[1]), ", ")...)
		}
	}
	var want, all []string
	for _, al := range (&Alarms{}).plan(everything()) {
		what, sign := al.statistic, ">"
		if al.expression != "" {
			what = al.expression + " of " + what
		}
		if al.below {
			sign = "<"
		}
		want = append(want, fmt.Sprintf("%s|%s|%s %s %v, %d x %s|%s", al.name, groups[al.group], what, sign, al.threshold, al.periods, show(al.period), missing[al.missing]))
		all = append(all, string(al.name))
	}
	if !slices.Equal(rows, want) {
		t.Errorf("docs/alarms.md has\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	if !slices.Equal(explained, all) {
		t.Errorf("docs/alarms.md says what to do about %q, want %q", explained, all)
	}
}

func trim(cell string) string { return strings.TrimSpace(strings.ReplaceAll(cell, "`", "")) }
