package poller

import (
	"testing"
	"time"
)

func TestTheMappingIsChecked(t *testing.T) {
	base := Config{Brokers: []string{"127.0.0.1:1"}, Topic: "t", Group: "g", Function: &script{}}
	for name, edit := range map[string]func(*Config){
		"no topic":   func(c *Config) { c.Topic = "" },
		"batch size": func(c *Config) { c.BatchSize = 10_001 },
		"window":     func(c *Config) { c.Window = 6 * time.Minute },
		"retries":    func(c *Config) { c.RetryAttempts = -2 },
		"record age": func(c *Config) { c.MaxRecordAge = -1 },
		"filter":     func(c *Config) { c.Filters = []string{"x"} },
	} {
		c := base
		edit(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: New = nil, want an error", name)
		}
	}
}
