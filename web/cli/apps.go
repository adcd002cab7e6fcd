package cli

import (
	"strconv"
	"strings"

	"berth/web/client"
)

type appsCmd struct {
	List   appsListCmd   `cmd:"" default:"withargs" help:"List apps and services."`
	Create appsCreateCmd `cmd:"" help:"Make an app."`
	Delete appsDeleteCmd `cmd:"" help:"Delete an app or a service with everything it has."`
}

type appsListCmd struct {
	Team   string `placeholder:"ID" complete:"team" help:"Of this team alone."`
	Kind   string `enum:",app,service" default:"" help:"app or service. Default: both."`
	Search string `placeholder:"TEXT" help:"Part of the name."`
}

func (c appsListCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	list, err := api.Apps(s.ctx, c.Team, c.Kind, c.Search)
	if err != nil {
		return err
	}
	return rows(s, list.JSON, list.Value.Items, "There are no apps. Make one: berth apps create NAME",
		[]string{"APP", "TEAM", "STATE", "VERSION", "INSTANCES", "URL"}, func(a client.AppSummary) []string {
			return []string{a.ID, a.Tenant, string(a.State), or(a.Version, "-"),
				strconv.Itoa(a.Instances.Ready) + "/" + strconv.Itoa(a.Instances.Total), or(a.URL, "-")}
		})
}

type appsCreateCmd struct {
	Name string `arg:"" help:"As people read it, such as 'Tea shop'."`
	Team string `placeholder:"ID" complete:"team" help:"Whose app it is. Needed when you are in several teams."`
	ID   string `name:"id" placeholder:"ID" help:"In its address. Default: derived from the name."`
}

func (c appsCreateCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	team, err := s.team(api, c.Team)
	if err != nil {
		return err
	}
	made, err := api.CreateApp(s.ctx, client.NewApp{Tenant: team, Name: c.Name, ID: c.ID})
	if err != nil {
		return err
	}
	return s.answer(made.JSON, func() error {
		if err := s.say("The app %s is there. It will answer at %s", made.Value.ID, inert(made.Value.URL, false)); err != nil {
			return err
		}
		s.note("Next: berth deploy %s FILE", made.Value.ID)
		return nil
	})
}

// team returns the team that is meant: the one named, else the only one there is.
func (s *session) team(api *client.Client, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	me, err := api.Me(s.ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, t := range me.Value.Tenants {
		ids = append(ids, t.ID)
	}
	if len(ids) == 0 && me.Value.Operator {
		list, err := api.Tenants(s.ctx)
		if err != nil {
			return "", err
		}
		for _, t := range list.Value.Items {
			ids = append(ids, t.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", failed("You are in no team. Ask an operator for one.")
	case 1:
		return ids[0], nil
	}
	return "", usage("Say whose it is to be with --team. Your teams: %s", strings.Join(ids, ", "))
}

type appsDeleteCmd struct {
	App       string `arg:"" complete:"app" help:"Id of an app or a service."`
	YesDelete string `placeholder:"APP" help:"The id once more, instead of being asked to type it."`
	KeepData  bool   `help:"Keep the storage of a service."`
	Detach    bool   `help:"Do not wait until it is gone."`
}

func (c appsDeleteCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	app, err := api.App(s.ctx, c.App)
	if err != nil {
		return err
	}
	typed := c.YesDelete
	if typed == "" {
		question := "This deletes " + c.App + " with its versions, releases and storage, for good. Type " + c.App + " to go on: "
		if typed, err = s.prompt(question, "Nothing was deleted. Say that you mean it: --yes-delete "+c.App); err != nil {
			return err
		}
	}
	if typed != app.Value.ID {
		return usage("Nothing was deleted: %q is not %q.", typed, app.Value.ID)
	}
	accepted, err := api.DeleteApp(s.ctx, c.App, c.KeepData)
	if err != nil {
		return err
	}
	return s.carry(api, work{app: c.App, accepted: accepted, detach: c.Detach, done: c.App + " is gone.", vanishes: true})
}

type statusCmd struct {
	App string `arg:"" complete:"app" help:"Id of an app or a service."`
}

func (c statusCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	app, err := api.App(s.ctx, c.App)
	if err != nil {
		return err
	}
	return s.answer(app.JSON, func() error {
		a := app.Value
		release := "none"
		if a.Release > 0 {
			release = strconv.Itoa(a.Release)
		}
		if a.Serving != a.Release && a.Serving > 0 {
			release += " (" + strconv.Itoa(a.Serving) + " serves)"
		}
		err := pairs(s.stdout, "app", a.ID, "name", a.Name, "team", a.Tenant, "state", string(a.State), "reason", a.Reason, "release", release, "url", a.URL)
		if err != nil || len(a.Instances) == 0 {
			return err
		}
		all := [][]string{{"INSTANCE", "VERSION", "RELEASE", "STATUS", "CRASHES", "STARTED", "REASON"}}
		for _, i := range a.Instances {
			all = append(all, []string{i.ID, i.Version, strconv.Itoa(i.Release), i.Status, strconv.Itoa(i.Crashes), when(i.StartedAt), i.Reason})
		}
		if err := s.say(""); err != nil {
			return err
		}
		return table(s.stdout, all)
	})
}
