package cli

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
)

//go:embed topics/exit-codes.txt
var exitCodes string

//go:embed topics/environment.txt
var environment string

// topics are what "berth help" knows besides commands.
var topics = map[string]string{"exit-codes": exitCodes, "environment": environment}

// help prints a topic, or the overview of all commands.
func (p Program) help(args []string) error {
	if len(args) > 0 {
		_, err := io.WriteString(p.Stdout, topics[args[0]])
		return err
	}
	_, err := io.WriteString(p.Stdout, p.overview())
	return err
}

func (p Program) overview() string {
	parser, err := newParser(&commands{}, io.Discard, nil)
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	b.WriteString("Usage: berth COMMAND\n\nUse a Berth:\n")
	for _, c := range parser.Model.Children {
		fmt.Fprintf(&b, "  %-12s %s\n", c.Name, c.Help)
	}
	if len(p.Others) > 0 {
		b.WriteString("\nRun a Berth:\n")
	}
	for _, c := range p.Others {
		fmt.Fprintf(&b, "  %-12s %s\n", c.Name, c.Help)
	}
	b.WriteString("\nberth COMMAND --help says more about a command. Further topics: berth help exit-codes, berth help environment.\n")
	return b.String()
}
