package loop

import "testing"

// Samples to a topic that is not there would be sent in vain, and the loop end well.
func TestSamplesNeedATopicThatIsThere(t *testing.T) {
	root(t)
	app := pairApp(t, "")
	for _, topic := range []string{"ordres", "enriched-v2"} {
		_, _, err := run(t, []string{"-port", "0", "-app", app, "-source", "Enrich=test/local/pair/enrich", "-source", "Consume=test/local/pair/consume",
			"-topic", topic, "-rate", "10", "-duration", "1s", "-logs=false"})
		if want := `-topic "` + topic + `" is not there for -rate to write to: give one of enriched, orders, or have it made with -topics`; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", topic, err, want)
		}
	}
}
