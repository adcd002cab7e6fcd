package store

import (
	"time"

	"berth/core"
)

type instanceRow struct {
	ID            string
	AppID         string
	TenantID      string
	VersionID     string
	Label         string
	Digest        string
	ReleaseNumber int
	Template      string
	Memory        core.Bytes
	CPU           core.MilliCPU `gorm:"column:cpu"`
	HostID        string
	HostPort      int
	Address       string
	ContainerID   string
	Placement     core.Text `gorm:"serializer:json"`
	State         core.InstanceState
	Reason        core.Text `gorm:"serializer:json"`
	ExitCode      int
	OOM           bool `gorm:"column:oom"`
	Crashes       int
	RetryAt       moment
	StartedAt     moment
	ReadyAt       moment
	DrainedAt     moment
	CreatedAt     moment
	LastExit      core.Exit `gorm:"serializer:json"`
}

func (instanceRow) TableName() string { return "instances" }

func newInstanceRow(i core.Instance) instanceRow {
	return instanceRow{ID: i.ID, AppID: i.AppID, TenantID: i.TenantID, VersionID: i.VersionID, Label: i.Label,
		Digest: i.Digest, ReleaseNumber: i.Release, Template: i.Template, Memory: i.Memory, CPU: i.CPU, HostID: i.HostID, HostPort: i.HostPort,
		Address: i.Address, ContainerID: i.ContainerID, Placement: i.Placement, State: i.State, Reason: i.Reason,
		ExitCode: i.ExitCode, OOM: i.OOM, Crashes: i.Crashes, RetryAt: moment(i.RetryAt),
		StartedAt: moment(i.StartedAt), ReadyAt: moment(i.ReadyAt), DrainedAt: moment(i.DrainedAt),
		CreatedAt: moment(i.CreatedAt), LastExit: normalExit(i.Exit)}
}

func (r instanceRow) instance() core.Instance {
	return core.Instance{ID: r.ID, AppID: r.AppID, TenantID: r.TenantID, VersionID: r.VersionID, Label: r.Label,
		Digest: r.Digest, Release: r.ReleaseNumber, Template: r.Template, Memory: r.Memory, CPU: r.CPU, HostID: r.HostID, HostPort: r.HostPort,
		Address: r.Address, ContainerID: r.ContainerID, Placement: r.Placement, State: r.State, Reason: r.Reason,
		ExitCode: r.ExitCode, OOM: r.OOM, Crashes: r.Crashes, RetryAt: time.Time(r.RetryAt),
		StartedAt: time.Time(r.StartedAt), ReadyAt: time.Time(r.ReadyAt), DrainedAt: time.Time(r.DrainedAt),
		CreatedAt: time.Time(r.CreatedAt), Exit: r.LastExit}
}

// normalExit keeps the time as the columns do.
func normalExit(e core.Exit) core.Exit {
	if !e.At.IsZero() {
		e.At = normal(e.At)
	}
	return e
}
