package handlers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/rules"
	"berth/views/ui"
)

// typedRules keeps what was typed into the form of the rules.
func typedRules(c echo.Context) ui.Form {
	f := ui.NewForm()
	for _, name := range append([]string{"maintenance.on", "compress", "affinity", "sticky_version"}, rules.Inputs...) {
		f.Values[name] = c.FormValue(name)
	}
	return f
}

// rulesInput reads the form. Errors: EINVALID with every fault.
func rulesInput(c echo.Context) (core.NewRelease, error) {
	var f core.Faults
	number := func(name string) int { return numberInput(c, &f, name) }
	duration := func(name string) core.Duration { return durationInput(c, &f, name) }
	on := func(name string) bool { return c.FormValue(name) == "on" }
	r := core.Rules{
		Allow: linesOf(c.FormValue("allow")), Deny: linesOf(c.FormValue("deny")),
		Rate:           core.RateLimit{Requests: number("rate.requests"), Per: duration("rate.per"), Burst: number("rate.burst")},
		Maintenance:    core.Maintenance{On: on("maintenance.on"), Text: plainText(c.FormValue("maintenance.text")), Allow: linesOf(c.FormValue("maintenance.allow"))},
		RequestHeaders: headersInput(c, &f, "request_headers"), ResponseHeaders: headersInput(c, &f, "response_headers"),
		ResponseTimeout: duration("response_timeout"), IdleTimeout: duration("idle_timeout"),
		Paths: typedPaths(c), Redirects: redirectsInput(c, &f),
		Compress: on("compress"), Affinity: on("affinity"),
		Protocol: core.Protocol(c.FormValue("protocol")), Balance: core.Balance(c.FormValue("balance")),
		Eject:         core.Ejection{Failures: number("eject.failures"), For: duration("eject.for"), Return: duration("eject.return")},
		StickyVersion: on("sticky_version"), VersionHeader: strings.TrimSpace(c.FormValue("version_header")),
	}
	if text := strings.TrimSpace(c.FormValue("max_body")); text != "" {
		var err error
		r.MaxBody, err = core.ParseBytes(text)
		f.Merge("rules.max_body", err)
	}
	in := core.NewRelease{Rules: &r, Passwords: map[string]string{}}
	for _, u := range typedUsers(c) {
		r.Auth = append(r.Auth, core.BasicUser{Name: u.name})
		if u.password != "" {
			in.Passwords[u.name] = u.password
		}
	}
	return in, f.Err()
}

type typedUser struct{ name, password string }

// typedUsers are the rows with a name; one whose name was taken away is gone.
func typedUsers(c echo.Context) []typedUser {
	form := c.Request().PostForm
	names, passwords := form["auth.name"], form["auth.password"]
	var users []typedUser
	for i := range min(len(names), len(passwords)) {
		if name := strings.TrimSpace(names[i]); name != "" || passwords[i] != "" {
			users = append(users, typedUser{name, passwords[i]})
		}
	}
	return users
}

// typedPaths are the rows in which anything was said. A switch sends the number of its row.
func typedPaths(c echo.Context) []core.PathRule {
	form := c.Request().PostForm
	prefixes, apps := form["paths.prefix"], form["paths.app"]
	var list []core.PathRule
	for i := range min(len(prefixes), len(apps)) {
		p := core.PathRule{Prefix: strings.TrimSpace(prefixes[i]), AppID: apps[i], Strip: slices.Contains(form["paths.strip"], strconv.Itoa(i))}
		if p.Prefix != "" || p.AppID != "" {
			list = append(list, p)
		}
	}
	return list
}

func numberInput(c echo.Context, f *core.Faults, name string) int {
	text := strings.TrimSpace(c.FormValue(name))
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		f.Add("rules."+name, "error.number_range", "min", "0", "max", "1000000")
	}
	return n
}

// durationInput is formDuration of a rule.
func durationInput(c echo.Context, f *core.Faults, name string) core.Duration {
	d, err := readDuration(c.FormValue(name))
	f.Merge("rules."+name, err)
	return d
}

// headersInput reads a header field a line, "Name: value"; without a value it is taken away.
func headersInput(c echo.Context, f *core.Faults, name string) []core.HeaderRule {
	var list []core.HeaderRule
	for _, line := range linesOf(c.FormValue(name)) {
		field, value, ok := strings.Cut(line, ":")
		if !ok {
			f.Add("rules."+name, "rules.error.header_line", "line", line)
			return nil
		}
		list = append(list, core.HeaderRule{Name: strings.TrimSpace(field), Value: strings.TrimSpace(value)})
	}
	return list
}

// redirectsInput reads a redirect a line: "/old /new", with a status behind it or without.
func redirectsInput(c echo.Context, f *core.Faults) []core.Redirect {
	var list []core.Redirect
	for _, line := range linesOf(c.FormValue("redirects")) {
		words := strings.Fields(line)
		if len(words) != 2 && len(words) != 3 {
			f.Add("rules.redirects", "rules.error.redirect_line", "line", line)
			return nil
		}
		r := core.Redirect{From: words[0], To: words[1]}
		if len(words) == 3 {
			status, err := strconv.Atoi(words[2])
			if err != nil {
				f.Add("rules.redirects", "rules.error.redirect_line", "line", line)
				return nil
			}
			r.Status = status
		}
		list = append(list, r)
	}
	return list
}

// linesOf are the lines in which anything stands.
func linesOf(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// plainText ends lines as everybody but a browser does.
func plainText(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

func lines(list []string) string { return strings.Join(list, "\n") }

func headerLines(list []core.HeaderRule) string {
	text := make([]string, len(list))
	for i, h := range list {
		text[i] = strings.TrimSpace(h.Name + ": " + h.Value)
	}
	return lines(text)
}

func redirectLines(list []core.Redirect) string {
	text := make([]string, len(list))
	for i, r := range list {
		text[i] = r.From + " " + r.To
		if r.Status != 0 {
			text[i] += " " + strconv.Itoa(r.Status)
		}
	}
	return lines(text)
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// durationText is "2m" where time.Duration says "2m0s".
func durationText(d core.Duration) string {
	if d == 0 {
		return ""
	}
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}
