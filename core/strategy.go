package core

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Strategy is how a release takes over from the one before. The zero value starts every new instance, leads all
// requests to them when all are ready, and drains the old ones. An app with storage always has its old instance go
// before the new one comes, whatever its strategy says.
type Strategy struct {
	Kind        StrategyKind `json:"kind,omitempty"`
	Surge       Portion      `json:"surge,omitempty"`       // rolling: how many instances more than wanted there may be meanwhile
	Unavailable Portion      `json:"unavailable,omitempty"` // rolling: how many of the wanted instances may be missing meanwhile
	Auto        bool         `json:"auto,omitempty"`        // blue_green: switches as soon as all new instances are well; else a person does
	Keep        Duration     `json:"keep,omitempty"`        // blue_green: how long the old instances are kept after the switch; 0 takes DefaultKeep
}

// StrategyKind names a strategy.
type StrategyKind string

// The strategies.
const (
	StrategyAtOnce    StrategyKind = ""           // all at once when all are ready
	StrategyRolling   StrategyKind = "rolling"    // batch by batch, the requests follow
	StrategyBlueGreen StrategyKind = "blue_green" // beside the old ones, until somebody switches; back at any time while these are kept
	StrategyCanary    StrategyKind = "canary"     // of the releases of a Canary; nobody chooses it
)

// How long blue-green keeps the old instances.
const (
	DefaultKeep = 10 * time.Minute
	MaxKeep     = 24 * time.Hour
)

// Portion is a count of instances, "2", or a share of those wanted, "25%". "" is none.
type Portion string

// Of returns how many of n that is, a share rounded up or down.
func (p Portion) Of(n int, up bool) int {
	text, share := strings.CutSuffix(string(p), "%")
	v, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0
	case !share:
		return v
	case up:
		return (n*v + 99) / 100
	}
	return n * v / 100
}

// Valid reports whether p is a count of 0 to MaxReplicas or a share of 0% to 100%.
func (p Portion) Valid() bool {
	text, share := strings.CutSuffix(string(p), "%")
	v, err := strconv.Atoi(text)
	return p == "" || err == nil && v >= 0 && (share && v <= 100 || !share && v <= MaxReplicas) && text == strconv.Itoa(v)
}

// UnmarshalJSON takes a number too.
func (p *Portion) UnmarshalJSON(data []byte) error {
	var n int
	if json.Unmarshal(data, &n) == nil {
		*p = Portion(strconv.Itoa(n))
		return nil
	}
	return json.Unmarshal(data, (*string)(p))
}

// Validate reports every fault of s. Errors: EINVALID at "kind", "surge", "unavailable", "keep".
func (s Strategy) Validate() error {
	var f Faults
	switch s.Kind {
	case StrategyAtOnce, StrategyRolling, StrategyBlueGreen, StrategyCanary:
	default:
		f.Add("kind", "error.strategy_unknown", "kind", string(s.Kind))
	}
	for field, p := range map[string]Portion{"surge": s.Surge, "unavailable": s.Unavailable} {
		if !p.Valid() {
			f.Add(field, "error.portion_malformed", "max", itoa(MaxReplicas))
		}
	}
	if s.Kind == StrategyRolling && len(f) == 0 && s.Surge.Of(100, true) == 0 && s.Unavailable.Of(100, true) == 0 {
		f.Add("surge", "error.strategy_stands_still")
	}
	durationBetween(&f, "keep", s.Keep, time.Second, MaxKeep)
	return f.Err()
}

// Chosen returns s as far as a person chose it: what a trial's own releases have is none.
func (s Strategy) Chosen() Strategy {
	if s.Kind == StrategyCanary {
		return Strategy{}
	}
	return s
}

// Bounds returns how many instances more than n, and how many fewer that are ready, a rolling release may have on its
// way. Where both would be none, one more is allowed, so that it comes to an end.
func (s Strategy) Bounds(n int) (surge, unavailable int) {
	surge, unavailable = s.Surge.Of(n, true), min(s.Unavailable.Of(n, false), n)
	if surge == 0 && unavailable == 0 {
		surge = 1
	}
	return surge, unavailable
}

// KeptFor returns how long blue-green keeps the old instances after the switch; 0 of other strategies.
func (s Strategy) KeptFor() time.Duration {
	switch {
	case s.Kind != StrategyBlueGreen:
		return 0
	case s.Keep == 0:
		return DefaultKeep
	}
	return time.Duration(s.Keep)
}

// atMost is the surge of a rolling release, also where it is the one that is taken when nothing is said.
func (s Strategy) atMost() string {
	if s.Kind == StrategyRolling && s.Surge.Of(100, true) == 0 && s.Unavailable.Of(100, true) == 0 {
		return "1"
	}
	return string(s.Surge)
}
