package near

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	all := []string{"orders", "orders-failed", "refunds", "Payments_v1", "a", "order-lines"}
	for name, want := range map[string][]string{
		"ordres":      {"orders"},
		"order":       {"orders", "order-lines", "orders-failed"},
		"payments-v1": {"Payments_v1"},
		"ordersfaild": {"orders-failed", "orders"},
		"customers":   {},
		"b":           {},
	} {
		if got := Names(name, all); !slices.Equal(got, want) {
			t.Errorf("Names(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDistanceCountsASwapOnce(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"ab", "ba", 1}, {"topic", "topics", 1}, {"group", "grope", 2}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
