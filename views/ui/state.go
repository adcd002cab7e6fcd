package ui

import "berth/core"

// Look is how a state looks: an icon of a shape of its own and a colour. The word stands beside it.
type Look struct {
	Icon string
	Kind string // "ok", "busy", "warn", "bad", "" for calm
}

func (l Look) class() string {
	if l.Kind == "" {
		return "state"
	}
	return "state state-" + l.Kind
}

func (l Look) iconClass() string {
	if l.Icon == "busy" {
		return "spin"
	}
	return ""
}

var appLooks = map[core.AppState]Look{
	core.AppNew:       {"todo", ""},
	core.AppDeploying: {"busy", "busy"},
	core.AppSwitching: {"busy", "busy"},
	core.AppRunning:   {"ok", "ok"},
	core.AppPartly:    {"half", "warn"},
	core.AppCrashing:  {"bad", "bad"},
	core.AppFailed:    {"bad", "bad"},
	core.AppStopping:  {"busy", "busy"},
	core.AppStopped:   {"off", ""},
	core.AppAsleep:    {"moon", ""},
	core.AppDeleting:  {"busy", "busy"},
}

var instanceLooks = map[core.InstanceState]Look{
	core.InstancePlaced:    {"todo", ""},
	core.InstanceCreated:   {"todo", ""},
	core.InstanceStarting:  {"busy", "busy"},
	core.InstanceReady:     {"ok", "ok"},
	core.InstanceUnhealthy: {"warn", "warn"},
	core.InstanceCrashed:   {"bad", "bad"},
	core.InstanceDraining:  {"busy", "busy"},
	core.InstanceStopping:  {"busy", "busy"},
}

var releaseLooks = map[core.ReleaseStatus]Look{
	core.ReleasePending:    {"busy", "busy"},
	core.ReleaseLive:       {"ok", "ok"},
	core.ReleaseSuperseded: {"off", ""},
	core.ReleaseFailed:     {"bad", "bad"},
}

var operationLooks = map[core.OperationStatus]Look{
	core.OpPending:   {"busy", "busy"},
	core.OpRunning:   {"busy", "busy"},
	core.OpSucceeded: {"ok", "ok"},
	core.OpFailed:    {"bad", "bad"},
}

var stepLooks = map[core.StepStatus]Look{
	core.StepPending:   {"todo", ""},
	core.StepRunning:   {"busy", "accent"},
	core.StepSucceeded: {"ok", "ok"},
	core.StepFailed:    {"bad", "bad"},
	core.StepSkipped:   {"off", ""},
}

var hostLooks = map[core.HostStatus]Look{
	core.HostUp:   {"ok", "ok"},
	core.HostDown: {"bad", "bad"},
}

var levelLooks = map[core.Level]Look{
	core.LevelInfo:    {"activity", ""},
	core.LevelGood:    {"ok", "ok"},
	core.LevelWarning: {"warn", "warn"},
	core.LevelBad:     {"bad", "bad"},
}
