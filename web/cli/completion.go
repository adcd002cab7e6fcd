package cli

import (
	"context"
	"embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"berth/web/client"
)

//go:embed scripts
var scripts embed.FS

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish. Then, for example: source <(berth completion bash)"`
}

func (c completionCmd) Run(s *session) error {
	name := map[string]string{"bash": "bash.sh", "zsh": "zsh.sh", "fish": "fish.fish"}[c.Shell]
	data, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(data)
	return err
}

// completeTimeout is how long a person who pressed Tab waits for names from the server.
const completeTimeout = 700 * time.Millisecond

// complete prints what the last of words may become, a candidate a line, with a tab and what it is behind it. It never
// says what goes wrong: the person is in the middle of a line.
func (s *session) complete(words []string) int {
	if len(words) == 0 {
		words = []string{""}
	}
	ctx, stop := context.WithTimeout(s.ctx, completeTimeout)
	defer stop()
	s.ctx, s.stderr = ctx, io.Discard
	parser, err := newParser(&commands{}, io.Discard, nil)
	if err != nil {
		return exitFailed
	}
	last := words[len(words)-1]
	for _, c := range s.candidates(parser.Model.Node, words[:len(words)-1], last) {
		if strings.HasPrefix(c, last) {
			fmt.Fprintln(s.stdout, c)
		}
	}
	return exitOK
}

// candidates walks to the command that words name and returns what may follow.
func (s *session) candidates(node *kong.Node, words []string, last string) []string {
	var before []string // positional arguments that are there
	var pending *kong.Flag
	for i, word := range words {
		switch flag := findFlag(node, word); {
		case pending != nil:
			if pending.Name == "server" {
				s.Server = word
			}
			pending = nil
		case flag != nil:
			if !flag.IsBool() && !strings.Contains(word, "=") {
				pending = flag
			}
		case strings.HasPrefix(word, "-") && word != "-":
		default:
			if child := findChild(node, word); child != nil && len(before) == 0 {
				node = child
			} else if node.Parent == nil && i == 0 {
				return nil // not a command of the client
			} else {
				before = append(before, word)
			}
		}
	}
	if pending != nil {
		return s.values(pending.Value, before)
	}
	if strings.HasPrefix(last, "-") {
		return flagsOf(node)
	}
	var all []string
	if len(before) == 0 {
		for _, c := range node.Children {
			all = append(all, c.Name+"\t"+c.Help)
		}
		if node.Parent == nil {
			for _, c := range append([]Command{{"help", "Say more about a command."}}, s.others...) {
				all = append(all, c.Name+"\t"+c.Help)
			}
		}
	}
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	if n := min(len(before), len(node.Positional)-1); n >= 0 && (n == len(before) || node.Positional[n].IsSlice()) {
		all = append(all, s.values(node.Positional[n], before)...)
	}
	return all
}

func findChild(node *kong.Node, word string) *kong.Node {
	for _, c := range node.Children {
		if c.Name == word {
			return c
		}
	}
	return nil
}

func findFlag(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, flags := range allFlags(node) {
		for _, f := range flags {
			if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

func flagsOf(node *kong.Node) []string {
	var all []string
	for _, flags := range allFlags(node) {
		for _, f := range flags {
			all = append(all, "--"+f.Name+"\t"+f.Help)
		}
	}
	slices.Sort(all)
	return all
}

func allFlags(node *kong.Node) [][]*kong.Flag {
	all := node.AllFlags(true)
	if node.DefaultCmd != nil {
		all = append(all, node.DefaultCmd.Flags)
	}
	return all
}

// values returns what an argument or a flag may be.
func (s *session) values(v *kong.Value, before []string) []string {
	if v.Enum != "" {
		return slices.DeleteFunc(strings.Split(v.Enum, ","), func(e string) bool { return e == "" })
	}
	kind := v.Tag.Get("complete")
	if kind == "server" {
		all, err := s.loadServers()
		if err != nil {
			return nil
		}
		return slices.Sorted(maps.Keys(all.Servers))
	}
	api, err := s.client()
	if err != nil || kind == "" {
		return nil
	}
	names, err := s.names(api, kind, before)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(names, func(name string) bool { return inert(name, false) != name && !strings.Contains(name, "\t") })
}

// names asks the server.
func (s *session) names(api *client.Client, kind string, before []string) ([]string, error) {
	switch kind {
	case "app":
		return collect(api.Apps(s.ctx, "", "", ""))(func(a client.AppSummary) string { return a.ID + "\t" + string(a.State) })
	case "service":
		return collect(api.Apps(s.ctx, "", "service", ""))(func(a client.AppSummary) string { return a.ID + "\t" + string(a.State) })
	case "team":
		return collect(api.Tenants(s.ctx))(func(t client.Tenant) string { return t.ID + "\t" + t.Name })
	case "catalog":
		return collect(api.Catalog(s.ctx))(func(e client.CatalogEntry) string { return e.Name + "\t" + e.Title })
	case "version":
		if len(before) > 0 {
			return collect(api.Versions(s.ctx, before[0]))(func(v client.Version) string { return v.Label })
		}
	}
	return nil, nil
}

func collect[T any](list client.Answer[client.List[T]], err error) func(func(T) string) ([]string, error) {
	return func(name func(T) string) ([]string, error) {
		var names []string
		for _, item := range list.Value.Items {
			names = append(names, name(item))
		}
		return names, err
	}
}
