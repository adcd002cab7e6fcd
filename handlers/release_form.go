package handlers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/release"
	"berth/views/ui"
)

// releaseForm keeps what was typed of a release, and of further fields.
func releaseForm(c echo.Context, more ...string) ui.Form {
	f := ui.NewForm()
	typedStrategy(c, f)
	typedHealth(c, f)
	for _, name := range append([]string{"plan", "memory", "cpu", "port", "command"}, more...) {
		f.Values[name] = c.FormValue(name)
	}
	return f
}

// releaseInput reads what a form says of a release, in one of the plans; what the form does not ask for stays as
// before says. Errors: EINVALID with every fault.
func releaseInput(c echo.Context, plans []core.Plan, before core.ReleaseSpec) (core.NewRelease, error) {
	var in core.NewRelease
	var faults core.Faults
	readSize(c, plans, &in, &faults)
	if text := strings.TrimSpace(c.FormValue("port")); text != "" {
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 {
			faults.Add("port", "error.number_range", "min", "1", "max", "65535")
		}
		in.Port = &port
	}
	form := c.Request().PostForm
	in.Health = healthInput(c, before.Health, &faults)
	if form.Has("command") {
		command, err := splitCommand(c.FormValue("command"))
		faults.Merge("", err)
		in.Command = &command
	}
	if form.Has("with_env") {
		env := envInput(typedEnv(c), before.Env)
		faults.Merge("", core.ValidateEnv(env))
		in.Env = &env
	}
	if form.Has("with_bindings") {
		bindings := append([]string{}, form["bindings"]...)
		in.Bindings = &bindings
	}
	in.Strategy = strategyInput(c, &faults)
	return in, faults.Err()
}

// readSize reads a plan, or a size of one's own.
func readSize(c echo.Context, plans []core.Plan, in *core.NewRelease, faults *core.Faults) {
	switch name := c.FormValue("plan"); {
	case name == "custom":
		memory, err := core.ParseBytes(c.FormValue("memory"))
		if err == nil && (memory < core.MinMemory || memory > core.MaxMemory) {
			err = core.Errorf(core.EINVALID, "error.size_range", "min", core.MinMemory.Human(), "max", core.MaxMemory.Human())
		}
		faults.Merge("memory", err)
		cpu := core.MilliCPU(0)
		if text := strings.TrimSpace(c.FormValue("cpu")); text != "" {
			cpu, err = core.ParseCPU(text)
			faults.Merge("cpu", err)
		}
		in.Memory, in.CPU = &memory, &cpu
	case name != "":
		at := slices.IndexFunc(plans, func(p core.Plan) bool { return p.Name == name })
		if at < 0 {
			faults.Add("plan", "error.plan_unknown", "plan", name)
			return
		}
		plan := plans[at]
		in.Memory, in.CPU = &plan.Memory, &plan.CPU
	}
}

// typedEnv are the rows of the environment as they were typed, without the empty ones. Each row has a key; the
// switches that are on name the keys of theirs.
func typedEnv(c echo.Context) []release.EnvRow {
	form := c.Request().PostForm
	keys, names, values := form["env_key"], form["env_name"], form["env_value"]
	var rows []release.EnvRow
	for i := range min(len(keys), len(names), len(values)) {
		value := strings.ReplaceAll(values[i], "\r\n", "\n") // a browser sends every line end as CR LF
		row := release.EnvRow{EnvVar: core.EnvVar{Name: strings.TrimSpace(names[i]), Value: value,
			Secret: slices.Contains(form["env_secret"], keys[i])}}
		if row.Name != "" || row.Value != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// envInput is the environment that the rows say. A value that differs from the one before in line ends only was not
// touched and stays byte for byte.
func envInput(rows []release.EnvRow, before []core.EnvVar) []core.EnvVar {
	env := make([]core.EnvVar, len(rows))
	for i, row := range rows {
		env[i] = row.EnvVar
		for _, b := range before {
			if b.Name == row.Name && strings.ReplaceAll(b.Value, "\r\n", "\n") == row.Value {
				env[i].Value = b.Value
			}
		}
	}
	return env
}
