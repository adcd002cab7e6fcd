package core

// rules says what differs in what the gateway does. Passwords are named by their users.
func (d *differ) rules(before, after Rules) {
	d.set("rules.allow", before.Allow, after.Allow)
	d.set("rules.deny", before.Deny, after.Deny)
	d.entries("rules.auth", users(before.Auth), users(after.Auth))
	d.text("rules.rate.requests", number(before.Rate.Requests), number(after.Rate.Requests))
	d.text("rules.rate.per", duration(before.Rate.Per), duration(after.Rate.Per))
	d.text("rules.rate.burst", number(before.Rate.Burst), number(after.Rate.Burst))
	d.flag("rules.maintenance.on", before.Maintenance.On, after.Maintenance.On)
	d.text("rules.maintenance.text", before.Maintenance.Text, after.Maintenance.Text)
	d.set("rules.maintenance.allow", before.Maintenance.Allow, after.Maintenance.Allow)
	d.entries("rules.request_headers", headers(before.RequestHeaders), headers(after.RequestHeaders))
	d.entries("rules.response_headers", headers(before.ResponseHeaders), headers(after.ResponseHeaders))
	d.text("rules.max_body", size(before.MaxBody), size(after.MaxBody))
	d.text("rules.response_timeout", duration(before.ResponseTimeout), duration(after.ResponseTimeout))
	d.text("rules.idle_timeout", duration(before.IdleTimeout), duration(after.IdleTimeout))
	d.flag("rules.compress", before.Compress, after.Compress)
	d.entries("rules.paths", prefixes(before.Paths), prefixes(after.Paths))
	d.entries("rules.redirects", redirects(before.Redirects), redirects(after.Redirects))
	d.choice(before, after)
}

func (d *differ) choice(before, after Rules) {
	d.text("rules.protocol", orWord(string(before.Protocol), "http1"), orWord(string(after.Protocol), "http1"))
	d.text("rules.balance", orWord(string(before.Balance), "turns"), orWord(string(after.Balance), "turns"))
	d.flag("rules.affinity", before.Affinity, after.Affinity)
	d.text("rules.eject.failures", number(before.Eject.Failures), number(after.Eject.Failures))
	d.text("rules.eject.for", duration(before.Eject.For), duration(after.Eject.For))
	d.text("rules.eject.return", duration(before.Eject.Return), duration(after.Eject.Return))
	d.flag("rules.sticky_version", before.StickyVersion, after.StickyVersion)
	d.text("rules.version_header", before.VersionHeader, after.VersionHeader)
}

func orWord(s, zero string) string {
	if s == "" {
		return zero
	}
	return s
}

func (d *differ) flag(what string, before, after bool) {
	word := map[bool]string{false: "off", true: "on"}
	d.text(what, word[before], word[after])
}

func users(list []BasicUser) []entry {
	entries := make([]entry, len(list))
	for i, u := range list {
		entries[i] = entry{u.Name, u.Hash, true}
	}
	return entries
}

func headers(list []HeaderRule) []entry {
	entries := make([]entry, len(list))
	for i, h := range list {
		entries[i] = entry{name: h.Name, value: h.Value}
	}
	return entries
}

func prefixes(list []PathRule) []entry {
	entries := make([]entry, len(list))
	for i, p := range list {
		entries[i] = entry{name: p.Prefix, value: p.AppID}
		if p.Strip {
			entries[i].value += " /"
		}
	}
	return entries
}

func redirects(list []Redirect) []entry {
	entries := make([]entry, len(list))
	for i, r := range list {
		entries[i] = entry{name: r.From, value: r.To}
		if r.Status != 0 {
			entries[i].value = itoa(r.Status) + " " + r.To
		}
	}
	return entries
}
