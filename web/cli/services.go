package cli

import (
	"maps"
	"slices"
	"strings"

	"berth/web/client"
)

type servicesCmd struct {
	List   servicesListCmd   `cmd:"" default:"1" help:"List what can be had."`
	Create servicesCreateCmd `cmd:"" help:"Make a database or another service."`
}

type servicesListCmd struct{}

func (servicesListCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	list, err := api.Catalog(s.ctx)
	if err != nil {
		return err
	}
	return rows(s, list.JSON, list.Value.Items, "This Berth offers no services.", []string{"SERVICE", "VERSIONS", "PLANS", "WHAT"},
		func(e client.CatalogEntry) []string {
			var plans []string
			for _, p := range e.Plans {
				plans = append(plans, p.Name)
			}
			return []string{e.Name, strings.Join(e.Versions, ", "), or(strings.Join(plans, ", "), "-"), or(e.Summary, e.Title)}
		})
}

type servicesCreateCmd struct {
	Service string `arg:"" complete:"catalog" help:"Which one, such as redis; see berth services."`
	Name    string `arg:"" help:"As people read it."`
	Team    string `placeholder:"ID" complete:"team" help:"Whose it is. Needed when you are in several teams."`
	ID      string `name:"id" placeholder:"ID" help:"By which apps reach it. Default: derived from the name."`
	Version string `placeholder:"VERSION" help:"Default: the first that is listed."`
	Plan    string `placeholder:"PLAN" help:"A size. Default: the first that is listed."`
	Detach  bool   `help:"Do not wait until it is online."`
}

func (c servicesCreateCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	team, err := s.team(api, c.Team)
	if err != nil {
		return err
	}
	made, err := api.CreateApp(s.ctx, client.NewApp{Tenant: team, Name: c.Name, ID: c.ID, Service: c.Service, Version: c.Version, Plan: c.Plan})
	if err != nil {
		return err
	}
	accepted := client.Answer[client.Accepted]{Value: client.Accepted{Operation: made.Value.Operation}, JSON: made.JSON}
	return s.carry(api, work{app: made.Value.ID, accepted: accepted, detach: c.Detach,
		done: made.Value.ID + " is online. How it is reached: berth credentials " + made.Value.ID})
}

type credentialsCmd struct {
	App string `arg:"" complete:"service" help:"Id of a service."`
}

// Run prints the credentials: that is what was asked for.
func (c credentialsCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	conn, err := api.Connection(s.ctx, c.App)
	if err != nil {
		return err
	}
	return s.answer(conn.JSON, func() error {
		all := [][]string{{"NAME", "VALUE"}, {"uri", conn.Value.URI}}
		for _, name := range slices.Sorted(maps.Keys(conn.Value.Values)) {
			all = append(all, []string{name, conn.Value.Values[name]})
		}
		for _, name := range slices.Sorted(maps.Keys(conn.Value.Env)) {
			all = append(all, []string{name, conn.Value.Env[name]})
		}
		return table(s.stdout, all)
	})
}
