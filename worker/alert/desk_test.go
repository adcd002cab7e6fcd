package alert

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// silent is a receiver that takes everything and answers nothing.
type silent struct {
	mu        sync.Mutex
	asked     map[string]int // by path
	now, most int            // at the same time
}

func (s *silent) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	s.add(r.URL.Path, 1)
	<-r.Context().Done()
	s.add("", -1)
}

func (s *silent) add(path string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += n
	s.most = max(s.most, s.now)
	if path != "" {
		s.asked[path]++
	}
}

func (s *silent) counts() (begun, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked), s.most
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not come true: %s", what)
		}
	}
}

func (h *house) notice(tenantID, channelID string) {
	h.t.Helper()
	h.ok(h.store.Alerts().AddNotice(h.ctx, core.AlertNotice{ID: core.NewID(), TenantID: tenantID, ChannelID: channelID, CreatedAt: h.now, NextTry: h.now,
		Alert: core.Alert{ID: core.NewID(), TenantID: tenantID, RuleID: "rule", State: core.AlertFiring, Severity: core.AlertWarning, FiredAt: h.now}}))
}

// Receivers of one tenant that never answer hold up nobody else's: few of them are asked at a time, other tenants are told
// meanwhile, once, and a stop ends what is under way.
func TestReceiversThatNeverAnswer(t *testing.T) {
	const channels = 20
	h := newHouse(t)
	dead := &silent{asked: map[string]int{}}
	server := httptest.NewServer(dead)
	t.Cleanup(server.Close)
	h.ok(h.store.Tenants().Create(h.ctx, core.Tenant{ID: "dead", Name: "Dead", CreatedAt: h.now}))
	for i := range channels {
		c := core.AlertChannel{ID: core.NewID(), TenantID: "dead", Name: fmt.Sprint(i), Kind: core.ChannelWebhook, CreatedAt: h.now}
		h.ok(h.store.Alerts().PutChannel(h.ctx, c, &core.AlertTarget{URL: fmt.Sprintf("%s/%d", server.URL, i), Secret: secret}))
		h.notice("dead", c.ID)
	}
	ctx, stop := context.WithCancel(h.ctx)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { h.RunDelivery(ctx) })
	defer running.Wait()
	defer stop()
	until(t, "the silent ones are asked", func() bool { begun, _ := dead.counts(); return begun >= ofTenant })
	for range 2 {
		told := len(h.receiver.told())
		h.notice(h.tenant, h.channel.ID)
		until(t, "the other tenant is told", func() bool { return len(h.receiver.told()) > told })
	}
	begun, most := dead.counts()
	if begun == channels || most > ofTenant {
		t.Errorf("%d of the silent ones were asked first, %d at the same time", begun, most)
	}
	stop()
	running.Wait()
	until(t, "nothing is under way", func() bool {
		dead.mu.Lock()
		defer dead.mu.Unlock()
		return dead.now == 0
	})
	h.told("firing rule", "firing rule")
	for path, n := range dead.asked {
		if n > 1 {
			t.Errorf("%s was told %d times", path, n)
		}
	}
}
