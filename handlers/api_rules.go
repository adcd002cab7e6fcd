package handlers

import (
	"encoding/json"

	"berth/core"
)

// rulesJSON is core.Rules as the API has it: of the people who may pass a preview, passwords go in and nothing comes
// out.
type rulesJSON struct {
	core.Rules
	Auth []userJSON `json:"auth,omitempty"`
}

type userJSON struct {
	Name     string `json:"name"`
	Password string `json:"password,omitempty"` // "" keeps the one before
}

func newRulesJSON(r core.Rules) *rulesJSON {
	j := rulesJSON{Rules: r}
	for _, u := range r.Auth {
		j.Auth = append(j.Auth, userJSON{Name: u.Name})
	}
	if data, err := json.Marshal(j); err != nil || string(data) == "{}" {
		return nil
	}
	return &j
}

// into hands over what a request says of rules; nil says nothing.
func (j *rulesJSON) into(in *core.NewRelease) {
	if j == nil {
		return
	}
	rules := j.Rules
	rules.Auth = nil
	in.Passwords = map[string]string{}
	for _, u := range j.Auth {
		rules.Auth = append(rules.Auth, core.BasicUser{Name: u.Name})
		if u.Password != "" {
			in.Passwords[u.Name] = u.Password
		}
	}
	in.Rules = &rules
}
