package mskapp

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"msklambda/constructs/msklambda"
)

// alarmSettings are the keys of the object that alarms may be.
var alarmSettings = map[string]func(*msklambda.Alarms, value){
	"lagAbove":          func(a *msklambda.Alarms, v value) { a.LagAbove = v.positive() },
	"lagFor":            func(a *msklambda.Alarms, v value) { a.LagFor = v.positiveDuration() },
	"lagTimeAbove":      func(a *msklambda.Alarms, v value) { a.LagTimeAbove = v.positiveDuration() },
	"lagGrowingAbove":   func(a *msklambda.Alarms, v value) { a.LagGrowingAbove = v.positive() },
	"lagGrowingFor":     func(a *msklambda.Alarms, v value) { a.LagGrowingFor = v.positiveDuration() },
	"errorsAbove":       func(a *msklambda.Alarms, v value) { a.ErrorsAbove, _ = v.whole() },
	"recordAgeAbove":    func(a *msklambda.Alarms, v value) { a.RecordAgeAbove = v.positiveDuration() },
	"throttlesAbove":    func(a *msklambda.Alarms, v value) { a.ThrottlesAbove, _ = v.whole() },
	"durationAbove":     func(a *msklambda.Alarms, v value) { a.DurationAbove = v.positive() },
	"timeout":           func(a *msklambda.Alarms, v value) { a.Timeout = v.positiveDuration() },
	"pollingStoppedFor": func(a *msklambda.Alarms, v value) { a.PollingStoppedFor = v.positiveDuration() },
	"skip": func(a *msklambda.Alarms, v value) {
		for _, name := range v.list() {
			a.Skip = append(a.Skip, msklambda.AlarmName(name))
		}
	},
}

// alarms takes true for the whole set, false for none, or an object of numbers.
func (v value) alarms() *msklambda.Alarms {
	raw := v.raw
	if s, ok := raw.(string); ok && json.Unmarshal([]byte(s), &raw) != nil {
		raw = nil
	}
	switch given := raw.(type) {
	case bool:
		if !given {
			return nil
		}
		return &msklambda.Alarms{}
	case map[string]any:
		a := &msklambda.Alarms{}
		for _, key := range slices.Sorted(maps.Keys(given)) {
			if read, ok := alarmSettings[key]; ok {
				read(a, value{v.key + "." + key, given[key], v.ps})
			} else {
				v.ps.Add(v.key+"."+key, "is none of %q", slices.Sorted(maps.Keys(alarmSettings)))
			}
		}
		return a
	}
	v.bad("true, false or a JSON object of numbers")
	return nil
}

var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\.fifo)?$`)

func (v value) topicARNs() []string {
	return v.matches(topicARN, `ARNs of SNS topics, such as "arn:aws:sns:us-east-1:111122223333:pages"`)
}

// alarmFields are the keys by the names of the fields in the errors of the
// constructs.
func alarmFields() map[string]string {
	fields := map[string]string{}
	for key := range alarmSettings {
		fields["Alarms."+strings.ToUpper(key[:1])+key[1:]] = "alarms." + key
	}
	return fields
}
