package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"berth/core"
	"berth/web/client"
)

type releasesCmd struct {
	App   string `arg:"" complete:"app" help:"Id of an app."`
	Limit int    `default:"20" placeholder:"N" help:"At most so many."`
}

func (c releasesCmd) Run(s *session) error {
	if c.Limit < 1 {
		return usage("--limit is at least 1.")
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	list, err := api.Releases(s.ctx, c.App, c.Limit)
	if err != nil {
		return err
	}
	return rows(s, list.JSON, list.Value.Items, "Nothing was released yet. Begin: berth deploy "+c.App,
		[]string{"RELEASE", "STATE", "CREATED", "BY", "VERSION", "REASON"}, func(r client.Release) []string {
			return []string{strconv.Itoa(r.Number), string(r.Status), when(r.CreatedAt), or(r.Author, "-"), versionsOf(r), or(r.Reason, "-")}
		})
}

// versionsOf names the versions of a release, with their percent when there are several.
func versionsOf(r client.Release) string {
	labels := slices.SortedFunc(maps.Keys(r.Weights), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Weights[b], r.Weights[a]), cmp.Compare(a, b))
	})
	if len(labels) == 1 {
		return labels[0]
	}
	for i, label := range labels {
		labels[i] = fmt.Sprintf("%s %d%%", label, r.Weights[label])
	}
	return strings.Join(labels, ", ")
}

type rollbackCmd struct {
	App     string `arg:"" complete:"app" help:"Id of an app."`
	Release int    `arg:"" optional:"" help:"Which one. Default: the one that was online before."`
	Detach  bool   `help:"Do not wait until it is online."`
}

func (c rollbackCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	if c.Release == 0 {
		if c.Release, err = c.before(s, api); err != nil {
			return err
		}
	}
	accepted, err := api.Rollback(s.ctx, c.App, c.Release)
	if err != nil {
		return err
	}
	if !s.JSON {
		s.note("Release %d of %s: what release %d was", accepted.Value.Number, c.App, c.Release)
	}
	return s.carry(api, work{app: c.App, accepted: accepted, detach: c.Detach})
}

// before finds the release that was online before the one that is.
func (c rollbackCmd) before(s *session, api *client.Client) (int, error) {
	app, err := api.App(s.ctx, c.App)
	if err != nil {
		return 0, err
	}
	list, err := api.Releases(s.ctx, c.App, 0)
	if err != nil {
		return 0, err
	}
	for _, r := range list.Value.Items {
		if r.Number < cmp.Or(app.Value.Serving, app.Value.Release) && r.Status == core.ReleaseSuperseded && !r.OnlineAt.IsZero() {
			return r.Number, nil
		}
	}
	return 0, absent("No release of %s was online before this one. See: berth releases %s", c.App, c.App)
}
