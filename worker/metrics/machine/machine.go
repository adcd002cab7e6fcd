// Package machine measures the machine that Berth runs on, from what its kernel tells in /proc.
package machine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"berth/core"
)

// Machine measures this machine. Dir is where Berth keeps its data.
type Machine struct {
	Dir string

	busy time.Duration // of all cores since the start of the machine, at the last measurement
	at   time.Time
}

// tick is the unit of /proc/stat: USER_HZ, which is 100 on every system that Linux runs on.
const tick = 10 * time.Millisecond

// Measure returns the use of this machine; of the processor only from the second call on.
func (m *Machine) Measure() ([]core.MetricSample, error) {
	l := core.MetricLabels{HostID: core.LocalHost}
	memory, err := usedMemory()
	if err != nil {
		return nil, err
	}
	disk, err := usedDisk(m.Dir)
	if err != nil {
		return nil, err
	}
	samples := []core.MetricSample{
		{MetricLabels: l, Metric: core.MetricHostMemory, Value: memory},
		{MetricLabels: l, Metric: core.MetricHostDisk, Value: disk},
	}
	busy, err := busyTime()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if !m.at.IsZero() && busy >= m.busy {
		samples = append(samples, core.MetricSample{MetricLabels: l, Metric: core.MetricHostCPU,
			Value: (busy - m.busy).Seconds() / now.Sub(m.at).Seconds()})
	}
	m.busy, m.at = busy, now
	return samples, nil
}

// busyTime adds up what the cores did but idle and wait for disks: the fields of the first line of /proc/stat.
func busyTime() (time.Duration, error) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	busy := time.Duration(0)
	for _, at := range []int{1, 2, 3, 6, 7, 8} { // user, nice, system, irq, softirq, steal
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return 0, err
		}
		busy += time.Duration(n) * tick
	}
	return busy, nil
}

func usedMemory() (float64, error) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	kilobytes := map[string]int64{}
	for line := range strings.SplitSeq(string(data), "\n") {
		name, rest, _ := strings.Cut(line, ":")
		kilobytes[name], _ = strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
	}
	if kilobytes["MemTotal"] == 0 {
		return 0, fmt.Errorf("/proc/meminfo does not say how much there is")
	}
	return float64((kilobytes["MemTotal"] - kilobytes["MemAvailable"]) * 1024), nil
}

func usedDisk(dir string) (float64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return float64(s.Blocks-s.Bfree) * float64(s.Bsize), nil
}
