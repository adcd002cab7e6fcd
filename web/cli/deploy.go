package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"berth/core"
	"berth/web/client"
)

type deployCmd struct {
	App     string `arg:"" complete:"app" help:"Id of an app."`
	Version string `arg:"" optional:"" name:"version|file" complete:"version" help:"A version, or an archive to push first. Default: the newest version; with a flag that changes how it runs, the one that is online."`

	settings `embed:""`

	Label  string `placeholder:"VERSION" help:"Of the version that a file becomes."`
	Detach bool   `help:"Do not wait until it is online."`
}

// settings are how a release runs. What is not given stays as it was.
type settings struct {
	Replicas *int           `placeholder:"N" help:"How many instances run."`
	Memory   *core.Bytes    `placeholder:"SIZE" help:"Of one instance, such as 512MB."`
	CPU      *core.MilliCPU `placeholder:"CORES" help:"Of one instance, such as 0.5; 0 is no limit."`
	Port     *int           `placeholder:"PORT" help:"That the program listens on."`
	Env      []string       `placeholder:"NAME=VALUE" sep:"none" help:"Set a variable; may be repeated."`
	EnvFile  []string       `placeholder:"FILE" sep:"none" type:"existingfile" help:"Set the variables of a file, a NAME=VALUE a line."`
	Secret   []string       `placeholder:"NAME" sep:"none" help:"Set a secret, its value a line of the standard input; may be repeated."`
	Bind     []string       `placeholder:"SERVICE" sep:"none" complete:"service" help:"Give it the credentials of a service; may be repeated."`
	Health   *string        `name:"health-path" placeholder:"PATH" help:"Ask this path whether an instance is well."`
}

func (f settings) any() bool {
	return f.Replicas != nil || f.Memory != nil || f.CPU != nil || f.Port != nil || f.Health != nil ||
		len(f.Env)+len(f.EnvFile)+len(f.Secret)+len(f.Bind) > 0
}

func (c deployCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	app, err := api.App(s.ctx, c.App)
	if err != nil {
		return err
	}
	in, err := c.release(s, api, app.Value)
	if err != nil {
		return err
	}
	if in.Version, err = c.version(s, api, app.Value); err != nil {
		return err
	}
	accepted, err := api.CreateRelease(s.ctx, c.App, in)
	if err != nil {
		return err
	}
	if !s.JSON {
		s.note("Release %d of %s%s", accepted.Value.Number, c.App, behind(": version ", in.Version))
	}
	return s.carry(api, work{app: c.App, accepted: accepted, detach: c.Detach})
}

func behind(words, value string) string {
	if value == "" {
		return ""
	}
	return words + value
}

// version returns the label to bring online, "" for the one that is. A file becomes a version first.
func (c deployCmd) version(s *session, api *client.Client, app client.App) (string, error) {
	if c.Version == "" {
		if app.Release > 0 && c.any() {
			return "", nil
		}
		list, err := api.Versions(s.ctx, c.App)
		if err != nil {
			return "", err
		}
		if len(list.Value.Items) == 0 {
			return "", absent("%s has no version yet. Name a file: berth deploy %s FILE", c.App, c.App)
		}
		return list.Value.Items[0].Label, nil
	}
	if !looksLikeFile(c.Version) {
		v, err := api.Version(s.ctx, c.App, c.Version)
		if err == nil {
			return v.Value.Label, nil
		}
		if _, missing := os.Stat(c.Version); client.CodeOf(err) != core.ENOTFOUND || errors.Is(missing, fs.ErrNotExist) {
			if client.CodeOf(err) == core.ENOTFOUND {
				return "", absent("%s has no version %q, and there is no file of that name. See: berth versions %s", c.App, c.Version, c.App)
			}
			return "", err
		}
	}
	v, err := s.push(api, c.App, c.Version, c.Label)
	return v.Value.Label, err
}

// release says what the flags say.
func (c deployCmd) release(s *session, api *client.Client, app client.App) (client.NewRelease, error) {
	in := client.NewRelease{Replicas: c.Replicas, Memory: c.Memory, CPU: c.CPU, Port: c.Port}
	if c.Version == "-" && len(c.Secret) > 0 {
		return in, usage("The standard input cannot be both the archive and the secrets. Push first: berth push %s -", c.App)
	}
	if c.Health != nil {
		in.Health = &core.HealthCheck{Kind: "http", Path: *c.Health}
	}
	changes, err := c.env(s)
	if err != nil || len(changes)+len(c.Bind) == 0 {
		return in, err
	}
	var now client.Release
	if app.Release > 0 {
		r, err := api.Release(s.ctx, c.App, app.Release)
		if err != nil {
			return in, err
		}
		now = r.Value
	}
	if len(changes) > 0 {
		env := withEnv(now.Env, changes)
		in.Env = &env
	}
	if len(c.Bind) > 0 {
		all := slices.Clone(now.Bindings)
		for _, service := range c.Bind {
			if !slices.Contains(all, service) {
				all = append(all, service)
			}
		}
		in.Bindings = &all
	}
	return in, nil
}

func (f settings) env(s *session) ([]core.EnvVar, error) {
	var changes []core.EnvVar
	for _, file := range f.EnvFile {
		read, err := readEnvFile(file)
		if err != nil {
			return nil, err
		}
		changes = append(changes, read...)
	}
	for _, given := range f.Env {
		v, err := parseVar(given)
		if err != nil {
			return nil, err
		}
		changes = append(changes, v)
	}
	for _, name := range f.Secret {
		if strings.Contains(name, "=") {
			return nil, usage("--secret takes the name alone, since others can see the words of a command. Send the value to the standard input.")
		}
		v, err := s.readSecret(name)
		if err != nil {
			return nil, err
		}
		changes = append(changes, v)
	}
	return changes, nil
}

// readSecret asks for the value of a secret, or reads a line of the standard input.
func (s *session) readSecret(name string) (core.EnvVar, error) {
	v := core.EnvVar{Name: name, Secret: true}
	var err error
	if isTerminal(s.stdin) {
		v.Value, err = s.secret("Value of "+name+": ", "")
	} else {
		v.Value, err = readLine(s.stdin)
	}
	if errors.Is(err, context.Canceled) {
		return v, err
	}
	if err != nil || v.Value == "" {
		return v, usage("There is no value for the secret %s. Send it as a line of the standard input: berth ... < FILE", name)
	}
	return v, nil
}

// parseVar reads NAME=VALUE.
func parseVar(given string) (core.EnvVar, error) {
	name, value, ok := strings.Cut(given, "=")
	if !ok || name == "" {
		return core.EnvVar{}, usage("%q is not NAME=VALUE.", given)
	}
	return core.EnvVar{Name: name, Value: value}, nil
}

// readEnvFile reads a NAME=VALUE a line, as docker's --env-file does: no quotes, # begins a comment line.
func readEnvFile(path string) ([]core.EnvVar, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, absent("%v", err)
	}
	var vars []core.EnvVar
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := parseVar(line)
		if err != nil { // without the line: it may be a secret
			return nil, usage("%s", fmt.Sprintf("Line %d of %s is not NAME=VALUE.", i+1, path))
		}
		vars = append(vars, v)
	}
	return vars, nil
}

// withEnv puts changes over an environment. The API keeps the value of a secret that comes without one.
func withEnv(env, changes []core.EnvVar) []core.EnvVar {
	env = slices.Clone(env)
	for _, change := range changes {
		at := slices.IndexFunc(env, func(v core.EnvVar) bool { return v.Name == change.Name })
		if at < 0 {
			env = append(env, change)
		} else {
			env[at] = change
		}
	}
	return env
}
