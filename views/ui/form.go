package ui

import (
	"errors"

	"github.com/a-h/templ"

	"berth/core"
)

// Form is what was typed into a form, and what is wrong with it.
type Form struct {
	Values  map[string]string
	Errors  map[string]core.Text // by the name of the input
	Message core.Text            // about the whole
}

// NewForm makes a form with first values; kv alternates names and values.
func NewForm(kv ...string) Form {
	f := Form{Values: map[string]string{}}
	for i := 0; i+1 < len(kv); i += 2 {
		f.Values[kv[i]] = kv[i+1]
	}
	return f
}

// Fail notes what err says, at its fields when it names some that the form has, else about the whole.
func (f Form) Fail(err error) Form {
	f.Errors = map[string]core.Text{}
	e, ok := errors.AsType[*core.Error](err)
	if !ok || len(e.Fields) == 0 {
		f.Message = core.ErrorMessage(err)
		return f
	}
	for _, x := range e.Fields {
		if _, twice := f.Errors[x.Field]; !twice {
			f.Errors[x.Field] = x.Message
		}
	}
	return f
}

// Failed reports whether anything is wrong.
func (f Form) Failed() bool { return len(f.Errors) > 0 || !f.Message.IsZero() }

// Rest returns what is wrong with fields that have no input in the form.
func (f Form) Rest(inputs ...string) []core.Text {
	known := map[string]bool{}
	for _, name := range inputs {
		known[name] = true
	}
	var rest []core.Text
	if !f.Message.IsZero() {
		rest = append(rest, f.Message)
	}
	for name, text := range f.Errors {
		if !known[name] {
			rest = append(rest, text)
		}
	}
	return rest
}

// Faulty ties a group of inputs to what FieldError says of it under id, for those who hear the page.
func (f Form) Faulty(name, id string) templ.Attributes {
	if !f.invalid(name) {
		return nil
	}
	return templ.Attributes{"aria-describedby": id}
}

// Described ties a select, id, to what FieldError says of name under id-error, and to its hint under id-hint.
func (f Form) Described(name, id, hint string) templ.Attributes {
	a := templ.Attributes{}
	if by := (Input{Name: name, ID: id, Hint: hint}).describedBy(f); by != "" {
		a["aria-describedby"] = by
	}
	if f.invalid(name) {
		a["aria-invalid"] = "true"
	}
	return a
}

// Input describes one input of a form. Label, Hint and the like are worded already.
type Input struct {
	Name         string
	ID           string // "" takes Name
	Label        string
	Hint         string
	Type         string // "" is text
	Autocomplete string
	Placeholder  string
	Suffix       string // stands behind what is typed
	InputMode    string
	Optional     bool
	Mono         bool
	Autofocus    bool
}

func (in Input) id() string {
	if in.ID != "" {
		return in.ID
	}
	return "f-" + in.Name
}

func (in Input) kind() string {
	if in.Type != "" {
		return in.Type
	}
	return "text"
}

func (in Input) autocomplete() string {
	if in.Autocomplete != "" {
		return in.Autocomplete
	}
	return "off"
}

// describedBy names the elements that explain the input, for aria-describedby.
func (in Input) describedBy(f Form) string {
	switch _, bad := f.Errors[in.Name]; {
	case bad && in.Hint != "":
		return in.id() + "-error " + in.id() + "-hint"
	case bad:
		return in.id() + "-error"
	case in.Hint != "":
		return in.id() + "-hint"
	}
	return ""
}

func (f Form) invalid(name string) bool {
	_, bad := f.Errors[name]
	return bad
}

func noteRole(kind string) string {
	if kind == "bad" {
		return "alert"
	}
	return "status"
}
