package machine

import (
	"testing"
	"time"

	"berth/core"
)

func TestMeasure(t *testing.T) {
	m := &Machine{Dir: t.TempDir()}
	first, err := m.Measure()
	if err != nil || len(first) != 2 {
		t.Fatalf("got %+v, %v: want memory and disk", first, err)
	}
	for spin := time.Now(); time.Since(spin) < 100*time.Millisecond; { // a whole core at work
	}
	second, err := m.Measure()
	if err != nil || len(second) != 3 {
		t.Fatalf("got %+v, %v: want the processor too", second, err)
	}
	for _, s := range second {
		if s.HostID != core.LocalHost || s.Value <= 0 {
			t.Errorf("%+v is no measurement of this machine", s)
		}
		if s.Metric == core.MetricHostCPU && s.Value > 1024 {
			t.Errorf("%v cores are at work", s.Value)
		}
	}
}
