package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/core"
)

// Query implements core.MetricStore.
func (s *Store) Query(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	q.Step = max(q.Step, core.MetricEvery)
	q.From = q.From.Truncate(q.Step)
	means, err := s.over(ctx, "avg_over_time", q)
	if err != nil {
		return nil, err
	}
	most, err := s.over(ctx, "max_over_time", q)
	if err != nil {
		return nil, err
	}
	var all []core.MetricSeries
	for id, points := range means {
		series := core.MetricSeries{InstanceID: id}
		for at, mean := range points {
			series.Points = append(series.Points, core.MetricPoint{At: time.UnixMilli(at).UTC(), Mean: mean, Max: max(mean, most[id][at])})
		}
		slices.SortFunc(series.Points, func(a, b core.MetricPoint) int { return a.At.Compare(b.At) })
		all = append(all, series)
	}
	slices.SortFunc(all, func(a, b core.MetricSeries) int { return strings.Compare(a.InstanceID, b.InstanceID) })
	return all, nil
}

// over asks for a function of each step: by instance, by the begin of the step in milliseconds. The server reckons a
// step from its end, which is included, so that it is asked for what ended a millisecond before.
func (s *Store) over(ctx context.Context, function string, q core.MetricQuery) (map[string]map[int64]float64, error) {
	step := strconv.FormatFloat(q.Step.Seconds(), 'f', -1, 64)
	form := url.Values{
		"query": {fmt.Sprintf("%s(%s[%ss] offset 1ms)", function, selector(q), step)},
		"start": {seconds(q.From.Add(q.Step))}, "end": {seconds(q.To.Add(q.Step - time.Millisecond))}, "step": {step},
	}
	body, err := s.call(ctx, http.MethodPost, "/api/v1/query_range", strings.NewReader(form.Encode()),
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
	all := map[string]map[int64]float64{}
	for _, series := range answer.Data.Result {
		points := map[int64]float64{}
		for _, p := range series.Values {
			points[p.at.Add(-q.Step).UnixMilli()] = p.value
		}
		all[series.Metric[labelInstance]] = points
	}
	return all, nil
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// selector names the series of a query.
func selector(q core.MetricQuery) string {
	matchers := []string{fmt.Sprintf("%s=%q", labelTenant, q.TenantID), fmt.Sprintf("%s=%q", labelApp, q.AppID)}
	switch {
	case q.AppID == "":
		matchers = append(matchers, fmt.Sprintf("%s=%q", labelHost, q.HostID))
	case q.PerInstance:
		matchers = append(matchers, labelInstance+`!=""`)
	default:
		matchers = append(matchers, labelInstance+`=""`)
	}
	return prefix + string(q.Metric) + "{" + strings.Join(matchers, ",") + "}"
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
