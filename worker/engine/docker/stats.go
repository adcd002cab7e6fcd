package docker

import (
	"context"
	"encoding/json"
	"strings"
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
		Networks map[string]struct {
			Received uint64 `json:"rx_bytes"`
			Sent     uint64 `json:"tx_bytes"`
		} `json:"networks"`
		Disk struct {
			Bytes []struct {
				Op    string `json:"op"`
				Value uint64 `json:"value"`
			} `json:"io_service_bytes_recursive"`
		} `json:"blkio_stats"`
		Pids struct {
			Current uint64 `json:"current"`
		} `json:"pids_stats"`
	}
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		return core.ContainerStats{}, wrap(err)
	}
	out := core.ContainerStats{
		Memory: workingSet(s.MemoryStats.Usage, s.MemoryStats.Stats), MemoryLimit: core.Bytes(s.MemoryStats.Limit),
		CPUTime: time.Duration(s.CPUStats.CPUUsage.TotalUsage), Processes: int(s.Pids.Current), At: s.Read,
	}
	for _, n := range s.Networks {
		out.NetIn += core.Bytes(n.Received)
		out.NetOut += core.Bytes(n.Sent)
	}
	for _, d := range s.Disk.Bytes {
		switch strings.ToLower(d.Op) { // "Read" with control groups v1, "read" with v2
		case "read":
			out.DiskRead += core.Bytes(d.Value)
		case "write":
			out.DiskWrite += core.Bytes(d.Value)
		}
	}
	return out, nil
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
