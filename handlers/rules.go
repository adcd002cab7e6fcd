package handlers

import (
	"maps"

	"berth/core"
)

// Rules say by route ("GET /apps/:app"; those of the API begin with /api/v1) which action it takes to call it. The
// service authorises by itself; the rules are what a walk over all routes as everybody compares its answers with.
type Rules map[string]core.Action

// Beside the actions of core a rule may be one of these.
const (
	Anybody  core.Action = "anybody"   // also nobody
	SignedIn core.Action = "signed in" // about oneself alone, or a list of what one may see
	Oneself  core.Action = "oneself"   // about a person's own account: that person, or a token of theirs that keeps everything
)

// AllRules returns the rules of every route.
func AllRules() Rules {
	all := Rules{}
	for _, r := range []Rules{baseRules, tenantRules, profileRules, quotaRules, supportRules, auditRules, tokenRules} {
		maps.Copy(all, r)
	}
	return all
}

var baseRules = Rules{}
