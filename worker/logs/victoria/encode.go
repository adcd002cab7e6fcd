package victoria

import (
	"strconv"
	"time"

	"berth/core"
)

// timeFormat names every nanosecond: a shorter one would mean the whole second.
const timeFormat = "2006-01-02T15:04:05.000000000Z"

// blank stands for an empty line, which the server would replace by a text of its own.
const blank = " "

// appendRecord appends a line as a JSON object and a line break.
func appendRecord(b []byte, r core.LogRecord) []byte {
	b = append(b, `{"_time":"`...)
	b = r.Time.UTC().AppendFormat(b, timeFormat)
	b = append(b, '"')
	line := r.Line
	if line == "" {
		line = blank
	}
	for _, field := range [...]struct{ name, value string }{
		{"_msg", line}, {"tenant", r.TenantID}, {"app", r.AppID}, {"instance", r.Instance}, {"version", r.Version},
		{"stream", r.Stream}, {"level", string(r.Level)}, {"part", flag(r.Part)}, {"dropped", number(r.Dropped)},
	} {
		if field.value != "" {
			b = append(b, `,"`...)
			b = append(b, field.name...)
			b = append(b, `":`...)
			b = appendString(b, field.value)
		}
	}
	return append(b, "}\n"...)
}

func flag(yes bool) string {
	if yes {
		return "1"
	}
	return ""
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' { // lines are valid UTF-8
			continue
		}
		b = append(b, s[from:i]...)
		if c == '"' || c == '\\' {
			b = append(b, '\\', c)
		} else {
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		}
		from = i + 1
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// row is a line as the server returns it.
type row struct {
	Time     time.Time     `json:"_time"`
	Line     string        `json:"_msg"`
	Tenant   string        `json:"tenant"`
	App      string        `json:"app"`
	Instance string        `json:"instance"`
	Version  string        `json:"version"`
	Stream   string        `json:"stream"`
	Level    core.LogLevel `json:"level"`
	Part     string        `json:"part"`
	Dropped  int           `json:"dropped,string"`
}

func (r row) record() core.LogRecord {
	if r.Line == blank {
		r.Line = ""
	}
	return core.LogRecord{TenantID: r.Tenant, AppID: r.App, LogLine: core.LogLine{Time: r.Time.UTC(), Instance: r.Instance,
		Version: r.Version, Stream: r.Stream, Level: r.Level, Line: r.Line, Part: r.Part != "", Dropped: r.Dropped}}
}

// quoted writes s as a string of the query language, in which Go's notation is understood.
func quoted(s string) string { return strconv.Quote(s) }
