package core

// rules says what differs in what the gateway does. Passwords are named by their users.
func (d *differ) rules(before, after Rules) {
	d.set("rules.allow", before.Allow, after.Allow)
	d.set("rules.deny", before.Deny, after.Deny)
	d.users(before.Auth, after.Auth)
	d.text("rules.rate.requests", number(before.Rate.Requests), number(after.Rate.Requests))
	d.text("rules.rate.per", duration(before.Rate.Per), duration(after.Rate.Per))
	d.text("rules.rate.burst", number(before.Rate.Burst), number(after.Rate.Burst))
	d.flag("rules.maintenance.on", before.Maintenance.On, after.Maintenance.On)
	d.text("rules.maintenance.text", before.Maintenance.Text, after.Maintenance.Text)
	d.set("rules.maintenance.allow", before.Maintenance.Allow, after.Maintenance.Allow)
	d.pairs("rules.request_headers", headers(before.RequestHeaders), headers(after.RequestHeaders))
	d.pairs("rules.response_headers", headers(before.ResponseHeaders), headers(after.ResponseHeaders))
	d.text("rules.max_body", size(before.MaxBody), size(after.MaxBody))
	d.text("rules.response_timeout", duration(before.ResponseTimeout), duration(after.ResponseTimeout))
	d.text("rules.idle_timeout", duration(before.IdleTimeout), duration(after.IdleTimeout))
	d.flag("rules.compress", before.Compress, after.Compress)
	d.pairs("rules.paths", prefixes(before.Paths), prefixes(after.Paths))
	d.pairs("rules.redirects", redirects(before.Redirects), redirects(after.Redirects))
	d.choice(before, after)
}

func (d *differ) choice(before, after Rules) {
	if before.Protocol != after.Protocol {
		d.named("rules.protocol", "", orWord(string(before.Protocol), "http1"), orWord(string(after.Protocol), "http1"))
	}
	if before.Balance != after.Balance {
		d.named("rules.balance", "", orWord(string(before.Balance), "turns"), orWord(string(after.Balance), "turns"))
	}
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

func (d *differ) users(before, after []BasicUser) {
	hashes := map[string]string{}
	for _, u := range before {
		hashes[u.Name] = u.Hash
	}
	for _, u := range after {
		hash, was := hashes[u.Name]
		delete(hashes, u.Name)
		switch {
		case !was:
			d.add(Difference{What: "rules.auth", Name: u.Name, Kind: DiffAdded, Secret: true})
		case hash != u.Hash:
			d.add(Difference{What: "rules.auth", Name: u.Name, Kind: DiffChanged, Secret: true})
		}
	}
	for _, u := range before {
		if _, gone := hashes[u.Name]; gone {
			d.add(Difference{What: "rules.auth", Name: u.Name, Kind: DiffRemoved, Secret: true})
		}
	}
}

// pair is an entry of a list that is known by its name.
type pair struct{ name, value string }

func (d *differ) pairs(what string, before, after []pair) {
	was := map[string]string{}
	for _, p := range before {
		was[p.name] = p.value
	}
	for _, p := range after {
		value, known := was[p.name]
		delete(was, p.name)
		switch {
		case !known:
			d.add(Difference{What: what, Name: p.name, Kind: DiffAdded, After: p.value})
		case value != p.value:
			d.add(Difference{What: what, Name: p.name, Kind: DiffChanged, Before: value, After: p.value})
		}
	}
	for _, p := range before {
		if value, gone := was[p.name]; gone {
			d.add(Difference{What: what, Name: p.name, Kind: DiffRemoved, Before: value})
			delete(was, p.name)
		}
	}
}

func headers(list []HeaderRule) []pair {
	pairs := make([]pair, len(list))
	for i, h := range list {
		pairs[i] = pair{h.Name, h.Value}
	}
	return pairs
}

func prefixes(list []PathRule) []pair {
	pairs := make([]pair, len(list))
	for i, p := range list {
		pairs[i] = pair{p.Prefix, p.AppID}
		if p.Strip {
			pairs[i].value += " /"
		}
	}
	return pairs
}

func redirects(list []Redirect) []pair {
	pairs := make([]pair, len(list))
	for i, r := range list {
		pairs[i] = pair{r.From, r.To}
		if r.Status != 0 {
			pairs[i].value = itoa(r.Status) + " " + r.To
		}
	}
	return pairs
}
