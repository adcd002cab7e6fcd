package service

import (
	"encoding/json"
	"maps"
	"strings"

	"berth/core"
)

// ruleValues says what the gateway does, by the names that the API has. Of people who may pass a preview their names
// are told; a new password counts as a change of "rules.passwords", whose value nobody sees.
func ruleValues(r core.Rules) map[string]string {
	values := map[string]string{}
	var users, hashes []string
	for _, u := range r.Auth {
		users, hashes = append(users, u.Name), append(hashes, u.Hash)
	}
	r.Auth = nil
	data, err := json.Marshal(r)
	if err != nil {
		return values
	}
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(data, &fields) // it was marshalled just now
	for name, raw := range fields {
		values["rules."+name] = ruleValue(raw)
	}
	if len(users) > 0 {
		values["rules.auth"] = strings.Join(users, ", ")
		values["rules.passwords"] = strings.Join(hashes, " ")
	}
	return values
}

// ruleValue words a list of texts as such, and what is more than that as JSON.
func ruleValue(raw json.RawMessage) string {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return strings.Join(list, ", ")
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// addRules adds the rules that differ.
func addRules(old, spec core.Rules, before, after map[string]string) {
	b, a := ruleValues(old), ruleValues(spec)
	names := maps.Clone(b)
	maps.Copy(names, a)
	for name := range names {
		if b[name] == a[name] {
			continue
		}
		was, is := b[name], a[name]
		if name == "rules.passwords" {
			was, is = masking(was), masking(is)
		}
		if was != "" {
			before[name] = was
		}
		if is != "" {
			after[name] = is
		}
	}
}

func masking(value string) string {
	if value == "" {
		return ""
	}
	return core.Masked
}
