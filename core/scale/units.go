package scale

import "berth/core"

// InRuleUnits returns a value of a metric of one instance as rules have it: processor and memory in percent of what an
// instance may take.
func InRuleUnits(m core.ScaleMetric, v float64, spec core.ReleaseSpec) float64 {
	switch m {
	case core.ScaleCPU:
		cores := spec.CPU
		if cores == 0 {
			cores = core.UncappedCPU
		}
		return v * 1000 / float64(cores) * 100
	case core.ScaleMemory:
		return v / float64(max(spec.Memory, 1)) * 100
	}
	return v
}
