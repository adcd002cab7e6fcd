package handlers

import (
	"time"

	"berth/core"
	"berth/views/i18n"
)

type instanceJSON struct {
	ID        string    `json:"id"`
	Version   string    `json:"version"`
	Release   int       `json:"release"`
	Host      string    `json:"host"`
	Address   string    `json:"address"`
	Status    string    `json:"status"`
	Reason    string    `json:"reason,omitempty"`
	ExitCode  int       `json:"exit_code,omitempty"`
	OOM       bool      `json:"out_of_memory,omitempty"`
	Crashes   int       `json:"crashes,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	ReadyAt   time.Time `json:"ready_at,omitzero"`
}

func newInstancesJSON(words *i18n.Localizer, instances []core.Instance) []instanceJSON {
	out := make([]instanceJSON, len(instances))
	for i, in := range instances {
		out[i] = instanceJSON{ID: in.ID, Version: in.Label, Release: in.Release, Host: in.HostID, Address: in.Address,
			Status: instanceStatus(in.State), Reason: words.Text(in.Reason), ExitCode: in.ExitCode, OOM: in.OOM, Crashes: in.Crashes,
			StartedAt: in.StartedAt, ReadyAt: in.ReadyAt}
	}
	return out
}

// instanceStatus is an instance's state in the word that people read: one that answers is running.
func instanceStatus(s core.InstanceState) string {
	if s == core.InstanceReady {
		return "running"
	}
	return string(s)
}
