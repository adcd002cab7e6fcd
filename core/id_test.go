package core

import (
	"slices"
	"sync"
	"testing"
)

func TestIDsSortAsTheyWereMade(t *testing.T) {
	var wg sync.WaitGroup
	seen := make([][]string, 4)
	for n := range seen {
		wg.Go(func() {
			for range 20_000 {
				seen[n] = append(seen[n], NewID())
			}
		})
	}
	wg.Wait()
	all := map[string]bool{}
	for _, ids := range seen {
		if !slices.IsSorted(ids) {
			t.Error("ids of one process are out of order")
		}
		for _, id := range ids {
			all[id] = true
			if !ValidID(id) {
				t.Fatalf("%q is no id", id)
			}
		}
	}
	if len(all) != 80_000 {
		t.Errorf("%d ids are unique, want 80000", len(all))
	}
}
