package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// The commands of Berth. Help is what is asked for with --help, or with no command at all.
const (
	Serve     = "serve"
	Migrate   = "migrate"
	SetupLink = "setup-link"
	Show      = "config"
	Doctor    = "doctor"
	Version   = "version"
	LogStore  = "log-store"
	Help      = "help"
)

// Command is what the command line asks for.
type Command struct {
	Name string
	Help string // for Help: what to print
}

// flags are the settings without their methods: kong would call Validate before the other layers are known.
type flags Config

// commandLine is what kong reads. The settings are flags of every command.
type commandLine struct {
	Settings  flags    `embed:""`
	Serve     struct{} `cmd:"" help:"Run Berth."`
	Migrate   struct{} `cmd:"" help:"Bring the database up to date."`
	SetupLink struct{} `cmd:"" help:"Print a new link that makes the first operator."`
	Show      struct{} `cmd:"" name:"config" help:"Print the settings in force, secrets masked."`
	Doctor    struct{} `cmd:"" help:"Check this machine and say what to do."`
	Version   struct{} `cmd:"" help:"Print the version."`
	LogStore  struct{} `cmd:"" hidden:"" help:"Keep what apps write; serve runs this by itself."`
}

const description = `A self-service container portal.

Every flag is also an environment variable (--portal-listen is BERTH_PORTAL_LISTEN) and a key of berth.yaml
(portal-listen). A flag wins over the environment, the environment over the file.`

// Described is a command and what it does.
type Described struct{ Name, Help string }

// Commands returns the commands of Berth but for Help.
func Commands() []Described {
	parser, err := kong.New(&commandLine{})
	if err != nil {
		panic(err) // the command line above always parses
	}
	var all []Described
	for _, c := range parser.Model.Children {
		if c.Hidden {
			continue
		}
		all = append(all, Described{c.Name, c.Help})
	}
	return all
}

// Load reads the settings from args (without the program's name), environ ("NAME=value") and the settings file, in
// that order of precedence. The error names every fault, one a line.
func Load(args, environ []string) (Config, Command, error) {
	given, cmd, err := parse(args)
	if err != nil || cmd.Name == Help {
		return Default(), cmd, err
	}
	env := fromEnviron(environ)
	settings := defaults()
	path, fileErr := filePath(settings, env, given)
	if fileErr == nil {
		fileErr = readFile(settings, path)
	}
	overlay(settings, env)
	overlay(settings, given)
	c, err := decode(settings)
	if err != nil {
		return Default(), cmd, err
	}
	c.Config = path
	if cmd.Name == Version {
		return c, cmd, nil
	}
	return c, cmd, errors.Join(fileErr, c.Validate())
}

// parse returns the flags that were given, and the command.
func parse(args []string) (map[string]any, Command, error) {
	var cli commandLine
	var help bytes.Buffer
	asked := len(args) == 0
	if asked {
		args = []string{"--help"}
	}
	parser, err := kong.New(&cli, kong.Name("berth"), kong.Description(description), kong.Writers(&help, &help),
		kong.ValueFormatter(withDefault), kong.Exit(func(int) { asked = true }))
	if err != nil {
		return nil, Command{}, err
	}
	ctx, err := parser.Parse(args)
	if asked {
		return nil, Command{Name: Help, Help: help.String()}, nil
	}
	if err != nil {
		return nil, Command{}, fmt.Errorf("%w; see berth --help", err)
	}
	given := map[string]any{}
	for _, p := range ctx.Path {
		if p.Flag != nil {
			given[p.Flag.Name] = ctx.FlagValue(p.Flag)
		}
	}
	return given, Command{Name: ctx.Command()}, nil
}

// withDefault is a setting's help with its default behind it.
func withDefault(v *kong.Value) string {
	if !v.HasDefault {
		return v.Help
	}
	return v.Help + " Default: " + v.Default + "."
}

// fromEnviron returns the settings of the environment. An empty variable counts as not set.
func fromEnviron(environ []string) map[string]any {
	known := map[string]string{}
	for _, s := range settingNames() {
		known["BERTH_"+strings.ToUpper(strings.ReplaceAll(s, "-", "_"))] = s
	}
	env := map[string]any{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if s, ok := known[name]; ok && value != "" {
			env[s] = value
		}
	}
	return env
}

// filePath returns the settings file to read, "" when there is none.
func filePath(layers *koanf.Koanf, over ...map[string]any) (string, error) {
	find := layers.Copy()
	for _, m := range over {
		overlay(find, m)
	}
	if path := fmt.Sprint(find.Get("config")); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("config: %s cannot be read (%w); name a file that exists, or leave it out", path, err)
		}
		return path, nil
	}
	for _, path := range []string{"berth.yaml", filepath.Join(fmt.Sprint(find.Get("data")), "berth.yaml")} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", nil
}

// readFile puts the settings of the file over those of k. Every key that is no setting is a fault.
func readFile(k *koanf.Koanf, path string) error {
	if path == "" {
		return nil
	}
	read := koanf.New(".")
	if err := read.Load(file.Provider(path), yaml.Parser()); err != nil {
		return fmt.Errorf("config: %s cannot be read: %w", path, err)
	}
	known := map[string]bool{}
	for _, s := range settingNames() {
		known[s] = s != "config"
	}
	var faults []error
	for _, key := range sortedKeys(read.Raw()) {
		value := read.Raw()[key]
		switch {
		case !known[key]:
			faults = append(faults, fmt.Errorf("%s: %s has this key, which is no setting; see berth --help for their names", key, path))
		case !readable(value):
			faults = append(faults, fmt.Errorf("%s: the value in %s has keys of its own; write one value or a list", key, path))
		case value != nil:
			overlay(k, map[string]any{key: value})
		}
	}
	return errors.Join(faults...)
}

// readable reports whether a value of the file is one value or a list of such.
func readable(value any) bool {
	if list, ok := value.([]any); ok {
		for _, v := range list {
			if !readable(v) {
				return false
			}
		}
		return true
	}
	return value == nil || reflect.TypeOf(value).Kind() != reflect.Map
}
