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

	mu   sync.Mutex
	told map[string]time.Time // by app
	more map[string]int       // lines dropped since, by app
}

func newTeller(store core.Store) *teller {
	return &teller{store: store, told: map[string]time.Time{}, more: map[string]int{}}
}

// dropped tells that lines were not kept, together with those of which there was no word yet. An event that cannot be
// written comes with the next.
func (t *teller) dropped(ctx context.Context, appID string, n int) error {
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
		err = t.store.Events().Create(ctx, core.NewEvent(app, core.LevelWarning, "lines_dropped", "n", strconv.Itoa(n)))
	}
	if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		t.mu.Lock()
		t.told[appID] = before
		t.more[appID] += n
		t.mu.Unlock()
	}
	return err
}
