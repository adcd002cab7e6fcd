package traffic

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"berth/core"
)

var _ core.AccessLog = (*Reader)(nil)

// Search implements core.AccessLog over all gateways.
func (r *Reader) Search(ctx context.Context, appID string, q core.AccessQuery) (core.AccessPage, error) {
	if err := q.Validate(); err != nil {
		return core.AccessPage{}, err
	}
	q.Limit = min(max(q.Limit, 1), core.MaxAccessLines)
	var mu sync.Mutex
	var pages []core.AccessPage
	var away []string
	var asking sync.WaitGroup
	ask := func(id string, search func() (core.AccessPage, error)) {
		asking.Go(func() {
			page, err := search()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				away = append(away, id)
				return
			}
			pages = append(pages, page)
		})
	}
	if r.Local != nil {
		ask(r.Local.ID, func() (core.AccessPage, error) { return r.Local.Access.Search(ctx, appID, q) })
	}
	short, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for id, address := range r.addresses() {
		if address == "" {
			away = append(away, id)
			continue
		}
		ask(id, func() (core.AccessPage, error) { return r.remote.search(short, address, appID, q) })
	}
	asking.Wait()
	slices.Sort(away)
	page := mergePages(pages, q.Limit)
	page.Away = away
	return page, ctx.Err()
}

// mergePages puts the newest lines of all pages together, as far down as each of them reaches.
func mergePages(pages []core.AccessPage, limit int) core.AccessPage {
	var all core.AccessPage
	for _, p := range pages {
		all.Lines = append(all.Lines, p.Lines...)
		all.Lost += p.Lost
		if p.Until.After(all.Until) {
			all.Until = p.Until
		}
	}
	slices.SortStableFunc(all.Lines, func(a, b core.AccessLine) int { return b.Time.Compare(a.Time) })
	n := len(all.Lines)
	if !all.Until.IsZero() { // older lines of the others come again on the next page
		n, _ = slices.BinarySearchFunc(all.Lines, all.Until, func(l core.AccessLine, t time.Time) int {
			if l.Time.Before(t) {
				return 0
			}
			return -1
		})
	}
	if n > limit {
		last := all.Lines[limit-1].Time
		for limit < n && all.Lines[limit].Time.Equal(last) {
			limit++
		}
		if limit < n {
			n, all.Until = limit, last
		}
	}
	all.Lines = all.Lines[:n]
	return all
}

// addresses returns where the gateways of other processes tell, by id; "" for one that does not.
func (r *Reader) addresses() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]string{}
	for id, n := range r.nodes {
		if !n.gone && (r.Local == nil || id != r.Local.ID) {
			all[id] = n.address
		}
	}
	return all
}

// Follow implements core.AccessLog over all gateways. One that falls silent, or comes later, is followed again when it
// answers.
func (r *Reader) Follow(ctx context.Context, appID string, q core.AccessQuery, f func(core.AccessLine, int) error) error {
	if err := q.Validate(); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	var following sync.WaitGroup
	one := func(l core.AccessLine, missed int) error {
		mu.Lock()
		defer mu.Unlock()
		err := f(l, missed)
		if err != nil {
			stop(err)
		}
		return err
	}
	if r.Local != nil {
		following.Go(func() { r.Local.Access.Follow(ctx, appID, q, one) })
	}
	followed := map[string]bool{}
	ticker := time.NewTicker(r.Every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		for id, address := range r.addresses() {
			mu.Lock()
			begins := address != "" && !followed[id]
			if begins {
				followed[id] = true
			}
			mu.Unlock()
			if begins {
				following.Go(func() {
					r.remote.follow(ctx, address, appID, q, one)
					mu.Lock()
					defer mu.Unlock()
					delete(followed, id)
				})
			}
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	following.Wait()
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return cause
	}
	return nil
}

// sortStates keeps the order of gateways steady.
func sortStates(all []core.GatewayState) {
	slices.SortFunc(all, func(a, b core.GatewayState) int { return cmp.Compare(a.ID, b.ID) })
}
