package handlers

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/release"
	"berth/views/ui"
)

// typedStrategy keeps what was typed of a strategy.
func typedStrategy(c echo.Context, f ui.Form) {
	for _, name := range append([]string{"strategy", "strategy.auto"}, release.StrategyInputs...) {
		f.Values[name] = c.FormValue(name)
	}
}

// strategyInput reads a strategy; nil when the form does not ask for one, or a trial was chosen.
func strategyInput(c echo.Context, f *core.Faults) *core.Strategy {
	if !c.Request().PostForm.Has("strategy") || c.FormValue("strategy") == string(core.StrategyCanary) {
		return nil
	}
	s := core.Strategy{Kind: core.StrategyKind(c.FormValue("strategy"))}
	switch s.Kind {
	case core.StrategyRolling:
		s.Surge = core.Portion(strings.TrimSpace(c.FormValue("strategy.surge")))
		s.Unavailable = core.Portion(strings.TrimSpace(c.FormValue("strategy.unavailable")))
	case core.StrategyBlueGreen:
		s.Auto = c.FormValue("strategy.auto") == "on"
		s.Keep = formDuration(c, f, "strategy.keep")
	}
	return &s
}

// formDuration reads "10s", "2m", or a bare number of seconds.
func formDuration(c echo.Context, f *core.Faults, name string) core.Duration {
	d, err := readDuration(c.FormValue(name))
	f.Merge(name, err)
	return d
}

func readDuration(text string) (core.Duration, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	if text == "" {
		return 0, nil
	}
	if _, err := strconv.Atoi(text); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, core.Errorf(core.EINVALID, "error.duration_malformed", "value", text)
	}
	return core.Duration(d), nil
}

// trialInput reads what a form says of a trial of a version. Errors: EINVALID with every fault.
func trialInput(c echo.Context, label string) (core.NewCanary, error) {
	var f core.Faults
	in := core.NewCanary{Version: label, Latency: formDuration(c, &f, "abort.latency")}
	if text := strings.TrimSuffix(strings.TrimSpace(c.FormValue("share")), "%"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			f.Add("share", "error.number_range", "min", "1", "max", "99")
		}
		in.Share = n
	}
	if text := strings.TrimSuffix(strings.TrimSpace(c.FormValue("abort.errors")), "%"); text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			f.Add("abort.errors", "error.number_range", "min", "0", "max", "100")
		}
		in.Errors = n
	}
	for _, line := range linesOf(c.FormValue("steps")) {
		step, err := trialStep(line)
		if err != nil {
			f.Merge("steps", err)
			break
		}
		in.Steps = append(in.Steps, step)
	}
	return in, f.Err()
}

// trialStep reads "25 10m": a share, and for how long.
func trialStep(line string) (core.CanaryStep, error) {
	words := strings.Fields(strings.ReplaceAll(line, "%", " "))
	if len(words) == 0 || len(words) > 2 {
		return core.CanaryStep{}, core.Errorf(core.EINVALID, "trial.error.step_line", "line", line)
	}
	share, err := strconv.Atoi(words[0])
	if err != nil {
		return core.CanaryStep{}, core.Errorf(core.EINVALID, "trial.error.step_line", "line", line)
	}
	step := core.CanaryStep{Share: share}
	if len(words) == 2 {
		step.For, err = readDuration(words[1])
	}
	return step, err
}
