package core

import "time"

// running looks at how many instances there are, of how many that are wanted.
func (d *diagnoser) running() DiagnosisStep {
	s := func(state StepState, text Text) DiagnosisStep { return step(DiagnoseInstances, state, text) }
	counts := []string{"ready", itoa(d.ready), "wanted", itoa(d.wanted)}
	switch {
	case d.App.Deleting:
		return s(StateBad, T("diagnosis.instances.deleting"))
	case d.App.Stopped:
		return s(StateBad, T("diagnosis.instances.stopped")).to(T("diagnosis.instances.stopped_next"), MendStart)
	case d.App.Release == 0 && d.App.IsService():
		return d.fetching()
	case d.App.Release == 0:
		return s(StateBad, T("diagnosis.instances.never")).to(T("diagnosis.instances.never_next"), MendDeploy)
	case d.Target.Status == ReleaseFailed && d.Serving.Number == 0:
		out := s(StateBad, T("diagnosis.instances.failed", "release", itoa(d.Target.Number)))
		out.Lines = d.Failed.LogTail
		out.Details = details(d.Failed.Error)
		if d.Failed.ID == "" {
			return out.to(T("diagnosis.instances.failed_next"), MendLogs)
		}
		return out.to(T("diagnosis.instances.failed_next"), MendOperation, d.Failed.ID)
	case d.asleep():
		return s(StateGood, T("diagnosis.instances.asleep")).byItself("diagnosis.instances.asleep_next")
	case d.wanted == 0:
		return s(StateBad, T("diagnosis.instances.zero")).to(T("diagnosis.instances.zero_next"), MendScale)
	}
	switch {
	case d.ready >= d.wanted:
		return s(StateGood, T("diagnosis.instances.good", counts...))
	case d.ready > 0:
		return s(StateWarning, T("diagnosis.instances.some", counts...)).byItself("diagnosis.instances.none_next")
	case d.App.State == AppDeploying || d.App.State == AppSwitching && !d.App.AwaitsSwitch():
		return s(StateWarning, T("diagnosis.instances.deploying")).byItself("diagnosis.instances.deploying_next")
	}
	return s(StateBad, T("diagnosis.instances.none", "count", itoa(d.wanted))).byItself("diagnosis.instances.none_next")
}

// fetching looks at a service whose image is not here yet.
func (d *diagnoser) fetching() (s DiagnosisStep) {
	if d.App.State == AppFailed {
		s = step(DiagnoseInstances, StateBad, T("diagnosis.instances.not_fetched")).to(T("diagnosis.instances.not_fetched_next"), MendStart)
	} else {
		s = step(DiagnoseInstances, StateWarning, T("diagnosis.instances.fetching")).byItself("diagnosis.instances.fetching_next")
	}
	s.Details = details(d.App.Reason)
	return s
}

// byItself says what comes next where nobody has to do anything.
func (s DiagnosisStep) byItself(next string) DiagnosisStep {
	s.Next = T(next)
	return s
}

// health looks at what the instances answered last, the worst first.
func (d *diagnoser) health() DiagnosisStep {
	if d.idle() || len(d.Instances) == 0 {
		return step(DiagnoseHealth, StateSkipped, T("diagnosis.health.none"))
	}
	var worst DiagnosisStep
	known, last := 0, time.Time{}
	for _, i := range d.Instances {
		answers := d.Answers[i.ID]
		if len(answers) == 0 {
			continue
		}
		if known++; answers[0].At.After(last) {
			last = answers[0].At
		}
		if s, ok := d.answerStep(i, answers[0]); ok {
			worst = worse(worst, s)
		}
	}
	switch {
	case worst.State != "":
		return worst
	case known == 0:
		return step(DiagnoseHealth, StateUnknown, T("diagnosis.health.unknown"))
	}
	s := step(DiagnoseHealth, StateGood, T("diagnosis.health.good", "count", itoa(known)))
	s.At = last
	return s
}

// idle reports whether nothing of the app is to run.
func (d *diagnoser) idle() bool { return d.App.Stopped || d.App.Deleting || d.App.Release == 0 }

// asleep reports whether nothing runs because nobody asks for it.
func (d *diagnoser) asleep() bool { return !d.idle() && d.App.Asleep && d.wanted == 0 }

// longAgo is when the end of a program is history.
const longAgo = time.Hour

