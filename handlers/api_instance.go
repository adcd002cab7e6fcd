package handlers

import (
	"time"

	"berth/core"
	"berth/views/i18n"
)

type instanceJSON struct {
	ID        string       `json:"id"`
	Version   string       `json:"version"`
	Release   int          `json:"release"`
	Host      string       `json:"host"`
	Address   string       `json:"address"`
	Status    string       `json:"status"`
	Reason    string       `json:"reason,omitempty"`
	ExitCode  int          `json:"exit_code,omitempty"`
	OOM       bool         `json:"out_of_memory,omitempty"`
	Crashes   int          `json:"crashes,omitempty"`
	RetryAt   time.Time    `json:"retry_at,omitzero"` // when one that is down is started again
	StartedAt time.Time    `json:"started_at,omitzero"`
	ReadyAt   time.Time    `json:"ready_at,omitzero"`
	Exit      *exitJSON    `json:"last_exit,omitempty"`
	Health    []answerJSON `json:"health,omitempty"` // newest first
}

// exitJSON is how the program of an instance ended the last time.
type exitJSON struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Code   int       `json:"code"`
	Signal string    `json:"signal,omitempty"`
	OOM    bool      `json:"out_of_memory"`
	Lines  []string  `json:"lines,omitempty"`
}

// answerJSON is an answer to a health check.
type answerJSON struct {
	At      time.Time `json:"at"`
	Asked   string    `json:"asked"` // "http /healthz"
	Alive   bool      `json:"alive,omitempty"`
	Good    bool      `json:"good"`
	Problem string    `json:"problem,omitempty"`
	TookMS  float64   `json:"took_ms"`
}

func newInstancesJSON(words *i18n.Localizer, instances []core.Instance, answers map[string][]core.HealthAnswer) []instanceJSON {
	out := make([]instanceJSON, len(instances))
	for i, in := range instances {
		out[i] = instanceJSON{ID: in.ID, Version: in.Label, Release: in.Release, Host: in.HostID, Address: in.Address,
			Status: instanceStatus(in.State), Reason: words.Text(in.Reason), ExitCode: in.ExitCode, OOM: in.OOM, Crashes: in.CrashesAt(time.Now()),
			StartedAt: in.StartedAt, ReadyAt: in.ReadyAt, Exit: newExitJSON(words, in)}
		if in.State == core.InstanceCrashed || in.State == core.InstancePlaced {
			out[i].RetryAt = in.RetryAt
		}
		for _, a := range answers[in.ID] {
			out[i].Health = append(out[i].Health, answerJSON{At: a.At, Asked: a.Asked.String(), Alive: a.Alive, Good: a.Good(),
				Problem: words.Text(a.Problem), TookMS: float64(a.Took.Microseconds()) / 1000})
		}
	}
	return out
}

func newExitJSON(words *i18n.Localizer, i core.Instance) *exitJSON {
	if i.Exit.IsZero() {
		return nil
	}
	return &exitJSON{At: i.Exit.At, Reason: words.Text(i.Exit.Why), Code: i.ExitCode, Signal: core.ExitSignal(i.ExitCode), OOM: i.OOM, Lines: i.Exit.Lines}
}

// instanceStatus is an instance's state in the word that people read: one that answers is running.
func instanceStatus(s core.InstanceState) string {
	if s == core.InstanceReady {
		return "running"
	}
	return string(s)
}
