package core

// quota looks at whether something is held back because nothing is left.
func (d *diagnoser) quota() DiagnosisStep {
	switch {
	case len(d.Full) > 0:
		s := step(DiagnoseQuota, StateWarning, T("diagnosis.quota.full")).to(T("diagnosis.quota.full_next"), MendQuota)
		for _, r := range d.Full {
			s.Details = append(s.Details, T("resource."+string(r)))
		}
		return s
	case len(d.Budget) > 0:
		s := step(DiagnoseQuota, StateWarning, T("diagnosis.quota.budget")).to(T("diagnosis.quota.budget_next"), MendQuota)
		for _, r := range d.Budget {
			s.Details = append(s.Details, T("resource."+string(r)))
		}
		return s
	}
	return step(DiagnoseQuota, StateGood, T("diagnosis.quota.good"))
}

// host looks at the machines below.
func (d *diagnoser) host() DiagnosisStep {
	if len(d.Hosts) == 0 {
		return step(DiagnoseHost, StateUnknown, T("diagnosis.host.unknown"))
	}
	next := T("diagnosis.host.next")
	if name, some, all := d.away(); some > 0 && (some == all || !d.asleep()) {
		state := StateWarning
		if some == all {
			state = StateBad
		}
		return step(DiagnoseHost, state, T("diagnosis.host.away", "host", name)).to(next, MendHosts)
	}
	if !d.NoRoom.IsZero() && len(d.Instances) < d.wanted && !d.idle() {
		s := step(DiagnoseHost, d.ail(), T("diagnosis.host.no_room"))
		if d.NoRoom.Key == "error.no_host_memory" {
			return s.to(d.NoRoom, MendSettings)
		}
		return s.to(d.NoRoom, MendHosts)
	}
	if d.Disk.Known && d.Disk.Low {
		state := StateWarning
		if d.Disk.Free < 64*MiB {
			state = d.ail()
		}
		return step(DiagnoseHost, state, T("diagnosis.host.disk", "free", d.Disk.Free.Human())).to(T("diagnosis.host.disk_next"), MendHosts)
	}
	return step(DiagnoseHost, StateGood, T("diagnosis.host.good"))
}

// away counts the instances whose machine does not answer, of all, and names it. Without instances all machines count.
func (d *diagnoser) away() (name string, some, all int) {
	down := map[string]string{}
	for _, h := range d.Hosts {
		if h.Status == HostDown {
			down[h.ID] = h.Name
		}
	}
	for _, i := range d.Instances {
		all++
		if n, ok := down[i.HostID]; ok {
			name, some = n, some+1
		}
	}
	if all == 0 {
		for _, n := range down {
			name = n
		}
		return name, len(down), len(d.Hosts)
	}
	return name, some, all
}
