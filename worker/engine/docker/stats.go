package docker

import (
	"context"
	"encoding/json"
	"time"

	"berth/core"
)

// Stats returns the present use of a container; of one that does not run, none. Errors: ENOTFOUND.
func (e *Engine) Stats(ctx context.Context, containerID string) (core.ContainerStats, error) {
	res, err := e.api.ContainerStatsOneShot(ctx, containerID)
	if err != nil {
		return core.ContainerStats{}, wrap(err)
	}
	defer res.Body.Close()
	var s struct {
		Read        time.Time `json:"read"`
		MemoryStats struct {
			Usage uint64            `json:"usage"`
			Limit uint64            `json:"limit"`
			Stats map[string]uint64 `json:"stats"`
		} `json:"memory_stats"`
		CPUStats struct {
			CPUUsage struct {
				TotalUsage uint64 `json:"total_usage"`
			} `json:"cpu_usage"`
		} `json:"cpu_stats"`
	}
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		return core.ContainerStats{}, wrap(err)
	}
	return core.ContainerStats{
		Memory: workingSet(s.MemoryStats.Usage, s.MemoryStats.Stats), MemoryLimit: core.Bytes(s.MemoryStats.Limit),
		CPUTime: time.Duration(s.CPUStats.CPUUsage.TotalUsage), At: s.Read,
	}, nil
}

// workingSet leaves out the file cache that the kernel gives up when memory is short; it has another name in each
// version of control groups.
func workingSet(usage uint64, stats map[string]uint64) core.Bytes {
	cache, v1 := stats["total_inactive_file"]
	if !v1 {
		cache = stats["inactive_file"]
	}
	return core.Bytes(usage - min(usage, cache))
}
