package remote

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/core"
)

// Query implements core.MetricStore. It is one question to the server, however many metrics there are.
func (s *Store) Query(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	if len(q.Metrics) == 0 {
		return nil, nil
	}
	q.Step = max(q.Step, core.MetricEvery)
	q.From = q.From.Truncate(q.Step)
	found, err := s.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []core.MetricSeries
	for key, means := range found {
		if key.function != mean {
			continue
		}
		most := found[seriesKey{key.metric, most, key.instance}]
		series := core.MetricSeries{Metric: key.metric, InstanceID: key.instance}
		for at, mean := range means {
			series.Points = append(series.Points, core.MetricPoint{At: time.UnixMilli(at).UTC(), Mean: mean, Max: max(mean, most[at])})
		}
		slices.SortFunc(series.Points, func(a, b core.MetricPoint) int { return a.At.Compare(b.At) })
		all = append(all, series)
	}
	slices.SortFunc(all, func(a, b core.MetricSeries) int {
		return cmp.Or(cmp.Compare(slices.Index(q.Metrics, a.Metric), slices.Index(q.Metrics, b.Metric)), cmp.Compare(a.InstanceID, b.InstanceID))
	})
	return all, nil
}

// seriesKey tells the series of an answer apart.
type seriesKey struct {
	metric   core.Metric
	function string
	instance string
}

// The functions of a step.
const (
	mean = "avg_over_time"
	most = "max_over_time"
)

// ask returns both functions of each step by the begin of the step in milliseconds. The server reckons a step from its
// end, which is included, so that it is asked for what ended a millisecond before.
func (s *Store) ask(ctx context.Context, q core.MetricQuery) (map[seriesKey]map[int64]float64, error) {
	step := strconv.FormatFloat(q.Step.Seconds(), 'f', -1, 64)
	form := url.Values{
		"query": {expression(q, step)},
		"start": {seconds(q.From.Add(q.Step))}, "end": {seconds(q.To.Add(q.Step - time.Millisecond))}, "step": {step},
	}
	body, err := s.call(ctx, &s.asking, "/api/v1/query_range", strings.NewReader(form.Encode()),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values []point
			}
		}
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return nil, core.Wrap(err, core.EUNAVAILABLE, "error.metrics_unavailable")
	}
	all := map[seriesKey]map[int64]float64{}
	for _, series := range answer.Data.Result {
		points := map[int64]float64{}
		for _, p := range series.Values {
			points[p.at.Add(-q.Step).UnixMilli()] = p.value
		}
		all[seriesKey{core.Metric(series.Metric[labelMetric]), series.Metric[labelFunction], series.Metric[labelInstance]}] = points
	}
	return all, nil
}

// expression names what is asked for. A function takes the name of a series away, so that labels say what it was.
func expression(q core.MetricQuery, step string) string {
	var parts []string
	for _, m := range q.Metrics {
		for _, function := range []string{mean, most} {
			of := fmt.Sprintf("%s(%s[%ss] offset 1ms)", function, selector(q, m), step)
			parts = append(parts, fmt.Sprintf(`label_replace(label_replace(%s, %q, %q, "", ""), %q, %q, "", "")`,
				of, labelMetric, string(m), labelFunction, function))
		}
	}
	return strings.Join(parts, " or ")
}

// The labels that only answers have.
const (
	labelMetric   = "berth_metric"
	labelFunction = "berth_function"
)

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// selector names the series of a metric.
func selector(q core.MetricQuery, m core.Metric) string {
	matchers := []string{fmt.Sprintf("%s=%q", labelTenant, q.TenantID), fmt.Sprintf("%s=%q", labelApp, q.AppID)}
	switch {
	case q.AppID == "":
		matchers = append(matchers, fmt.Sprintf("%s=%q", labelHost, q.HostID))
	case q.PerInstance:
		matchers = append(matchers, labelInstance+`!=""`)
	default:
		matchers = append(matchers, labelInstance+`=""`)
	}
	return prefix + string(m) + "{" + strings.Join(matchers, ",") + "}"
}

// point is written as [seconds, "value"].
type point struct {
	at    time.Time
	value float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *point) UnmarshalJSON(data []byte) error {
	var at float64
	var value string
	if err := json.Unmarshal(data, &[]any{&at, &value}); err != nil {
		return err
	}
	p.at = time.UnixMilli(int64(at*1000 + 0.5))
	var err error
	p.value, err = strconv.ParseFloat(value, 64)
	return err
}