// exit looks at how programs ended.
func (d *diagnoser) exit() DiagnosisStep {
	var last Instance
	for _, i := range d.Instances {
		down := i.State == InstanceCrashed || i.State == InstancePlaced && i.Crashes > 0
		lastDown := last.State == InstanceCrashed || last.State == InstancePlaced && last.Crashes > 0
		if !i.Exit.IsZero() && (last.ID == "" || down && !lastDown || down == lastDown && i.Exit.At.After(last.Exit.At)) {
			last = i
		}
	}
	switch {
	case d.idle():
		return step(DiagnoseExit, StateSkipped, T("diagnosis.exit.none"))
	case last.ID == "" && d.Target.Status == ReleaseFailed && d.Serving.Number == 0:
		return step(DiagnoseExit, StateSkipped, T("diagnosis.exit.gone"))
	case last.ID == "":
		return step(DiagnoseExit, StateGood, T("diagnosis.exit.none"))
	}
	if last.State == InstanceReady && d.Now.Sub(last.Exit.At) > longAgo {
		s := step(DiagnoseExit, StateGood, T("diagnosis.exit.long_ago"))
		s.Details, s.At = details(last.Exit.Why), last.Exit.At
		return s
	}
	s := d.exitStep(last)
	s.At = last.Exit.At
	if last.State == InstanceReady && last.Crashes < 3 {
		s.State = StateWarning
	}
	s.Lines = last.Exit.Lines
	s.Details = append(s.Details, d.again(last)...)
	return s
}

// exitStep says how the program of an instance ended, in words, and what helps.
func (d *diagnoser) exitStep(i Instance) DiagnosisStep {
	args := []string{"instance", ShortID(i.ID), "code", itoa(i.ExitCode), "signal", ExitSignal(i.ExitCode), "memory", i.Memory.Human()}
	said := func(key, next string, kind MendKind) DiagnosisStep {
		return step(DiagnoseExit, d.ail(), T(key, args...)).to(T(next, args...), kind)
	}
	switch why := i.Exit.Why.Key; {
	case why == "reason.out_of_memory":
		return said("diagnosis.exit.memory", "diagnosis.exit.memory_next", MendSettings)
	case why == "reason.never_answered" || why == "reason.stopped_answering":
		s := said("diagnosis.exit.silent", "diagnosis.exit.silent_next", MendSettings)
		if p := i.Exit.Said; p.Key == "health.status" {
			s.Text = T("diagnosis.exit.answered", "instance", ShortID(i.ID), "path", p.Args["path"], "status", p.Args["status"], "expected", expected(p))
			s = s.to(answerNext(p, d.Target.Spec.Port))
		}
		s.Details = append(details(i.Exit.Why), details(i.Exit.Said)...)
		return s
	case why == "reason.cannot_start":
		s := said("diagnosis.exit.cannot_start", "diagnosis.exit.cannot_start_next", MendSettings)
		s.Details = details(i.Exit.Why)
		return s
	case i.ExitCode == 0:
		return said("diagnosis.exit.finished", "diagnosis.exit.finished_next", MendSettings)
	case i.ExitCode == 126 || i.ExitCode == 127:
		return said("diagnosis.exit.no_program", "diagnosis.exit.cannot_start_next", MendSettings)
	case i.ExitCode == 139 || i.ExitCode == 134 || i.ExitCode == 135 || i.ExitCode == 136 || i.ExitCode == 132:
		return said("diagnosis.exit.fault", "diagnosis.exit.next", MendLogs)
	case ExitSignal(i.ExitCode) != "":
		return said("diagnosis.exit.signal", "diagnosis.exit.next", MendLogs)
	}
	return said("diagnosis.exit.code", "diagnosis.exit.next", MendLogs)
}

// again says how often it ended, and when it is started again.
func (d *diagnoser) again(i Instance) []Text {
	var said []Text
	if n := i.CrashesAt(d.Now); n > 2 {
		said = append(said, T("diagnosis.exit.loop", "count", itoa(n)))
	}
	switch {
	case i.State == InstanceReady:
		said = append(said, T("diagnosis.exit.back"))
	case d.checkOf(i).Policy == PolicyStop:
		said = append(said, T("diagnosis.exit.stays"))
	case i.State == InstanceCrashed || i.State == InstancePlaced:
		said = append(said, T("diagnosis.exit.again", "count", itoa(int(max(0, i.RetryAt.Sub(d.Now)).Round(time.Second)/time.Second))))
	}
	return said
}
