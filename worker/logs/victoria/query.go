package victoria

import (
	"fmt"
	"strings"
	"time"

	"berth/core"
)

// reserve is how many lines more than asked for are read, lest lines of the very same nanosecond be cut apart.
const reserve = 64

// query writes a search within a window in LogsQL.
func query(s core.LogSearch, w window) string {
	var q strings.Builder
	// Removing lines may leave one behind that has a time and nothing else; it has no instance.
	fmt.Fprintf(&q, `{tenant=%s,app=%s} instance:*`, quoted(s.TenantID), quoted(s.AppID))
	if !w.from.IsZero() {
		q.WriteString(" _time:>=" + w.from.UTC().Format(timeFormat))
	}
	if !w.to.IsZero() {
		q.WriteString(" _time:<" + w.to.UTC().Format(timeFormat))
	}
	for _, f := range [...]struct{ name, value string }{
		{"level", string(s.Level)}, {"instance", s.Instance}, {"version", s.Version}, {"stream", s.Stream},
	} {
		if f.value != "" {
			fmt.Fprintf(&q, " %s:=%s", f.name, quoted(f.value))
		}
	}
	for _, word := range s.Words {
		q.WriteString(" " + contains(word))
	}
	for _, word := range s.Not {
		q.WriteString(" !" + contains(word))
	}
	for _, f := range s.Fields { // reading JSON of every line is dear, so those without the value go first
		if f.Value != "" { // in JSON it begins and ends where words do, for which the store has an index
			q.WriteString(" _msg:" + quoted(encoded(f.Value)))
		}
	}
	if len(s.Fields) > 0 {
		q.WriteString(" | unpack_json from _msg fields (" + names(s.Fields) + `) result_prefix "json."`)
		for _, f := range s.Fields {
			fmt.Fprintf(&q, " | filter %s:=%s", quoted("json."+f.Name), quoted(f.Value))
		}
	}
	direction := " desc"
	if s.Forward {
		direction = ""
	}
	fmt.Fprintf(&q, " | sort by (_time%s) | limit %d", direction, s.Limit+reserve)
	q.WriteString(" | fields _time, _msg, tenant, app, instance, version, stream, level, part, dropped")
	return q.String()
}

// contains matches lines that hold a word in one of its cases.
func contains(word string) string {
	all := core.LogWordCases(word)
	for i := range all {
		all[i] = exactly(all[i])
	}
	return "(" + strings.Join(all, " or ") + ")"
}

// exactly matches lines that hold a text as it is.
func exactly(text string) string { return "_msg:*" + quoted(text) + "*" }

// encoded is how a text stands inside of a JSON string.
func encoded(text string) string {
	quoted := string(appendString(nil, text))
	return quoted[1 : len(quoted)-1]
}

func names(fields []core.LogField) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = quoted(f.Name)
	}
	return strings.Join(all, ", ")
}

// times writes the question for the times of an instance's lines.
func times(instance string, since time.Time) string {
	return fmt.Sprintf("{instance=%s} _time:>=%s | fields _time", quoted(instance), since.UTC().Format(timeFormat))
}

// before writes the filter for lines that are to go.
func before(tenantID, appID string, moment time.Time) string {
	stream := "{tenant=" + quoted(tenantID)
	if appID != "" {
		stream += ",app=" + quoted(appID)
	}
	return stream + "} _time:<" + moment.UTC().Format(timeFormat)
}
