package cli

import (
	"slices"
	"time"

	"berth/web/client"
)

// searches reports whether kept lines are looked for, instead of reading what the engine has.
func (c logsCmd) searches() bool { return c.Search != "" || c.Level != "" }

// search shows the newest lines that match, the oldest of them first.
func (c logsCmd) search(s *session, api *client.Client, instance string, from time.Time, tail int) error {
	if c.Follow {
		return usage("--search and --level are for lines that are kept; leave out --follow.")
	}
	if c.Since != "" && from.IsZero() {
		return usage("With --search or --level, --since is a time that has passed, such as 10m.")
	}
	if tail == 0 {
		return usage("--search shows one line at least; give --tail from 1 to %d.", mostTail)
	}
	found, err := api.SearchLogs(s.ctx, c.App, client.LogSearch{Words: c.Search, Level: c.Level, Instance: instance, From: from, Most: tail})
	if err != nil {
		return err
	}
	if s.JSON {
		return s.line(found.JSON)
	}
	p := linePrinter{s: s, colours: s.colours(s.stdout), screen: isTerminal(s.stdout)}
	for _, l := range slices.Backward(found.Value.Items) {
		if err := p.show(l); err != nil {
			return err
		}
	}
	if len(found.Value.Items) == 0 {
		s.note("No line matches.")
	}
	return nil
}
