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
		out := s(d.serviceState(), T("diagnosis.instances.fetching"))
		out.Details = details(d.App.Reason)
		return out
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
	case d.Target.Status == ReleaseFailed:
		d.wanted = 0
		for _, n := range d.Serving.Spec.Instances() {
			d.wanted += n
		}
		counts[3] = itoa(d.wanted)
	case d.wanted == 0:
		return s(StateBad, T("diagnosis.instances.zero")).to(T("diagnosis.instances.zero_next"), MendScale)
	}
	switch {
	case d.ready >= d.wanted:
		return s(StateGood, T("diagnosis.instances.good", counts...))
	case d.ready > 0:
		return s(StateWarning, T("diagnosis.instances.some", counts...))
	case d.App.State == AppDeploying || d.App.State == AppSwitching:
		return s(StateWarning, T("diagnosis.instances.deploying"))
	}
	none := s(StateBad, T("diagnosis.instances.none", "count", itoa(d.wanted)))
	none.Next = T("diagnosis.instances.none_next")
	return none
}

func (d *diagnoser) serviceState() StepState {
	if d.App.State == AppFailed {
		return StateBad
	}
	return StateWarning
}

// health looks at what the instances answered last, the worst first.
func (d *diagnoser) health() DiagnosisStep {
	if d.idle() {
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

// answerStep says what is wrong with an instance that runs and does not answer as it should.
func (d *diagnoser) answerStep(i Instance, a HealthAnswer) (DiagnosisStep, bool) {
	if i.State == InstanceReady && a.Good() || i.State != InstanceReady && i.State != InstanceStarting && i.State != InstanceUnhealthy {
		return DiagnosisStep{}, false
	}
	check := d.checkOf(i)
	if i.State == InstanceStarting {
		s := step(DiagnoseHealth, StateWarning, T("diagnosis.health.starting", "instance", ShortID(i.ID), "grace", check.Grace.Seconds()))
		s.At = i.StartedAt
		s.Details = details(a.Problem)
		return s.to(healthNext(a, d.Target.Spec.Port)), true
	}
	if a.Good() { // it was bad, and is not counted as well yet
		return step(DiagnoseHealth, StateWarning, T("diagnosis.health.recovering", "instance", ShortID(i.ID))), true
	}
	state := d.ail()
	if i.State == InstanceReady {
		state = StateWarning // one bad answer is none
	}
	s := step(DiagnoseHealth, state, T("diagnosis.health.bad", "instance", ShortID(i.ID)))
	s.At = a.At
	s.Details = details(a.Problem)
	if check.Policy == PolicyTell && i.State == InstanceUnhealthy {
		s.Details = append(s.Details, T("diagnosis.health.told"))
		return s.to(T("diagnosis.health.told_next"), MendRestart), true
	}
	return s.to(healthNext(a, d.Target.Spec.Port)), true
}

func (d *diagnoser) checkOf(i Instance) HealthCheck {
	if i.Release == d.Serving.Number && d.Serving.Number > 0 {
		return d.Serving.Spec.Health.WithDefaults()
	}
	return d.Target.Spec.Health.WithDefaults()
}

// healthNext says what to do about a bad answer.
func healthNext(a HealthAnswer, port int) (Text, MendKind) {
	switch a.Problem.Key {
	case "health.refused":
		return T("diagnosis.health.refused_next", "port", itoa(port)), MendSettings
	case "health.status", "health.text", "health.grpc_unknown", "health.grpc_missing", "health.no_grpc":
		return T("diagnosis.health.answer_next"), MendSettings
	}
	return T("diagnosis.health.next"), MendLogs
}

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
		s.Details = details(i.Exit.Why)
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
