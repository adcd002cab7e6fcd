// Package version shows what an app's customer brought, and what ran of it.
package version

import (
	"context"
	"strconv"
	"strings"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/release"
	"berth/views/ui"
)

// List is versions and releases; it lives.
type List struct {
	Head     app.Head
	Versions []core.Version
	Shares   map[string]int // percent of the requests by version id
	Releases []Revision
	Before   int // releases below this number are shown; 0 shows the newest
	More     int // the lowest number shown, when there are older ones; else 0
	Push     Push
	Trial    Trial   // the zero one when there is nothing to say of one
	Beside   *Beside // nil when nothing stands beside what serves
}

// Revision is a release with what it changed.
type Revision struct {
	core.Revision
	Current bool // the one that is to run
}

// Push says how a version is pushed with a program of images.
type Push struct {
	Registry string // host and port
	Image    string // full name without label
}

// Page is the list in its frame.
type Page struct {
	Page layout.Page
	List List
}

// New asks for a further version.
type New struct {
	Page  layout.Page
	Head  app.Head
	Form  ui.Form // ref, user
	Push  Push
	Ready []core.Version // that could be deployed as well
}

// Uploaded shows what was found in a file for an app, and asks for the label.
type Uploaded struct {
	Page   layout.Page
	Head   app.Head
	Upload core.Upload
	Form   ui.Form // label
}

// Deploy asks what is needed to release a version.
type Deploy struct {
	Page    layout.Page
	Head    app.Head
	Version core.Version
	Current core.Release // zero before the first
	Fields  release.Fields
	Check   quota.Check
}

// triable reports whether the version can be tried beside the one that runs: two versions at most share the requests,
// and storage is for one at a time.
func (m Deploy) triable() bool {
	runs := m.Current.Spec
	return len(runs.Targets) == 1 && runs.Targets[0].VersionID != m.Version.ID && runs.Volume == nil
}

// Digest is as much of a digest as one compares.
func Digest(d string) string {
	_, hex, _ := strings.Cut(d, ":")
	return hex[:min(8, len(hex))]
}

func source(ctx context.Context, v core.Version) string {
	return i18n.T(ctx, "source."+string(v.Source))
}

// title says a release in a few words: its own reason, else its versions.
func title(ctx context.Context, r Revision) string {
	if !r.Reason.IsZero() {
		return i18n.Text(ctx, r.Reason)
	}
	return release.Versions(r.Spec)
}

// shown reports whether the state of the release is worth a word: that it ran once is not.
func (r Revision) shown() bool {
	return r.Current || r.Status == core.ReleasePending || r.Status == core.ReleaseLive
}

func (l List) running(v core.Version) int { return l.Shares[v.ID] }

func (p Push) commands() string {
	return "docker login " + p.Registry + "\n" +
		"docker tag shop " + p.Image + ":1.0\n" +
		"docker push " + p.Image + ":1.0"
}

// liveOf is the stream of the list, with the releases that the page shows.
func liveOf(l List) string {
	if l.Before > 0 {
		return paths.VersionsLive(l.Head.App.ID) + "?before=" + strconv.Itoa(l.Before)
	}
	return paths.VersionsLive(l.Head.App.ID)
}
