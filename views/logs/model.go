package logs

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
)

// Page is the page.
type Page struct {
	Page      layout.Page
	Head      app.Head
	Instances []core.Instance // to choose from
	Given     url.Values      // the search in the address
	Search    core.LogSearch  // the same, read
	Lines     []core.LogRecord
	More      bool
	Fault     core.Text // why there are no lines of earlier
}

// ranges are what can be chosen of the time; "" is the live log.
var ranges = []string{"", "15m", "1h", "6h", "24h", "168h", "custom"}

// live reports whether lines to come are shown too.
func (m Page) live() bool {
	return m.Given.Get("range") == "" && m.Given.Get("from") == "" && m.Given.Get("to") == ""
}

// chosen returns the range, which the API's from and to make one of its own.
func (m Page) chosen() string {
	if m.Given.Get("range") == "" && !m.live() {
		return "custom"
	}
	return m.Given.Get("range")
}

// with returns the search with one thing changed.
func (m Page) with(name, value string) url.Values {
	changed := url.Values{}
	for k, v := range m.Given {
		changed[k] = v
	}
	if changed.Del(name); value != "" {
		changed.Set(name, value)
	}
	return changed
}

// versions are the labels to choose from.
func (m Page) versions() []string {
	labels := []string{}
	if given := m.Given.Get("version"); given != "" {
		labels = append(labels, given)
	}
	for _, i := range m.Instances {
		if !slices.Contains(labels, i.Label) {
			labels = append(labels, i.Label)
		}
	}
	return labels
}

// instances are the ids to choose from.
func (m Page) instances() []string {
	ids := []string{}
	for _, i := range m.Instances {
		ids = append(ids, i.ID)
	}
	if given := m.Given.Get("instance"); given != "" && !slices.Contains(ids, given) {
		ids = append(ids, given)
	}
	return ids
}

// local is a moment as an input for days and hours has it.
func local(ctx context.Context, m Page, name string) string {
	if m.chosen() != "custom" {
		return ""
	}
	at := m.Search.From
	if name == "to" {
		at = m.Search.To
	}
	if at.IsZero() {
		return ""
	}
	return at.In(i18n.From(ctx).Zone()).Format("2006-01-02T15:04")
}

// chips are the fields of JSON lines that the search asks for.
func (m Page) chips() string {
	list, err := json.Marshal(append([]string{}, m.Given["field"]...))
	if err != nil {
		return "[]"
	}
	return string(list)
}

var steering = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\x{061c}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}]")

// plain leaves out of a line what steers a terminal or the direction of text.
func plain(line string) string { return strings.TrimSpace(steering.ReplaceAllString(line, "")) }

// older is the search for what is older than what the page shows.
func (m Page) older() url.Values {
	oldest := m.Lines[len(m.Lines)-1]
	older := m.with("to", oldest.Time.UTC().Format("2006-01-02T15:04:05.999999999Z"))
	older.Set("range", "custom")
	if !m.Search.From.IsZero() {
		older.Set("from", m.Search.From.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return older
}

func rangeKey(r string) string {
	if r == "" {
		return "logs.range.live"
	}
	return "logs.range." + r
}

func streamKey(stream string) string {
	return map[string]string{"": "logs.stream_all", "stdout": "logs.stream_out", "stderr": "logs.stream_err"}[stream]
}
