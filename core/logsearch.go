package core

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The most that a search may ask for.
const (
	maxLogWords = 20
	maxLogWord  = 200 // bytes
)

// Validate reports every fault of what somebody asked for. Errors: EINVALID at "q", "field", "level", "limit", "to".
func (s LogSearch) Validate() error {
	var f Faults
	if len(s.Words)+len(s.Not) > maxLogWords || slices.ContainsFunc(append(slices.Clone(s.Words), s.Not...), tooLong) {
		f.Add("q", "error.log_words", "words", strconv.Itoa(maxLogWords), "length", strconv.Itoa(maxLogWord))
	}
	if len(s.Fields) > maxLogWords || slices.ContainsFunc(s.Fields, func(field LogField) bool {
		return field.Name == "" || tooLong(field.Name) || tooLong(field.Value)
	}) {
		f.Add("field", "error.log_field")
	}
	if s.Level != "" && !slices.Contains(LogLevels, s.Level) {
		f.Add("level", "error.log_level")
	}
	if !s.From.IsZero() && !s.To.IsZero() && !s.From.Before(s.To) {
		f.Add("to", "error.log_range")
	}
	if s.Limit < 1 || s.Limit > MaxLogPage {
		f.Add("limit", "error.number_range", "min", "1", "max", strconv.Itoa(MaxLogPage))
	}
	return f.Err()
}

func tooLong(word string) bool { return len(word) > maxLogWord }

// ParseLogWords reads what somebody typed: words, "several words together", and -word for what must not be there.
func ParseLogWords(text string) (words, not []string) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		list := &words
		if len(text) > 1 && text[0] == '-' && text[1] != ' ' {
			list, text = &not, text[1:]
		}
		var word string
		if phrase, ok := strings.CutPrefix(text, `"`); ok && strings.Contains(phrase, `"`) {
			word, text, _ = strings.Cut(phrase, `"`)
		} else if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
			word, text = text[:end], text[end:]
		} else {
			word, text = text, ""
		}
		if word != "" {
			*list = append(*list, strings.ToValidUTF8(word, "\uFFFD"))
		}
	}
	return words, not
}

// LogWordCases returns a word as it may stand in a line that has it: as it is, small, with a capital at its beginning,
// in capitals. It is for implementations of LogStore; to try every case costs several times as much.
func LogWordCases(word string) []string {
	lower := strings.ToLower(word)
	first, size := utf8.DecodeRuneInString(lower)
	var all []string
	for _, c := range []string{word, lower, string(unicode.ToUpper(first)) + lower[size:], strings.ToUpper(word)} {
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// String writes a position as a word that ParseLogPosition reads.
func (p LogPosition) String() string {
	return strconv.FormatInt(p.Time.UnixNano(), 10) + "-" + p.Instance
}

// ParseLogPosition reads a position at a field of the input; nothing for "". Errors: EINVALID.
func ParseLogPosition(field, text string) (LogPosition, error) {
	if text == "" {
		return LogPosition{}, nil
	}
	nanos, instance, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(nanos, 10, 64)
	if !ok || err != nil || n <= 0 || len(instance) > 64 {
		return LogPosition{}, Invalid(field, "error.log_cursor")
	}
	return LogPosition{Time: time.Unix(0, n).UTC(), Instance: instance}, nil
}
