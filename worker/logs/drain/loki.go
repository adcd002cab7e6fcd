package drain

import (
	"bytes"
	"strconv"

	"berth/core"
)

// lokiStream is lines that have all labels in common.
type lokiStream struct {
	Stream map[string]string `json:"stream"`
	Values [][2]string       `json:"values"` // nanoseconds and line
}

// lokiPush writes lines for Loki's push API. Its labels are few, as it wants them.
func lokiPush(lines []core.LogRecord) []byte {
	type labels struct {
		app, instance, version, stream string
		level                          core.LogLevel
	}
	found := map[labels]*lokiStream{}
	var streams []*lokiStream
	for _, l := range lines {
		key := labels{l.AppID, l.Instance, l.Version, l.Stream, l.Level}
		s := found[key]
		if s == nil {
			s = &lokiStream{Stream: map[string]string{"tenant": l.TenantID, "app": l.AppID, "instance": l.Instance, "version": l.Version, "stream": l.Stream}}
			if l.Level != "" {
				s.Stream["level"] = string(l.Level)
			}
			found[key] = s
			streams = append(streams, s)
		}
		s.Values = append(s.Values, [2]string{strconv.FormatInt(l.Time.UnixNano(), 10), l.Line})
	}
	var b bytes.Buffer
	_ = encoder(&b).Encode(map[string]any{"streams": streams})
	return b.Bytes()
}
