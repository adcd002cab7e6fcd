package elastic

import (
	"bytes"
	"encoding/json"
	"strings"
)

// The most of a line's fields that can be found. A search asks for no longer ones.
const (
	maxFields = 200
	maxField  = 200 // bytes of a name or a value
)

// fieldsOf returns the fields of a line that is a JSON object, as name=value; those of an object within it have its
// name and a dot before theirs.
func fieldsOf(line string) []string {
	if !strings.HasPrefix(line, "{") {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &object) != nil {
		return nil
	}
	return appendFields(nil, "", object)
}

func appendFields(all []string, before string, object map[string]json.RawMessage) []string {
	for name, raw := range object {
		name = before + name
		if len(all) == maxFields || len(name) > maxField {
			continue
		}
		var within map[string]json.RawMessage
		switch raw = bytes.TrimSpace(raw); raw[0] {
		case '{':
			_ = json.Unmarshal(raw, &within) // it is valid as part of what is
			all = appendFields(all, name+".", within)
		default:
			if text := textOf(raw); len(text) <= maxField {
				all = append(all, term(name, text))
			}
		}
	}
	return all
}

// textOf returns a value as it is asked for: a string without its quotes, all else as it is written.
func textOf(raw json.RawMessage) string {
	var text string
	if raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// term is how a field and its value are found.
func term(name, value string) string { return name + "=" + value }
