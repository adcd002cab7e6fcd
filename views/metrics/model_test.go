package metrics

import (
	"testing"
	"time"

	"berth/core"
)

// A row takes what was measured in its time, and at the same time of the period before.
func TestTableComparesWithThePeriodBefore(t *testing.T) {
	from := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(minutes int, mean, most float64) core.MetricPoint {
		return core.MetricPoint{At: from.Add(time.Duration(minutes) * time.Minute), Mean: mean, Max: most}
	}
	points := []core.MetricPoint{at(0, 1, 2), at(4, 3, 9), at(5, 7, 7)}
	rows := Table(from, from.Add(time.Hour), points, []core.MetricPoint{at(-60, 5, 6), at(-1, 8, 8)})
	want := []Row{
		{from, Amount{2, 9, true}, Amount{5, 6, true}},
		{from.Add(5 * time.Minute), Amount{7, 7, true}, Amount{}},
		{from.Add(55 * time.Minute), Amount{}, Amount{8, 8, true}},
	}
	if len(rows) != len(want) {
		t.Fatalf("%+v", rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("row %d is %+v, want %+v", i, rows[i], want[i])
		}
	}
	if rows := Table(from, from.Add(15*time.Minute), []core.MetricPoint{at(0, 1, 1), at(1, 1, 1)}, nil); len(rows) != 2 {
		t.Errorf("a quarter of an hour is told in steps of more than a minute: %+v", rows)
	}
}
