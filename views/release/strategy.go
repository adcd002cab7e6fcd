package release

import (
	"berth/core"
	"berth/views/ui"
)

// StrategyInputs are the fields that the choice of a strategy shows faults for.
var StrategyInputs = []string{"strategy.kind", "strategy.surge", "strategy.unavailable", "strategy.keep", "share", "steps",
	"abort.errors", "abort.latency"}

func strategies(trial bool) []string {
	list := []string{string(core.StrategyAtOnce), string(core.StrategyRolling), string(core.StrategyBlueGreen)}
	if trial {
		list = append(list, string(core.StrategyCanary))
	}
	return list
}

func strategyWord(kind string) string {
	if kind == "" {
		return "at_once"
	}
	return kind
}

// FillStrategy has a form show a strategy.
func FillStrategy(f ui.Form, s core.Strategy) {
	s = s.Chosen()
	f.Values["strategy"] = string(s.Kind)
	f.Values["strategy.surge"], f.Values["strategy.unavailable"] = string(s.Surge), string(s.Unavailable)
	if s.Keep != 0 {
		f.Values["strategy.keep"] = s.Keep.String()
	}
	if s.Auto {
		f.Values["strategy.auto"] = "on"
	}
}
