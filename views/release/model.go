// Package release has the parts of forms that say what a release is: its size, its port, its environment.
package release

import (
	"berth/core"
	"berth/views/ui"
)

// Fields is what a form of a release offers.
type Fields struct {
	Form      ui.Form // plan, memory, cpu, port, health, command
	Plans     []core.Plan
	Custom    bool // a size of one's own may be said
	Env       []EnvRow
	Databases []Database
}

// Inputs are the names that the parts show faults for, besides those of the environment.
var Inputs = append([]string{"plan", "memory", "cpu", "port", "command", "env", "replicas"}, HealthInputs...)

// HealthInputs are the fields of a health check.
var HealthInputs = []string{"health.kind", "health.path", "health.status", "health.text", "health.service", "health.interval", "health.timeout",
	"health.grace", "health.failures", "health.successes", "health.policy", "health.alive.kind", "health.alive.path", "health.alive.service"}

// Database is a service that an app may be given.
type Database struct {
	ID, Name string
	Chosen   bool
}

// EnvRow is a variable in the editor. A secret's value is never shown; left empty it stays what it is.
type EnvRow struct {
	core.EnvVar
	Kept  bool // has a value that is not shown
	spare bool // empty, for where no script adds rows
}

// Faulty reports whether a part that is folded away has something wrong.
func (f Fields) Faulty() bool {
	for name := range f.Form.Errors {
		if name != "name" && name != "id" && name != "plan" {
			return true
		}
	}
	return false
}

// rows are the variables, and empty rows to fill in.
func (f Fields) rows() []EnvRow {
	return append(append([]EnvRow{}, f.Env...), EnvRow{}, EnvRow{spare: true}, EnvRow{spare: true})
}
