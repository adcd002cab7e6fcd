package core

// rolling returns the most that a rolling release may take at one time, on its way to the target and, should that fail,
// on the way back: what is there counts until it is gone, so there are never more instances than there are now, or
// than are wanted and may be more. Where old and new ones differ in size, each counts as the larger: which of them
// are there at a time is not known beforehand.
func (u AppUse) rolling() Amounts {
	to := u.Target
	if to.Status == ReleaseFailed {
		to = u.Live
	}
	missing := map[string]int{}
	for n, count := range to.Spec.Instances() {
		missing[to.Spec.Template(to.Spec.Targets[n], u.App.Restart)] += count
	}
	others := 0
	unit := instanceAmounts(1, to.Spec.Memory, to.Spec.CPU)
	for _, i := range u.Instances {
		if missing[i.Template]--; missing[i.Template] < 0 {
			others++
		}
		unit = unit.most(instanceAmounts(1, i.Memory, i.CPU))
	}
	most := max(len(u.Instances), u.rolled(to))
	switch {
	case u.Target.Status == ReleasePending && u.Live.Number > 0:
		most = max(most, u.rolled(u.Live))
		unit = unit.most(instanceAmounts(1, u.Live.Spec.Memory, u.Live.Spec.CPU))
	case others == 0:
		return to.Spec.Needs().most(u.held())
	}
	sum := Amounts{}
	for r, n := range unit {
		sum[r] = int64(most) * n
	}
	return sum
}

// rolled returns how many instances there may be on the way to those of a release; none where it wants none.
func (u AppUse) rolled(r Release) int {
	wanted := 0
	for _, n := range r.Spec.Instances() {
		wanted += n
	}
	if wanted == 0 {
		return 0
	}
	surge, _ := u.Target.Spec.Strategy.Bounds(wanted)
	return wanted + surge
}
