package remote

import (
	"bytes"
	"context"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/prompb"

	"berth/core"
)

// Append implements core.MetricStore with one remote write. What the server does not take is lost.
func (s *Store) Append(ctx context.Context, at time.Time, samples []core.MetricSample) error {
	err := s.write(ctx, at, samples)
	s.fault.Store(&err)
	return err
}

func (s *Store) write(ctx context.Context, at time.Time, samples []core.MetricSample) error {
	var request prompb.WriteRequest
	for _, m := range samples {
		request.Timeseries = append(request.Timeseries, prompb.TimeSeries{
			Labels:  labelsOf(m),
			Samples: []prompb.Sample{{Value: m.Value, Timestamp: at.UnixMilli()}},
		})
	}
	data, err := request.Marshal()
	if err != nil {
		return core.Wrap(err, core.EINTERNAL, "error.internal")
	}
	body, err := s.call(ctx, &s.client, "/api/v1/write", bytes.NewReader(s2.EncodeSnappy(nil, data)), map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"})
	if err != nil {
		return err
	}
	return body.Close()
}

// labelsOf are the labels of a series, sorted as the protocol asks for.
func labelsOf(m core.MetricSample) []prompb.Label {
	all := []prompb.Label{{Name: "__name__", Value: prefix + string(m.Metric)}}
	for _, l := range []prompb.Label{{Name: labelApp, Value: m.AppID}, {Name: labelHost, Value: m.HostID},
		{Name: labelInstance, Value: m.InstanceID}, {Name: labelTenant, Value: m.TenantID}} {
		if l.Value != "" {
			all = append(all, l)
		}
	}
	return all
}
