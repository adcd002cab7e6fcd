package gateway

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"berth/core"
)

// ruleset is an app's core.Rules, made ready. It is never changed, but replaced; what it counts lives on in the next
// one if that counts the same. The routes of an app with equal rules share one, and a route without rules has nil.
type ruleset struct {
	source core.Rules
	key    [sha256.Size]byte
	routes int // that have it; the watch's own

	door     *door
	moved    []moved
	paths    []pathRule
	eject    ejection
	choice   choice
	balance  core.Balance
	compress bool
	squeezed *rewrite // instead of response, for what is compressed
	maxBody  int64
	patience time.Duration // for the head of a response; 0 for the gateway's own
	silence  time.Duration // between two pieces; 0 for the gateway's own

	deny, allow *networks
	limit       *limiter
	maintenance *maintenance
	request     *rewrite // of header fields on their way to the instance
	response    *rewrite
}

type maintenance struct {
	text   string
	passes *networks
}

// newRuleset makes an app's rules ready.
func (t *table) newRuleset(a *app, r core.Rules, key [sha256.Size]byte) *ruleset {
	s := &ruleset{source: r, key: key, deny: newNetworks(r.Deny), allow: newNetworks(r.Allow),
		request: newRewrite(r.RequestHeaders), response: newRewrite(r.ResponseHeaders),
		maxBody: int64(r.MaxBody), patience: time.Duration(r.ResponseTimeout), silence: time.Duration(r.IdleTimeout)}
	if r.Maintenance.On {
		s.maintenance = &maintenance{r.Maintenance.Text, newNetworks(r.Maintenance.Allow)}
	}
	s.eject, s.choice, s.balance = newEjection(r.Eject), newChoice(r, a.id), r.Balance
	if s.compress = r.Compress; s.compress {
		s.squeezed = newSqueezed(s.response)
	}
	s.limit = limiterOf(r.Rate, a.rules)
	if s.door = newDoor(r.Auth, a.id, t.comparing, a.rules); s.door != nil {
		s.request = s.request.without("Authorization")
	}
	s.moved = newMoved(r.Redirects)
	s.paths = newPathRules(r.Paths, t.ensureApp)
	for _, p := range s.paths {
		p.app.led++
	}
	return s
}

func limiterOf(r core.RateLimit, before []*ruleset) *limiter {
	if r.Requests <= 0 {
		return nil
	}
	for _, b := range before {
		if b.source.Rate == r {
			return b.limit
		}
	}
	return newLimiter(r.Requests, cmp.Or(time.Duration(r.Per), time.Second), cmp.Or(r.Burst, r.Requests))
}

// share returns the ruleset of a route that is to have rules, and counts the route. Only the watch calls it.
func (t *table) share(a *app, r *core.Rules) *ruleset {
	if r == nil {
		return nil
	}
	data, err := json.Marshal(r)
	if err != nil {
		panic(err) // core.Rules always marshal
	}
	key := sha256.Sum256(data)
	at := slices.IndexFunc(a.rules, func(s *ruleset) bool { return s.key == key })
	if at < 0 {
		at = len(a.rules)
		a.rules = append(a.rules, t.newRuleset(a, *r, key))
	}
	a.rules[at].routes++
	return a.rules[at]
}

// unshare ends what share began. Only the watch calls it.
func (t *table) unshare(a *app, s *ruleset) {
	if s == nil {
		return
	}
	if s.routes--; s.routes == 0 {
		a.rules = slices.DeleteFunc(a.rules, func(other *ruleset) bool { return other == s })
		for _, p := range s.paths {
			p.app.led--
			t.dropUnused(p.app)
		}
	}
}
