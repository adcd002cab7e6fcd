// Package cli is the command-line client of a Berth: what people and scripts do with apps from a terminal. It knows
// the API and nothing else of Berth.
package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Command is a command that somebody else carries out, for the overview.
type Command struct{ Name, Help string }

// Program is what the client is run with. None of the streams may be nil.
type Program struct {
	Version string
	Others  []Command // the commands that run a Berth
	Environ []string  // "NAME=value"
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
}

// globals are the flags of every command.
type globals struct {
	Server string `placeholder:"NAME" complete:"server" help:"Which of the servers you are signed in to. Default: the one of the last login."`
	JSON   bool   `help:"Print what the API answers, for programs: one object, or one a line for what goes on."`
}

// commands are what a person can say. One file of this package each.
type commands struct {
	globals `embed:""`

	Login   loginCmd   `cmd:"" help:"Sign in to a Berth with a token."`
	Logout  logoutCmd  `cmd:"" help:"Forget a token."`
	Servers serversCmd `cmd:"" help:"List the servers you are signed in to, or choose one."`
	Whoami  whoamiCmd  `cmd:"" help:"Show whose token is used and what it may do."`

	Apps     appsCmd     `cmd:"" help:"List, create or delete apps."`
	Status   statusCmd   `cmd:"" help:"Show an app and its instances."`
	Push     pushCmd     `cmd:"" help:"Send an image as a new version of an app."`
	Versions versionsCmd `cmd:"" help:"List the versions of an app."`
	Deploy   deployCmd   `cmd:"" help:"Bring a version online, or change how it runs."`
	Logs     logsCmd     `cmd:"" help:"Show what an app writes."`
	Releases releasesCmd `cmd:"" help:"List the releases of an app."`
	Rollback rollbackCmd `cmd:"" help:"Bring an old release back."`
	Scale    scaleCmd    `cmd:"" help:"Set how many instances run."`
	Env      envCmd      `cmd:"" help:"List, set or unset environment variables: berth env APP."`
	Stop     stopCmd     `cmd:"" help:"Stop an app."`
	Start    startCmd    `cmd:"" help:"Start a stopped app."`
	Restart  restartCmd  `cmd:"" help:"Replace every instance by a new one."`
	Open     openCmd     `cmd:"" help:"Open an app in the browser."`

	Services    servicesCmd    `cmd:"" help:"List or create databases and other services."`
	Credentials credentialsCmd `cmd:"" help:"Show how a service is reached, with its password."`

	Completion completionCmd `cmd:"" help:"Print what makes a shell complete commands and names of apps."`
}

// completeWord is the hidden command that shells call.
const completeWord = "__complete"

// Takes reports whether the client carries out args, and returns them as it wants them; else they are for the program
// that runs a Berth. "help X" is "X --help" for both.
func Takes(args []string) ([]string, bool) {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" {
		return []string{"help"}, true
	}
	if args[0] == "help" && len(args) > 1 && topics[args[1]] == "" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	if args[0] == "help" || args[0] == completeWord {
		return args, true
	}
	return args, slices.Contains(commandNames(), firstCommand(args))
}

// firstCommand returns the first of args that is no flag of every command.
func firstCommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--server":
			i++
		case args[i] == "--json" || strings.HasPrefix(args[i], "--server="):
		default:
			return args[i]
		}
	}
	return ""
}

func commandNames() []string {
	parser, err := newParser(&commands{}, io.Discard, nil)
	if err != nil {
		panic(err) // the commands above always parse; a test runs them
	}
	var names []string
	for _, c := range parser.Model.Children {
		names = append(names, c.Name)
	}
	return names
}

func newParser(c *commands, out io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(c, kong.Name("berth"), kong.Writers(out, out), kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
}

// Run carries out args and returns the exit code; see the topic exit-codes.
func (p Program) Run(ctx context.Context, args []string) int {
	s := newSession(ctx, p)
	switch args[0] {
	case "help":
		return s.finish(p.help(args[1:]))
	case completeWord:
		return s.complete(args[1:])
	}
	var c commands
	var help bytes.Buffer
	asked := false
	parser, err := newParser(&c, &help, func(int) { asked = true })
	if err != nil {
		return s.finish(err)
	}
	parsed, err := parser.Parse(args)
	if asked {
		_, err := io.Copy(p.Stdout, &help)
		return s.finish(err)
	}
	if err != nil {
		return s.finish(usage("%v; see berth %s --help", err, firstCommand(args)))
	}
	s.globals = c.globals
	return s.finish(parsed.Run(s))
}

// Unknown says that args are no command of the client, and returns the exit code. Where there is no server, it answers
// "version".
func (p Program) Unknown(args []string) int {
	s := newSession(context.Background(), p)
	if args[0] == "version" {
		return s.finish(s.say("%s", p.Version))
	}
	return s.finish(usage("%q is no command; see berth --help", args[0]))
}

// finish says what went wrong and returns the exit code for it.
func (s *session) finish(err error) int {
	code, say := explain(err)
	if say != "" {
		fmt.Fprintln(s.stderr, s.inert(say))
	}
	return code
}
