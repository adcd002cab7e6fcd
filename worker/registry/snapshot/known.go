package snapshot

import (
	"encoding/json"
	"maps"
	"unique"

	"berth/core"
)

// The kinds of entries, as their lines in the file begin.
const (
	kindApp         = 'a'
	kindRoute       = 'r'
	kindTCP         = 't'
	kindCertificate = 'c'
	kindChallenge   = 'h'
)

const kinds = "arthc"

// known is everything that the registry told last, by kind and name.
type known map[byte]map[string]entry

// entry is JSON, which is the smallest to keep. The rules of a route are most of it, and the same for many: they are
// kept once.
type entry struct {
	text  string
	rules unique.Handle[string]
}

var noRules = unique.Make("")

// appendTo appends the whole of it.
func (e entry) appendTo(dst []byte) []byte {
	if e.rules == noRules {
		return append(dst, e.text...)
	}
	dst = append(append(dst, e.text[:len(e.text)-1]...), `,"rules":`...)
	return append(append(dst, e.rules.Value()...), '}')
}

func newKnown() known {
	k := known{}
	for _, kind := range []byte(kinds) {
		k[kind] = map[string]entry{}
	}
	return k
}

// take applies a change and reports whether anything is another than before.
func (k known) take(c core.RegistryChange) bool {
	before := k
	if c.Reset {
		before = known{}
		for kind, all := range k {
			before[kind] = all
			k[kind] = make(map[string]entry, len(all))
		}
	}
	differs := false
	for app, addresses := range c.Apps {
		if len(addresses) == 0 {
			differs = k.drop(kindApp, app) || differs
		} else {
			differs = k.put(before, kindApp, app, addresses) || differs
		}
	}
	for _, r := range c.Routes {
		rules := noRules
		if r.Rules != nil {
			rules = unique.Make(encoded(r.Rules))
			r.Rules = nil
		}
		differs = k.keep(before, kindRoute, r.Domain, entry{encoded(r), rules}) || differs
	}
	for _, r := range c.TCPRoutes {
		differs = k.put(before, kindTCP, r.ID(), r) || differs
	}
	for _, cert := range c.Certificates {
		differs = k.put(before, kindCertificate, cert.ID, cert) || differs
	}
	for _, ch := range c.Challenges {
		differs = k.put(before, kindChallenge, ch.Token, ch) || differs
	}
	differs = k.dropAll(c) || differs
	return differs || c.Reset && k.size() != before.size()
}

func (k known) dropAll(c core.RegistryChange) (differs bool) {
	for kind, names := range map[byte][]string{kindRoute: c.RemovedRoutes, kindTCP: c.RemovedTCPRoutes,
		kindCertificate: c.RemovedCertificates, kindChallenge: c.RemovedChallenges} {
		for _, name := range names {
			differs = k.drop(kind, name) || differs
		}
	}
	return differs
}

func (k known) put(before known, kind byte, name string, v any) bool {
	return k.keep(before, kind, name, entry{encoded(v), noRules})
}

func (k known) keep(before known, kind byte, name string, e entry) bool {
	old, ok := before[kind][name]
	k[kind][name] = e
	return !ok || old != e
}

func encoded(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came out of JSON
	}
	return string(data)
}

func (k known) drop(kind byte, name string) bool {
	_, ok := k[kind][name]
	delete(k[kind], name)
	return ok
}

func (k known) clone() known {
	c := known{}
	for kind, all := range k {
		c[kind] = maps.Clone(all)
	}
	return c
}

func (k known) size() (n int) {
	for _, all := range k {
		n += len(all)
	}
	return n
}

// add reads one entry of a file into a change.
func add(c *core.RegistryChange, kind byte, data []byte) error {
	switch kind {
	case kindApp:
		var all []core.Address
		if err := json.Unmarshal(data, &all); err != nil || len(all) == 0 {
			return err
		}
		c.Apps[all[0].AppID] = all
		return nil
	case kindRoute:
		return addTo(&c.Routes, data)
	case kindTCP:
		return addTo(&c.TCPRoutes, data)
	case kindCertificate:
		return addTo(&c.Certificates, data)
	case kindChallenge:
		return addTo(&c.Challenges, data)
	}
	return errKind
}

func addTo[T any](all *[]T, data []byte) error {
	var v T
	err := json.Unmarshal(data, &v)
	*all = append(*all, v)
	return err
}
