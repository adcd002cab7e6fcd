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

// newRuleset makes rules ready; before are those of the same app that are in force.
func newRuleset(r core.Rules, key [sha256.Size]byte, before []*ruleset) *ruleset {
	s := &ruleset{source: r, key: key, deny: newNetworks(r.Deny), allow: newNetworks(r.Allow),
		request: newRewrite(r.RequestHeaders), response: newRewrite(r.ResponseHeaders)}
	if r.Maintenance.On {
		s.maintenance = &maintenance{r.Maintenance.Text, newNetworks(r.Maintenance.Allow)}
	}
	s.limit = limiterOf(r.Rate, before)
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
func (a *app) share(r *core.Rules) *ruleset {
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
		a.rules = append(a.rules, newRuleset(*r, key, a.rules))
	}
	a.rules[at].routes++
	return a.rules[at]
}

// unshare ends what share began. Only the watch calls it.
func (a *app) unshare(s *ruleset) {
	if s == nil {
		return
	}
	if s.routes--; s.routes == 0 {
		a.rules = slices.DeleteFunc(a.rules, func(other *ruleset) bool { return other == s })
	}
}
