package loki

import (
	"encoding/json"
	"strconv"
	"time"

	"berth/core"
)

// stream is lines that have all labels in common.
type stream struct {
	Labels labels  `json:"stream"`
	Values []value `json:"values"`
}

// labels are what Loki has an index of: few values each. In an answer the note of the lines is among them.
type labels struct {
	Tenant   string        `json:"tenant"`
	App      string        `json:"app"`
	Instance string        `json:"instance,omitempty"`
	Version  string        `json:"version,omitempty"`
	Stream   string        `json:"stream,omitempty"`
	Level    core.LogLevel `json:"level,omitempty"`
	note
}

// note is what few lines have: Loki keeps it beside them.
type note struct {
	Part    string `json:"part,omitempty"`
	Dropped string `json:"dropped,omitempty"`
}

func labelsOf(r core.LogRecord) labels {
	return labels{Tenant: r.TenantID, App: r.AppID, Instance: r.Instance, Version: r.Version, Stream: r.Stream,
		Level: r.Level}
}

func noteOf(r core.LogRecord) (n note) {
	if r.Part {
		n.Part = "1"
	}
	if r.Dropped > 0 {
		n.Dropped = strconv.Itoa(r.Dropped)
	}
	return n
}

func (s stream) records() []core.LogRecord {
	lines := make([]core.LogRecord, len(s.Values))
	dropped, _ := strconv.Atoi(s.Labels.Dropped)
	for i, v := range s.Values {
		lines[i] = core.LogRecord{TenantID: s.Labels.Tenant, AppID: s.Labels.App, LogLine: core.LogLine{Time: v.time,
			Instance: s.Labels.Instance, Version: s.Labels.Version, Stream: s.Labels.Stream, Level: s.Labels.Level,
			Line: v.line, Part: s.Labels.Part != "", Dropped: dropped}}
	}
	return lines
}

// value is a line: [nanoseconds, text], and its note if it has one.
type value struct {
	time time.Time
	line string
	note note
}

// MarshalJSON implements json.Marshaler.
func (v value) MarshalJSON() ([]byte, error) {
	all := []any{strconv.FormatInt(v.time.UnixNano(), 10), v.line}
	if v.note != (note{}) {
		all = append(all, v.note)
	}
	return json.Marshal(all)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *value) UnmarshalJSON(data []byte) error {
	var nanos string
	if err := json.Unmarshal(data, &[]any{&nanos, &v.line}); err != nil {
		return err
	}
	n, err := strconv.ParseInt(nanos, 10, 64)
	v.time = time.Unix(0, n).UTC()
	return err
}
