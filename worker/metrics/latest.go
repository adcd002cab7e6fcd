package metrics

import (
	"sync"
	"time"

	"berth/core"
)

// latest is what was measured last.
type latest struct {
	mu    sync.Mutex
	at    time.Time
	byApp map[string][]core.MetricSample
}

func (l *latest) set(at time.Time, samples []core.MetricSample) {
	byApp := map[string][]core.MetricSample{}
	for _, s := range samples {
		byApp[s.AppID] = append(byApp[s.AppID], s)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.byApp = at, byApp
}

// Latest returns what was measured last of an app and its instances, and when; nothing of an app without instances.
func (s *Sampler) Latest(appID string) ([]core.MetricSample, time.Time) {
	s.latest.mu.Lock()
	defer s.latest.mu.Unlock()
	return s.latest.byApp[appID], s.latest.at
}
