package logs

import (
	"context"
	"strconv"
	"sync"
	"time"

	"berth/core"
)

// tellEvery is how often an app's timeline says that lines are not kept while that goes on.
const tellEvery = time.Hour

// teller says on the timelines of apps that lines were not kept.
type teller struct {
	store core.Store
	event func(app core.App, n string) core.Event

	mu   sync.Mutex
	told map[string]time.Time // by app
	more map[string]int       // lines not kept since, by app
}

// newDropTeller tells of lines that the quota does not allow.
func newDropTeller(store core.Store) *teller {
	return newTeller(store, func(app core.App, n string) core.Event {
		return core.NewEvent(app, core.LevelWarning, "lines_dropped", "n", n)
	})
}

// newRefusalTeller tells of lines that the log store never takes.
func newRefusalTeller(store core.Store) *teller {
	return newTeller(store, func(app core.App, n string) core.Event {
		return core.NewEvent(app, core.LevelWarning, "lines_refused", "n", n)
	})
}

// newLossTeller tells of lines whose container was removed before the log store could take them.
func newLossTeller(store core.Store) *teller {
	return newTeller(store, func(app core.App, n string) core.Event {
		return core.NewEvent(app, core.LevelWarning, "lines_lost", "n", n)
	})
}

func newTeller(store core.Store, event func(app core.App, n string) core.Event) *teller {
	return &teller{store: store, event: event, told: map[string]time.Time{}, more: map[string]int{}}
}

// tell tells that lines were not kept, together with those of which there was no word yet. An event that cannot be
// written comes with the next.
func (t *teller) tell(ctx context.Context, appID string, n int) error {
	t.mu.Lock()
	t.more[appID] += n
	n = t.more[appID]
	if time.Since(t.told[appID]) < tellEvery {
		t.mu.Unlock()
		return nil
	}
	before := t.told[appID]
	t.told[appID], t.more[appID] = time.Now(), 0
	t.mu.Unlock()

	app, err := t.store.Apps().Get(ctx, appID)
	if err == nil {
		err = t.store.Events().Create(ctx, t.event(app, strconv.Itoa(n)))
	}
	if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		t.mu.Lock()
		t.told[appID] = before
		t.more[appID] += n
		t.mu.Unlock()
	}
	return err
}
