package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type trafficJSON struct {
	Requests  int64            `json:"requests"`
	Failed    int64            `json:"failed"`
	Recent    []int64          `json:"recent"` // in each of the last 60 whole seconds, oldest first
	Instances map[string]int64 `json:"instances"`
}

func (h *Handlers) apiTraffic(c echo.Context) error {
	values, err := query(c, "range")
	if err != nil {
		return err
	}
	if r := values.Get("range"); r != "" {
		return h.apiTrafficOver(c, core.TrafficRange(r))
	}
	t, err := h.Service.Traffic(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	answer := trafficJSON{t.Requests, t.Failed, t.Recent, map[string]int64{}}
	for address, n := range t.Instances {
		answer.Instances[address] = n.Requests
	}
	if answer.Recent == nil {
		answer.Recent = []int64{}
	}
	return c.JSON(http.StatusOK, answer)
}

// countsJSON are the counts of requests of an app, version, domain or instance.
type countsJSON struct {
	Requests   int64            `json:"requests"`
	Failed     int64            `json:"failed"`
	Retried    int64            `json:"retried,omitempty"`
	Unanswered int64            `json:"unanswered"`
	Classes    map[string]int64 `json:"classes"`
	In         int64            `json:"bytes_in"`
	Out        int64            `json:"bytes_out"`
	P50        float64          `json:"p50_ms"`
	P95        float64          `json:"p95_ms"`
	P99        float64          `json:"p99_ms"`
}

func newCountsJSON(c core.RequestCounts) countsJSON {
	ms := func(q float64) float64 { return float64(c.Latency.Quantile(q).Microseconds()) / 1000 }
	j := countsJSON{Requests: c.Requests, Failed: c.Failed, Retried: c.Retried, Unanswered: c.Unanswered, Classes: map[string]int64{}, In: c.BytesIn,
		Out: c.BytesOut, P50: ms(0.5), P95: ms(0.95), P99: ms(0.99)}
	for i, n := range c.Classes {
		j.Classes[string(rune('1'+i))+"xx"] = n
	}
	return j
}

type trafficOverJSON struct {
	Range     core.TrafficRange     `json:"range"`
	Seconds   float64               `json:"seconds"`
	Total     countsJSON            `json:"total"`
	Active    int64                 `json:"active"`
	Versions  map[string]countsJSON `json:"versions"`
	Instances map[string]countsJSON `json:"instances"`
	Domains   map[string]countsJSON `json:"domains"`
	Paths     []core.PathCount      `json:"paths"`
	Steps     []trafficStepJSON     `json:"steps"`
	Away      []string              `json:"gateways_away"`
}

type trafficStepJSON struct {
	At      time.Time  `json:"at"`
	Seconds float64    `json:"seconds"`
	Total   countsJSON `json:"total"`
}

func (h *Handlers) apiTrafficOver(c echo.Context, r core.TrafficRange) error {
	v, err := h.Service.TrafficOver(c.Request().Context(), c.Param("app"), r)
	if err != nil {
		return err
	}
	each := func(m map[string]core.RequestCounts) map[string]countsJSON {
		out := make(map[string]countsJSON, len(m))
		for key, counts := range m {
			out[key] = newCountsJSON(counts)
		}
		return out
	}
	out := trafficOverJSON{Range: v.Range, Seconds: v.Sum.Length.Seconds(), Total: newCountsJSON(v.Sum.Total), Active: v.Active, Versions: each(v.Sum.Versions),
		Instances: each(v.Sum.Instances), Domains: each(v.Sum.Domains), Paths: append([]core.PathCount{}, v.Sum.Paths...), Steps: []trafficStepJSON{}, Away: append([]string{}, v.Away()...)}
	for _, s := range v.Steps {
		out.Steps = append(out.Steps, trafficStepJSON{s.At.UTC(), s.Length.Seconds(), newCountsJSON(s.Total)})
	}
	return c.JSON(http.StatusOK, out)
}
