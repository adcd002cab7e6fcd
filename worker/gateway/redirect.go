package gateway

import (
	"cmp"
	"strings"

	"berth/core"
)

// moved answers the requests below a path with another address.
type moved struct {
	from, to, query string // from without a slash at its end; query of to, with its question mark
	status          int
}

func newMoved(rules []core.Redirect) []moved {
	var made []moved
	for _, r := range rules {
		to, query, found := strings.Cut(r.To, "?")
		if found {
			query = "?" + query
		}
		made = append(made, moved{strings.TrimSuffix(r.From, "/"), to, query, cmp.Or(r.Status, 302)})
	}
	return made
}

// findMoved returns the status and the line of the first that matches, 0 for none.
func findMoved(rules []moved, target []byte) (status int, line string) {
	path := pathOf(target)
	for i := range rules {
		if n := prefixLength(path, rules[i].from); n >= 0 {
			return rules[i].status, "Location: " + rules[i].location(string(path[n:]), string(target[len(path):])) + "\r\n"
		}
	}
	return 0, ""
}

// location appends the rest of the path. What follows a redirect to a path never names another host, however many
// slashes are in the rest.
func (m *moved) location(rest, query string) string {
	to := m.to
	if rest != "" {
		to = strings.TrimSuffix(to, "/") + "/" + strings.TrimLeft(rest, `/\`)
	}
	if m.query != "" && strings.HasPrefix(query, "?") {
		query = m.query + "&" + query[1:]
	} else if m.query != "" {
		query = m.query + query
	}
	return to + query
}
