package handlers

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// metricsJSON is the past of a metric. Points are [time in Unix seconds, mean, maximum].
type metricsJSON struct {
	Metric   core.Metric        `json:"metric"`
	From     time.Time          `json:"from"`
	To       time.Time          `json:"to"`
	Step     core.Duration      `json:"step"`
	Series   []metricSeriesJSON `json:"series"`
	Previous []metricSeriesJSON `json:"previous,omitempty"` // of the period before, moved into this one
	Markers  []markerJSON       `json:"markers,omitempty"`
}

type metricSeriesJSON struct {
	Instance string       `json:"instance,omitempty"`
	Points   [][3]float64 `json:"points"`
}

// markerJSON is an event that explains a bend in a chart.
type markerJSON struct {
	Time time.Time `json:"time"`
	Kind string    `json:"kind"`
	Sign string    `json:"sign"` // release, crash or scale
	Text string    `json:"text"`
}

// apiMetrics answers the past of one metric of an app. range=1h reaches back from now; by=instance gives a series for
// each; previous=true adds the period before; markers=true adds what happened.
func (h *Handlers) apiMetrics(c echo.Context) error {
	return h.answerMetrics(c, core.MetricQuery{AppID: c.Param("app")}, h.Service.Metrics)
}

// apiHostMetrics is the same of a host.
func (h *Handlers) apiHostMetrics(c echo.Context) error {
	return h.answerMetrics(c, core.MetricQuery{HostID: c.Param("host")}, h.Service.HostMetrics)
}

func (h *Handlers) answerMetrics(c echo.Context, q core.MetricQuery, past pastOf) error {
	values, err := query(c, "metric", "range", "by", "previous", "markers")
	if err != nil {
		return err
	}
	span, ok := metricRanges[values.Get("range")]
	if !ok {
		return core.Invalid("range", "error.metric_span")
	}
	if by := values.Get("by"); by != "" && by != "instance" {
		return core.Invalid("by", "error.field_type")
	}
	ctx := c.Request().Context()
	over := queryOver(values.Get("range"))
	metric := core.Metric(values.Get("metric"))
	q.Metrics, q.PerInstance = []core.Metric{metric}, values.Get("by") == "instance"
	q.From, q.To, q.Step = over.From, over.To, over.Step
	answer := metricsJSON{Metric: metric, From: q.From, To: q.To, Step: core.Duration(q.Step)}
	if answer.Series, err = seriesJSON(ctx, q, past, 0); err != nil {
		return err
	}
	if values.Get("previous") == "true" {
		if answer.Previous, err = seriesJSON(ctx, before(q), past, span); err != nil {
			return err
		}
	}
	if values.Get("markers") == "true" && q.AppID != "" {
		events, err := h.marked(ctx, q.AppID, q.From)
		if err != nil {
			return err
		}
		answer.Markers = markersJSON(ctx, events)
	}
	return c.JSON(http.StatusOK, answer)
}

func seriesJSON(ctx context.Context, q core.MetricQuery, past pastOf, moved time.Duration) ([]metricSeriesJSON, error) {
	all, err := past(ctx, q)
	if err != nil {
		return nil, err
	}
	if q.PerInstance {
		all = newest(all)
	}
	out := make([]metricSeriesJSON, len(all))
	for i, s := range all {
		out[i] = metricSeriesJSON{Instance: s.InstanceID, Points: make([][3]float64, len(s.Points))}
		for n, p := range s.Points {
			out[i].Points[n] = [3]float64{float64(p.At.Add(moved).Unix()), rounded(p.Mean), rounded(p.Max)}
		}
	}
	return out, nil
}

// rounded keeps six significant digits.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
