package cli

import (
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// table writes rows under a head, each column as wide as it needs. The first row is the head.
func table(w io.Writer, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(inert(row[i], false), "\t", " ")
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// rows prints a list: as it came for programs, else as a table with a head, or a sentence when there is nothing.
func rows[T any](s *session, data json.RawMessage, items []T, none string, head []string, row func(T) []string) error {
	return s.answer(data, func() error {
		if len(items) == 0 {
			s.note("%s", none)
			return nil
		}
		all := [][]string{head}
		for _, item := range items {
			all = append(all, row(item))
		}
		return table(s.stdout, all)
	})
}

// pairs prints names and values, without those that are empty.
func pairs(w io.Writer, values ...string) error {
	var rows [][]string
	for i := 0; i+1 < len(values); i += 2 {
		if values[i+1] != "" {
			rows = append(rows, []string{values[i], values[i+1]})
		}
	}
	return table(w, rows)
}

// when writes a time as tables have it.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// or returns the first of words that is not empty.
func or(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// listOf writes a list of the client's own as the API writes lists.
func listOf[T any](items []T) json.RawMessage {
	data, err := json.Marshal(map[string]any{"items": items, "next": nil})
	if err != nil {
		panic(err) // no type here fails
	}
	return data
}
