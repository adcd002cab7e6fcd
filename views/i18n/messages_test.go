package i18n

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// message is a message in a file: one sentence, or one for each plural form.
type message map[string]string

func (m *message) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*m = message{"other": one}
		return nil
	}
	return json.Unmarshal(data, (*map[string]string)(m))
}

// messages reads every file of a language, by room and key.
func messages(t *testing.T, tag string) map[string]map[string]message {
	t.Helper()
	rooms := map[string]map[string]message{}
	entries, err := files.ReadDir("messages")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		room, ok := strings.CutSuffix(e.Name(), "."+tag+".json")
		if !ok {
			continue
		}
		data, err := files.ReadFile("messages/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		list := map[string]message{}
		if err := json.Unmarshal(data, &list); err != nil {
			t.Errorf("%s: %v", e.Name(), err)
		}
		rooms[room] = list
	}
	return rooms
}

// keys are those of all rooms of a language.
func keys(t *testing.T, tag string) map[string]bool {
	all := map[string]bool{}
	for _, list := range messages(t, tag) {
		for key := range list {
			all[key] = true
		}
	}
	return all
}

var placeholder = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

func placeholders(m message) []string {
	found := map[string]bool{}
	for _, text := range m {
		for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
			found[match[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	english, chinese := messages(t, "en"), messages(t, "zh-Hans")
	if len(english) == 0 || len(english) != len(chinese) {
		t.Fatalf("%d rooms in English, %d in Chinese", len(english), len(chinese))
	}
	for room, list := range english {
		for key, en := range list {
			zh, ok := chinese[room][key]
			if !ok {
				t.Errorf("%s: %s has no Chinese", room, key)
			} else if got, want := placeholders(zh), placeholders(en); !slices.Equal(got, want) {
				t.Errorf("%s: %s has the values %v in English and %v in Chinese", room, key, want, got)
			}
		}
		for key := range chinese[room] {
			if _, ok := list[key]; !ok {
				t.Errorf("%s: %s has no English", room, key)
			}
		}
	}
}

func TestEachKeyBelongsToOneRoom(t *testing.T) {
	home := map[string]string{}
	for room, list := range messages(t, "en") {
		for key := range list {
			if other, twice := home[key]; twice {
				t.Errorf("%s is worded by %s and by %s", key, room, other)
			}
			home[key] = room
		}
	}
}

// TestMessagesKeepTheTone checks what can be checked of the style: no exclamation marks, no begging, plural forms
// that the language knows, and no value that is misspelled into plain text.
func TestMessagesKeepTheTone(t *testing.T) {
	forms := map[string][]string{"en": {"one", "other"}, "zh-Hans": {"other"}}
	for _, language := range Languages {
		for room, list := range messages(t, language.Tag) {
			for key, m := range list {
				for form, text := range m {
					if !slices.Contains(forms[language.Tag], form) {
						t.Errorf("%s: %s has the plural form %q", room, key, form)
					}
					if strings.ContainsAny(text, "!！") || strings.Contains(strings.ToLower(text), "please") {
						t.Errorf("%s: %s is out of tone: %s", room, key, text)
					}
					if rest := placeholder.ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.TrimSpace(text) == "" && key != "ui.space" {
						t.Errorf("%s: %s cannot be worded: %q", room, key, text)
					}
				}
			}
		}
	}
}
