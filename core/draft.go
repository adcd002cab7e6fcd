package core

import (
	"context"
	"reflect"
	"slices"
	"time"
)

// Draft is what was changed of an app and is not released yet: several edits, released together. An app has at most
// one, which everybody who may change the app adds to.
type Draft struct {
	TenantID  string
	AppID     string
	Base      int         // the release that it was made from
	Spec      ReleaseSpec // all that is to run
	Edits     []Edit      // who changed what, oldest first; a later one of the same thing replaces the one before
	CreatedAt time.Time
	Revision  int64 // counts writes; Put compares it, 0 is for a new one
}

// Edit says who changed one thing in a draft.
type Edit struct {
	What   string    `json:"what"` // as Difference has it, Name too
	Name   string    `json:"name,omitempty"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// StagedChange is one thing that a draft changes, and who wanted it so.
type StagedChange struct {
	Difference
	Author string    `json:"author,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// DraftView is a draft as people look at it: against what runs now.
type DraftView struct {
	Draft                    // Spec put over what runs now, secrets masked
	On        int            // the release that it would replace
	Changes   []StagedChange // against that release
	Conflicts []Difference   // what was changed there too since the draft was made: from there to what is staged
}

// Differences are the changes without who wanted them.
func (v DraftView) Differences() []Difference {
	list := make([]Difference, len(v.Changes))
	for i, c := range v.Changes {
		list[i] = c.Difference
	}
	return list
}

// DraftStore keeps drafts. Every method is scoped by the actor. Env and command are stored sealed, as of releases.
type DraftStore interface {
	// Get returns the draft of an app. Errors: ENOTFOUND.
	Get(ctx context.Context, appID string) (Draft, error)
	// Put writes d if d.Revision is still current, and raises it. Errors: ECONFLICT when it is not, ENOTFOUND.
	Put(ctx context.Context, d Draft) error
	// Delete removes the draft of an app. Errors: ENOTFOUND.
	Delete(ctx context.Context, appID string) error
}

// Touch notes that author made changes at a time.
func (d *Draft) Touch(changes []Difference, author string, at time.Time) {
	for _, c := range changes {
		d.Edits = slices.DeleteFunc(d.Edits, func(e Edit) bool { return e.What == c.What && e.Name == c.Name })
		d.Edits = append(d.Edits, Edit{What: c.What, Name: c.Name, Author: author, At: at})
	}
}

// Staged says who wanted each of some changes.
func (d Draft) Staged(changes []Difference) []StagedChange {
	staged := make([]StagedChange, len(changes))
	for i, c := range changes {
		staged[i].Difference = c
		for _, e := range d.Edits {
			if e.What == c.What && e.Name == c.Name {
				staged[i].Author, staged[i].At = e.Author, e.At
			}
		}
	}
	return staged
}

// Over puts what a draft changed since base over what runs now. Where both changed the same in different ways, what
// the draft says wins, and is told as a conflict: from what runs now to that.
func (d Draft) Over(base, now ReleaseSpec) (ReleaseSpec, []Difference) {
	spec := now
	over(reflect.ValueOf(base), reflect.ValueOf(d.Spec), reflect.ValueOf(&spec).Elem())
	spec.Env = envOver(base.Env, d.Spec.Env, now.Env)
	spec.Bindings = listOver(base.Bindings, d.Spec.Bindings, now.Bindings)
	return spec, clashes(Diff(base, d.Spec), Diff(base, now), Diff(now, spec))
}

// over copies the fields that differ from base to mine; rules, health and the like field by field.
func over(base, mine, to reflect.Value) {
	for i := range base.NumField() {
		b, m, t := base.Field(i), mine.Field(i), to.Field(i)
		if b.Kind() == reflect.Struct && b.Type() != reflect.TypeFor[Scaling]() { // its rules and bounds belong together
			over(b, m, t)
		} else if !reflect.DeepEqual(b.Interface(), m.Interface()) {
			t.Set(m)
		}
	}
}

func envOver(base, mine, now []EnvVar) []EnvVar {
	env := slices.Clone(now)
	for _, m := range mine {
		if !slices.Contains(base, m) {
			env = append(slices.DeleteFunc(env, func(v EnvVar) bool { return v.Name == m.Name }), m)
		}
	}
	names := func(env []EnvVar, name string) bool {
		return slices.ContainsFunc(env, func(v EnvVar) bool { return v.Name == name })
	}
	return slices.DeleteFunc(env, func(v EnvVar) bool { return names(base, v.Name) && !names(mine, v.Name) })
}

func listOver(base, mine, now []string) []string {
	list := slices.Clone(now)
	for _, m := range mine {
		if !slices.Contains(base, m) && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return slices.DeleteFunc(list, func(v string) bool { return slices.Contains(base, v) && !slices.Contains(mine, v) })
}

// clashes are those of result that both sides changed.
func clashes(mine, theirs, result []Difference) []Difference {
	in := func(list []Difference, d Difference) bool {
		return slices.ContainsFunc(list, func(x Difference) bool {
			return x.What == d.What && x.Name == d.Name || x.OfScaling() && d.OfScaling()
		})
	}
	var both []Difference
	for _, d := range result {
		if in(mine, d) && in(theirs, d) {
			both = append(both, d)
		}
	}
	return both
}
