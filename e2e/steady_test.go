package e2e

import (
	"net/http"
	"sync"
	"time"
)

// steady asks an app for its front page at a rate far below what a machine can do, each request at its own time whether
// or not those before it were answered, so that a slow answer does not keep others from being measured.
type steady struct{ load }

const steadyRate = 200 // requests a second

func (b *Berth) steadyLoad(app string) *steady {
	l := &steady{}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second}
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(time.Second / steadyRate)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				all.Go(func() { l.one(client, b, app, "GET", "/") })
			}
		}
	})
	l.stop = sync.OnceFunc(func() { close(done); all.Wait() })
	b.t.Cleanup(l.stop)
	return l
}

// cut returns what the requests since the last cut took, in milliseconds.
func (l *steady) cut() []float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := l.took
	l.took = nil
	return took
}
