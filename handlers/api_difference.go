package handlers

import (
	"berth/core"
	"berth/views/i18n"
	"berth/views/release"
)

// differenceJSON is a difference with its sentence.
type differenceJSON struct {
	core.Difference
	Text string `json:"text"`
}

func newDifferencesJSON(words *i18n.Localizer, list []core.Difference) []differenceJSON {
	out := make([]differenceJSON, len(list))
	for i, d := range list {
		out[i] = differenceJSON{d, release.Sentence(words, d)}
	}
	return out
}
