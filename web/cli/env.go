package cli

import (
	"encoding/json"
	"slices"
	"strings"

	"berth/core"
	"berth/web/client"
)

type envCmd struct {
	List  envListCmd  `cmd:"" default:"withargs" help:"List the variables; the values of secrets are not shown."`
	Set   envSetCmd   `cmd:"" help:"Set variables, as a new release."`
	Unset envUnsetCmd `cmd:"" help:"Take variables away, as a new release."`
}

type envListCmd struct {
	App string `arg:"" complete:"app" help:"Id of an app."`
}

func (c envListCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	now, env, err := currentEnv(s, api, c.App)
	if err != nil {
		return err
	}
	data, err := json.Marshal(env)
	if err != nil {
		return err
	}
	if now.JSON != nil { // the part of the release, as it came
		var part struct {
			Env json.RawMessage `json:"env"`
		}
		if err := json.Unmarshal(now.JSON, &part); err != nil {
			return err
		}
		data = part.Env
	}
	return rows(s, data, env, "No variables are set. Set one: berth env set "+c.App+" NAME=VALUE",
		[]string{"NAME", "VALUE"}, func(v core.EnvVar) []string {
			if v.Secret {
				return []string{v.Name, "(secret)"}
			}
			return []string{v.Name, v.Value}
		})
}

// currentEnv returns the release that is to run and its environment; nothing before the first.
func currentEnv(s *session, api *client.Client, id string) (client.Answer[client.Release], []core.EnvVar, error) {
	var none client.Answer[client.Release]
	app, err := api.App(s.ctx, id)
	if err != nil || app.Value.Release == 0 {
		return none, []core.EnvVar{}, err
	}
	r, err := api.Release(s.ctx, id, app.Value.Release)
	return r, r.Value.Env, err
}

type envSetCmd struct {
	App    string   `arg:"" complete:"app" help:"Id of an app."`
	Vars   []string `arg:"" sep:"none" name:"name=value" help:"What to set. With --secret a name alone reads its value from the standard input."`
	Secret bool     `help:"Never show the values again."`
	Detach bool     `help:"Do not wait until it is online."`
}

func (c envSetCmd) Run(s *session) error {
	var changes []core.EnvVar
	for _, given := range c.Vars {
		if c.Secret && !strings.Contains(given, "=") {
			v, err := s.readSecret(given)
			if err != nil {
				return err
			}
			changes = append(changes, v)
			continue
		}
		v, err := parseVar(given)
		if err != nil {
			return err
		}
		v.Secret = c.Secret
		changes = append(changes, v)
	}
	return releaseEnv(s, c.App, c.Detach, func(env []core.EnvVar) ([]core.EnvVar, error) { return withEnv(env, changes), nil })
}

type envUnsetCmd struct {
	App    string   `arg:"" complete:"app" help:"Id of an app."`
	Names  []string `arg:"" sep:"none" name:"name" help:"What to take away."`
	Detach bool     `help:"Do not wait until it is online."`
}

func (c envUnsetCmd) Run(s *session) error {
	return releaseEnv(s, c.App, c.Detach, func(env []core.EnvVar) ([]core.EnvVar, error) {
		env = slices.Clone(env)
		for _, name := range c.Names {
			at := slices.IndexFunc(env, func(v core.EnvVar) bool { return v.Name == name })
			if at < 0 {
				return nil, absent("%s has no variable %q. See: berth env %s", c.App, name, c.App)
			}
			env = slices.Delete(env, at, at+1)
		}
		return env, nil
	})
}

// releaseEnv makes a release with another environment.
func releaseEnv(s *session, app string, detach bool, change func([]core.EnvVar) ([]core.EnvVar, error)) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	_, env, err := currentEnv(s, api, app)
	if err != nil {
		return err
	}
	if env, err = change(env); err != nil {
		return err
	}
	accepted, err := api.CreateRelease(s.ctx, app, client.NewRelease{Env: &env})
	if err != nil {
		return err
	}
	return s.carry(api, work{app: app, accepted: accepted, detach: detach})
}
