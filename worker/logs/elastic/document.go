package elastic

import (
	"time"

	"berth/core"
)

// document is a line as the server has it.
type document struct {
	Time     time.Time     `json:"@timestamp"`
	Message  string        `json:"message"`
	Tenant   string        `json:"tenant"`
	App      string        `json:"app"`
	Instance string        `json:"instance"`
	Version  string        `json:"version"`
	Stream   string        `json:"stream"`
	Level    core.LogLevel `json:"level,omitempty"`
	Part     bool          `json:"part,omitempty"`
	Dropped  int           `json:"dropped,omitempty"`
	Fields   []string      `json:"fields,omitempty"` // of a JSON object, as name=value; to be found, never read
}

func newDocument(r core.LogRecord) document {
	return document{Time: r.Time.UTC(), Message: r.Line, Tenant: r.TenantID, App: r.AppID, Instance: r.Instance,
		Version: r.Version, Stream: r.Stream, Level: r.Level, Part: r.Part, Dropped: r.Dropped, Fields: fieldsOf(r.Line)}
}

func (d document) record() core.LogRecord {
	return core.LogRecord{TenantID: d.Tenant, AppID: d.App, LogLine: core.LogLine{Time: d.Time.UTC(), Instance: d.Instance,
		Version: d.Version, Stream: d.Stream, Level: d.Level, Line: d.Message, Part: d.Part, Dropped: d.Dropped}}
}
