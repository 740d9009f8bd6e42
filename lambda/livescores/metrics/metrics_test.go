package metrics

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestALineIsInTheEmbeddedFormat(t *testing.T) {
	var out bytes.Buffer
	l := &Log{Out: &out, Which: "Live"}
	l.Write(map[string]float64{Sent: 3, Age: 120}, map[string]any{"match": "m"})
	l.Write(map[string]float64{Failed: 0}, nil)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("lines = %q, want 2", lines)
	}
	var got struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics json.RawMessage
		} `json:"_aws"`
		LiveScores, Match string
		Sent, Age         float64
	}
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	const want = `[{"Namespace":"LiveScores","Dimensions":[["LiveScores"]],"Metrics":[{"Name":"Sent","Unit":"Count"},{"Name":"Age","Unit":"Milliseconds"}]}]`
	if string(got.AWS.CloudWatchMetrics) != want || got.AWS.Timestamp == 0 {
		t.Errorf("metrics = %s, want %s", got.AWS.CloudWatchMetrics, want)
	}
	if got.LiveScores != "Live" || got.Match != "m" || got.Sent != 3 || got.Age != 120 {
		t.Errorf("line = %s", lines[0])
	}
	if !strings.Contains(lines[1], `"Failed":0`) {
		t.Errorf("line = %s, want the zero: an alarm needs a value", lines[1])
	}
}
