package handlers

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"berth/core"
)

// logParams are what narrows a search for lines.
var logParams = []string{"q", "level", "instance", "version", "stream", "field", "from", "to"}

// usualLogPage is how many lines a page of a search has.
const usualLogPage = 200

// logSearch reads a search for lines of an app from an address. Errors: EINVALID.
func logSearch(app string, v url.Values) (s core.LogSearch, err error) {
	s = core.LogSearch{AppID: app, Limit: usualLogPage}
	s.Words, s.Not = core.ParseLogWords(v.Get("q"))
	s.Level, s.Instance, s.Version, s.Stream = core.LogLevel(v.Get("level")), v.Get("instance"), v.Get("version"), v.Get("stream")
	var f core.Faults
	for _, text := range v["field"] {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			f.Add("field", "error.log_field")
		}
		s.Fields = append(s.Fields, core.LogField{Name: name, Value: value})
	}
	now := time.Now()
	if s.From, err = moment(v.Get("from"), now); err != nil {
		f.Add("from", "error.log_time")
	}
	if s.To, err = moment(v.Get("to"), now); err != nil {
		f.Add("to", "error.log_time")
	}
	if text := v.Get("limit"); text != "" {
		s.Limit, _ = strconv.Atoi(text) // Validate refuses what is no number as it does 0
	}
	if s.Beyond, err = core.ParseLogPosition("cursor", v.Get("cursor")); err != nil {
		f.Merge("", err)
	}
	switch v.Get("order") {
	case "", "newest":
	case "oldest":
		s.Forward = true
	default:
		f.Add("order", "error.log_order")
	}
	return s, f.Err()
}

// moment reads a time as RFC 3339, or as how long ago it was: "15m". Nothing for "".
func moment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// logLineJSON is a line that was found.
type logLineJSON struct {
	core.LogLine
	Position string `json:"position"`
}

func newLogLineJSON(r core.LogRecord) logLineJSON {
	r.Time = r.Time.UTC()
	return logLineJSON{r.LogLine, r.Position().String()}
}
