// Package operation shows an operation while it runs and what became of it.
package operation

import (
	"context"
	"slices"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
)

// Operation is the page.
type Operation struct {
	Page       layout.Page
	App        core.App
	Operation  core.Operation
	URL        string // of the app, "" for a database
	CanDeploy  bool
	CanInspect bool
	Serving    string // version that goes on serving when this failed, "" when none does
}

func (m Operation) first() bool {
	return m.Operation.Kind == core.OpDeploy && m.Operation.Release <= 1
}

// title says what is going on, or what became of it.
func (m Operation) title(ctx context.Context) string {
	kind := string(m.Operation.Kind)
	if m.App.IsService() && m.Operation.Kind == core.OpDeploy {
		kind = "create"
	}
	return i18n.T(ctx, "op."+kind+"."+m.phase(), "name", m.App.Name)
}

func (m Operation) phase() string {
	switch m.Operation.Status {
	case core.OpSucceeded:
		return "done"
	case core.OpFailed:
		return "failed"
	}
	return "running"
}

func (m Operation) took(ctx context.Context) string {
	return i18n.From(ctx).Duration(m.Operation.EndedAt.Sub(m.Operation.CreatedAt).Round(100 * time.Millisecond))
}

// steps are shown as long as they say something: all while it runs, those that were reached when it failed.
func (m Operation) steps() []core.Step {
	switch m.Operation.Status {
	case core.OpFailed:
		return slices.DeleteFunc(slices.Clone(m.Operation.Steps), func(s core.Step) bool { return s.Status == core.StepPending })
	case core.OpSucceeded:
		return m.Operation.Steps
	}
	steps := slices.Clone(m.Operation.Steps)
	for i := range steps { // between two steps the next one is what is being worked on
		switch steps[i].Status {
		case core.StepRunning:
			return steps
		case core.StepPending:
			steps[i].Status = core.StepRunning
			return steps
		}
	}
	return steps
}

// canRetry reports whether starting it again tries the same once more: a database whose image did not come.
func (m Operation) canRetry() bool {
	return m.CanDeploy && m.App.IsService() && m.App.Release == 0
}

// fixPath is where what made it fail can be set right.
func (m Operation) fixPath() string {
	switch {
	case !m.CanDeploy:
		return paths.App(m.App.ID)
	case m.Operation.Kind == core.OpFetch:
		return paths.NewVersion(m.App.ID)
	case m.App.IsService():
		return paths.App(m.App.ID)
	case m.App.Release > 0:
		return paths.Settings(m.App.ID)
	}
	return paths.Deploy(m.App.ID, "")
}
