package loki

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"berth/core"
)

// query writes a search in LogQL. Errors: EINVALID at "field" for a name that its language cannot tell.
func query(s core.LogSearch) (string, error) {
	var q strings.Builder
	q.WriteString(strings.TrimSuffix(selector(s.TenantID, s.AppID), "}"))
	for _, l := range [...]struct{ name, value string }{
		{"level", string(s.Level)}, {"instance", s.Instance}, {"version", s.Version}, {"stream", s.Stream},
	} {
		if l.value != "" {
			q.WriteString("," + l.name + "=" + quoted(l.value))
		}
	}
	q.WriteString("}")
	for _, word := range s.Words {
		q.WriteString(" |~ " + quoted(anyCase(word)))
	}
	for _, word := range s.Not {
		q.WriteString(" !~ " + quoted(anyCase(word)))
	}
	for _, f := range s.Fields { // reading JSON is dear, so that lines without the value go first
		if plain.MatchString(f.Value) {
			q.WriteString(" |= " + quoted(f.Value))
		}
	}
	for i, f := range s.Fields {
		if err := whereField(&q, fmt.Sprint("field", i), f); err != nil {
			return "", err
		}
	}
	return q.String(), nil
}

// plain is a text that stands in JSON as it is, whoever wrote it.
var plain = regexp.MustCompile(`^[A-Za-z0-9 ._:-]+$`)

// whereField adds that a field has a value. A name with dots may be one, or name a field within a field.
func whereField(q *strings.Builder, label string, f core.LogField) error {
	if strings.ContainsAny(f.Name, "\"[]\\\x00") {
		return core.Invalid("field", "error.log_field_name")
	}
	value, path := quoted(f.Value), `["`+strings.ReplaceAll(f.Name, ".", `"]["`)+`"]`
	fmt.Fprintf(q, " | json %s=%s, %sin=%s | %s=%s or %sin=%s",
		label, quoted(`["`+f.Name+`"]`), label, quoted(path), label, value, label, value)
	return nil
}

// selector picks the lines of an app; those of all apps of the tenant when appID is "".
func selector(tenantID, appID string) string {
	if appID == "" {
		return "{tenant=" + quoted(tenantID) + "}"
	}
	return "{tenant=" + quoted(tenantID) + ",app=" + quoted(appID) + "}"
}

// timesOf finds the lines of an instance, without their text.
func timesOf(instance string) string {
	return "{instance=" + quoted(instance) + `} | line_format "-"`
}

// anyCase is a regular expression of a word in one of its cases.
func anyCase(word string) string {
	cases := core.LogWordCases(strings.ToValidUTF8(word, "\uFFFD"))
	for i := range cases {
		cases[i] = regexp.QuoteMeta(cases[i])
	}
	return strings.Join(cases, "|")
}

// quoted writes s as a string of LogQL, in which Go's notation is understood.
func quoted(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) }
