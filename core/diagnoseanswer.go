package core

import "cmp"

// answerStep says what is wrong with an instance that runs and does not answer as it should.
func (d *diagnoser) answerStep(i Instance, a HealthAnswer) (DiagnosisStep, bool) {
	if i.State == InstanceReady && a.Good() || i.State != InstanceReady && i.State != InstanceStarting && i.State != InstanceUnhealthy {
		return DiagnosisStep{}, false
	}
	check, port := d.checkOf(i), d.Target.Spec.Port
	if i.State == InstanceStarting {
		s := step(DiagnoseHealth, StateWarning, T("diagnosis.health.starting", "instance", ShortID(i.ID), "grace", check.Grace.Seconds()))
		s.At = i.StartedAt
		s.Details = details(a.Problem)
		return s.to(answerNext(a.Problem, port)), true
	}
	if a.Good() { // it was bad, and is not counted as well yet
		return step(DiagnoseHealth, StateWarning, T("diagnosis.health.recovering", "instance", ShortID(i.ID))), true
	}
	state := d.ail()
	if i.State == InstanceReady {
		state = StateWarning // one bad answer is none
	}
	text, all := badAnswer(i, a, port)
	s := step(DiagnoseHealth, state, text)
	s.At = a.At
	if !all {
		s.Details = details(a.Problem)
	}
	if check.Policy == PolicyTell && i.State == InstanceUnhealthy {
		s.Details = append(s.Details, T("diagnosis.health.told"))
		return s.to(T("diagnosis.health.told_next"), MendRestart), true
	}
	return s.to(answerNext(a.Problem, port)), true
}

func (d *diagnoser) checkOf(i Instance) HealthCheck {
	if i.Release == d.Serving.Number && d.Serving.Number > 0 {
		return d.Serving.Spec.Health.WithDefaults()
	}
	return d.Target.Spec.Health.WithDefaults()
}

// badAnswer says what an instance answered and what it should have, and whether that says all of the problem.
func badAnswer(i Instance, a HealthAnswer, port int) (text Text, all bool) {
	id, said := ShortID(i.ID), a.Problem.Args
	switch a.Problem.Key {
	case "health.status":
		return T("diagnosis.health.status", "instance", id, "path", said["path"], "status", said["status"], "expected", expected(a.Problem)), true
	case "health.text":
		return T("diagnosis.health.text", "instance", id, "path", said["path"], "text", said["text"]), true
	case "health.refused":
		return T("diagnosis.health.refused", "instance", id, "port", itoa(port)), true
	case "health.timeout":
		return T("diagnosis.health.timeout", "instance", id, "asked", a.Asked.String(), "seconds", said["seconds"]), true
	case "health.grpc_not_serving":
		return T("diagnosis.health.not_serving", "instance", id), true
	case "health.own":
		return T("diagnosis.health.own", "instance", id, "output", said["output"]), true
	}
	return T("diagnosis.health.bad", "instance", id), false
}

// expected returns which statuses would have been good.
func expected(problem Text) string { return cmp.Or(problem.Args["expected"], DefaultStatus) }

// answerNext says what to do about a bad answer.
func answerNext(problem Text, port int) (Text, MendKind) {
	status, path := problem.Args["status"], problem.Args["path"]
	switch key := problem.Key; {
	case key == "health.refused":
		return T("diagnosis.health.refused_next", "port", itoa(port)), MendSettings
	case key == "health.status" && status >= "500":
		return T("diagnosis.health.error_next", "status", status, "path", path), MendLogs
	case key == "health.status" && status == "404":
		return T("diagnosis.health.missing_next", "path", path), MendSettings
	case key == "health.status" && (status == "401" || status == "403"):
		return T("diagnosis.health.closed_next", "path", path), MendSettings
	case key == "health.status" || key == "health.text" || key == "health.grpc_unknown" || key == "health.grpc_missing" || key == "health.no_grpc":
		return T("diagnosis.health.answer_next"), MendSettings
	}
	return T("diagnosis.health.next"), MendLogs
}
