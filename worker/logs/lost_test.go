package logs

import (
	"path/filepath"
	"testing"
	"time"

	"berth/core"
)

func (h *house) events() []core.Event {
	h.Helper()
	events, err := h.Events().List(h.ctx, core.EventFilter{AppID: "shop"})
	must(h, err)
	return events
}

// Instances are removed while the store is away. What one of them wrote since is lost, and said; of one that wrote nothing
// since there is no word, by a collector that began since neither.
func TestCollectorSaysWhatIsLostWithAContainer(t *testing.T) {
	h := newHouse(t)
	s, path := &shaky{}, filepath.Join(t.TempDir(), "positions")
	quiet, later, busy := h.instance(), h.instance(), h.instance()
	h.write(quiet, 0, 10)
	h.write(later, 0, 10)
	h.write(busy, 0, 10)
	c, stop := h.collect(s, path)
	for _, i := range []core.Instance{quiet, later, busy} {
		h.awaitKept(s, i, 10)
		h.awaitPlace(path, i.ID, true)
	}
	end := func(c *Collector, i core.Instance) {
		must(t, h.engine.Stop(h.ctx, i.ContainerID, time.Second))
		c.AwaitRead(t.Context(), i)
		h.remove(i)
	}
	s.setRefuse(core.Errorf(core.EUNAVAILABLE, "error.log_store_away"))
	h.write(busy, 10, 15)
	s.awaitAsked(t, 3)
	end(c, quiet)
	stop()
	again, _ := h.collect(s, path)
	s.awaitAsked(t, 3)
	end(again, later)
	if events := h.events(); len(events) != 0 || c.Dropped()+again.Dropped() != 0 {
		t.Fatalf("nothing is lost, but %d lines are counted, and the timeline says %+v", c.Dropped()+again.Dropped(), events)
	}
	end(again, busy)
	if events := h.events(); again.Dropped() != 5 || len(events) != 1 || events[0].Kind != "lines_lost" || events[0].Text.Args["n"] != "5" {
		t.Errorf("5 lines are lost: %d are counted, and the timeline says %+v", again.Dropped(), events)
	}
}
