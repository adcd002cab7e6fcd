package cli

import (
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"berth/core"
	"berth/web/client"
)

type loginCmd struct {
	URL        string `arg:"" help:"The portal's address, such as https://berth.example.com."`
	As         string `placeholder:"NAME" help:"A name for this server, for --server. Default: its host."`
	TokenStdin bool   `help:"Read the token from the standard input instead of asking for it."`
}

// maxToken is far more than a token has.
const maxToken = 4096

func (c loginCmd) Run(s *session) error {
	u, err := client.ParseAddress(c.URL)
	if err != nil {
		return usage("%v", err)
	}
	name := or(c.As, strings.ReplaceAll(strings.Trim(u.Host, "[]"), ":", "-"))
	if !serverName.MatchString(name) {
		return usage("%q cannot be the name of a server. Use letters, digits, '.', '_' and '-'.", name)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		s.note("Warning: %s is not encrypted, so that others on the way can read the token.", u)
	}
	token, err := c.token(s, u.String())
	if err != nil {
		return err
	}
	api, err := client.New(u.String(), token, "berth/"+s.version)
	if err != nil {
		return err
	}
	me, err := api.Me(s.ctx)
	if err != nil {
		return err
	}
	all, err := s.loadServers()
	if err != nil {
		return err
	}
	all.Servers[name], all.Current = server{u.String(), token}, name
	if err := s.save(all); err != nil {
		return err
	}
	return s.answer(me.JSON, func() error {
		return s.say("Signed in to %s as %s. This server is called %s.", u, inert(describe(me.Value), false), name)
	})
}

func (c loginCmd) token(s *session, address string) (string, error) {
	if !c.TokenStdin {
		token, err := s.secret("Token for "+address+" (made in the portal under Access tokens): ",
			"Nobody can be asked for the token here. Send it: berth login "+address+" --token-stdin < FILE")
		if err == nil && token == "" {
			err = usage("There is no token. Make one in the portal under Access tokens.")
		}
		return token, err
	}
	data, err := io.ReadAll(io.LimitReader(s.stdin, maxToken))
	token := strings.TrimSpace(string(data))
	if err == nil && (token == "" || strings.ContainsAny(token, " \t\r\n")) {
		err = usage("There is no token in the standard input. It is one word on a line.")
	}
	return token, err
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// describe says in a line who somebody is.
func describe(me client.Me) string {
	var what []string
	if me.Operator {
		what = append(what, "operator")
	}
	if me.Support {
		what = append(what, "support")
	}
	for _, t := range me.Tenants {
		what = append(what, string(t.Role)+" in "+t.ID)
	}
	say := me.Name
	if me.Kind == core.ActorToken {
		say = `the token "` + me.Name + `"`
	}
	if len(what) > 0 {
		say += " (" + strings.Join(what, ", ") + ")"
	}
	return say
}

type logoutCmd struct {
	Name string `arg:"" optional:"" complete:"server" help:"Which server. Default: the current one."`
}

func (c logoutCmd) Run(s *session) error {
	all, err := s.loadServers()
	if err != nil {
		return err
	}
	name := or(c.Name, s.Server, all.Current)
	if _, known := all.Servers[name]; !known {
		return absent("You are not signed in to a server named %q.", name)
	}
	delete(all.Servers, name)
	if all.Current == name {
		all.Current = ""
		if len(all.Servers) == 1 {
			all.Current = slices.Collect(maps.Keys(all.Servers))[0]
		}
	}
	if err := s.save(all); err != nil {
		return err
	}
	return s.say("The token for %s is forgotten here. To make it useless everywhere, revoke it in the portal under Access tokens.", name)
}

type serversCmd struct {
	Use string `placeholder:"NAME" complete:"server" help:"Make this server the current one."`
}

func (c serversCmd) Run(s *session) error {
	all, err := s.loadServers()
	if err != nil {
		return err
	}
	if c.Use != "" {
		if _, known := all.Servers[c.Use]; !known {
			return absent("You are not signed in to a server named %q. Sign in: berth login URL --as NAME", c.Use)
		}
		all.Current = c.Use
		if err := s.save(all); err != nil {
			return err
		}
	}
	type entry struct {
		Name    string `json:"name"`
		URL     string `json:"url"`
		Current bool   `json:"current"`
	}
	entries := []entry{}
	for _, name := range slices.Sorted(maps.Keys(all.Servers)) {
		entries = append(entries, entry{name, all.Servers[name].URL, name == all.Current})
	}
	return rows(s, listOf(entries), entries, "You are signed in nowhere. Begin with: berth login URL",
		[]string{"SERVER", "URL", "CURRENT"}, func(e entry) []string {
			return []string{e.Name, e.URL, map[bool]string{true: "yes"}[e.Current]}
		})
}

type whoamiCmd struct{}

func (whoamiCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	me, err := api.Me(s.ctx)
	if err != nil {
		return err
	}
	return s.answer(me.JSON, func() error {
		apps := ""
		if me.Value.Apps != nil {
			apps = strings.Join(me.Value.Apps, ", ")
		}
		return pairs(s.stdout, "server", api.Address(), "name", describe(me.Value), "scope", string(me.Value.Scope), "apps", apps)
	})
}
