package service

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// What is asked of the engines for a page that shows memory.
const (
	memoryAsked   = 3 // instances of a version
	memoryPatient = 2 * time.Second
)

// VersionMemory returns what an instance of each version of an app uses of memory, on average over some of those that
// are ready. What no engine answers in time is left out. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) VersionMemory(ctx context.Context, appID string) (map[string]core.Bytes, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return nil, err
	}
	instances, err := s.store.Instances().List(ctx, appID)
	if err != nil || s.engines == nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, memoryPatient)
	defer cancel()
	var mu sync.Mutex
	var asking sync.WaitGroup
	asked, sums, counts := map[string]int{}, map[string]core.Bytes{}, map[string]core.Bytes{}
	for _, i := range instances {
		engine, missing := s.engines.Engine(i.HostID)
		if i.State != core.InstanceReady || missing != nil || asked[i.Label] == memoryAsked {
			continue
		}
		asked[i.Label]++
		asking.Go(func() {
			stats, err := engine.Stats(ctx, i.ContainerID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && stats.Memory > 0 {
				sums[i.Label] += stats.Memory
				counts[i.Label]++
			}
		})
	}
	asking.Wait()
	for label, n := range counts {
		sums[label] /= n
	}
	return sums, nil
}
