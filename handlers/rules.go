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
	for _, r := range []Rules{baseRules, apiRules, besideRules, tenantRules, profileRules, quotaRules, draftRules, supportRules, auditRules, tokenRules, drainRules, rolloutRules, domainRules, portRules, scalingRules, alertRules} {
		maps.Copy(all, r)
	}
	maps.Copy(all, trafficRules)
	maps.Copy(all, diagnosisRules)
	return all
}

// baseRules are those of pages and live parts.
var baseRules = Rules{
	"GET /sign-in":        Anybody,
	"POST /sign-in":       Anybody,
	"POST /sign-out":      Anybody,
	"GET /setup/:secret":  Anybody,
	"POST /setup/:secret": Anybody,
	"POST /preferences":   Anybody,

	"GET /":                      core.ActView,
	"GET /live":                  core.ActView,
	"GET /activity":              core.ActView,
	"GET /operations/:operation": core.ActView,
	"GET /operations/:id/live":   core.ActView,

	"GET /new":                        core.ActCreate,
	"GET /new/upload":                 core.ActCreate,
	"POST /new/upload":                core.ActCreate,
	"GET /new/upload/:upload":         core.ActCreate,
	"GET /new/upload/:upload/state":   core.ActInspect,
	"GET /new/upload/:upload/name":    core.ActCreate,
	"POST /new/upload/:upload/name":   core.ActCreate,
	"POST /new/upload/:upload/cancel": core.ActDeploy,
	"GET /new/image":                  core.ActCreate,
	"POST /new/image":                 core.ActCreate,
	"GET /new/database":               core.ActCreate,
	"GET /new/database/:entry":        core.ActCreate,
	"POST /new/database/:entry":       core.ActCreate,
	"GET /new/address":                SignedIn,

	"GET /apps/:app":                         core.ActView,
	"GET /apps/:app/live":                    core.ActView,
	"GET /apps/:app/head":                    core.ActView,
	"GET /apps/:app/activity":                core.ActView,
	"GET /apps/:app/metrics":                 core.ActInspect,
	"GET /apps/:app/logs":                    core.ActLogs,
	"GET /apps/:app/logs/socket":             core.ActLogs,
	"GET /apps/:app/logs/lines":              core.ActLogs,
	"GET /apps/:app/logs/marks":              core.ActLogs,
	"GET /apps/:app/logs/file":               core.ActLogs,
	"GET /apps/:app/versions":                core.ActInspect,
	"GET /apps/:app/versions/live":           core.ActInspect,
	"GET /apps/:app/settings":                core.ActInspect,
	"GET /apps/:app/connection":              core.ActInspect,
	"POST /apps/:app/connection/credentials": core.ActCredentials,
	"POST /apps/:app/start":                  core.ActDeploy,
	"POST /apps/:app/stop":                   core.ActDeploy,
	"POST /apps/:app/restart":                core.ActDeploy,
	"POST /apps/:app/scale":                  core.ActDeploy,
	"GET /apps/:app/delete":                  core.ActDelete,
	"POST /apps/:app/delete":                 core.ActDelete,
	"GET /apps/:app/versions/new":            core.ActDeploy,
	"POST /apps/:app/versions/new/image":     core.ActDeploy,
	"GET /apps/:app/versions/new/:upload":    core.ActDeploy,
	"POST /apps/:app/versions/new/:upload":   core.ActDeploy,
	"POST /apps/:app/versions/:label/delete": core.ActDeploy,
	"GET /apps/:app/deploy":                  core.ActDeploy,
	"POST /apps/:app/deploy":                 core.ActDeploy,
	"POST /apps/:app/rollback":               core.ActDeploy,
	"GET /apps/:app/releases/:release":       core.ActInspect,
	"POST /apps/:app/settings":               core.ActDeploy,
	"POST /apps/:app/settings/name":          core.ActDeploy,

	"GET /hosts/:host":            core.ActOperate,
	"GET /hosts":                  core.ActOperate,
	"POST /hosts/collect-garbage": core.ActOperate,
}

// apiRules are those of the API that no other file has.
var apiRules = Rules{
	"GET /api/v1/openapi.yaml": Anybody,

	"GET /api/v1/tenants":         SignedIn,
	"POST /api/v1/tenants":        core.ActOperate,
	"GET /api/v1/tenants/:tenant": core.ActView,

	"GET /api/v1/apps":                           core.ActView,
	"POST /api/v1/apps":                          core.ActCreate,
	"GET /api/v1/apps/:app":                      core.ActView,
	"PATCH /api/v1/apps/:app":                    core.ActDeploy,
	"DELETE /api/v1/apps/:app":                   core.ActDelete,
	"POST /api/v1/apps/:app/stop":                core.ActDeploy,
	"POST /api/v1/apps/:app/start":               core.ActDeploy,
	"POST /api/v1/apps/:app/restart":             core.ActDeploy,
	"GET /api/v1/apps/:app/traffic":              core.ActInspect,
	"GET /api/v1/apps/:app/metrics":              core.ActInspect,
	"GET /api/v1/hosts/:host/metrics":            core.ActOperate,
	"GET /api/v1/apps/:app/connection":           core.ActCredentials,
	"GET /api/v1/apps/:app/events":               core.ActView,
	"GET /api/v1/apps/:app/logs":                 core.ActLogs,
	"GET /api/v1/apps/:app/versions":             core.ActInspect,
	"POST /api/v1/apps/:app/versions":            core.ActDeploy,
	"GET /api/v1/apps/:app/versions/:version":    core.ActInspect,
	"DELETE /api/v1/apps/:app/versions/:version": core.ActDeploy,
	"GET /api/v1/apps/:app/releases":             core.ActInspect,
	"POST /api/v1/apps/:app/releases":            core.ActDeploy,
	"GET /api/v1/apps/:app/releases/:release":    core.ActInspect,
	"POST /api/v1/apps/:app/rollback":            core.ActDeploy,
	"GET /api/v1/apps/:app/operations":           core.ActView,
	"GET /api/v1/operations/:operation":          core.ActView,
	"GET /api/v1/tenants/:tenant/uploads":        core.ActInspect,
	"GET /api/v1/uploads/:upload":                core.ActInspect,
	"DELETE /api/v1/uploads/:upload":             core.ActDeploy,
	"GET /api/v1/addresses/:id":                  SignedIn,
	"GET /api/v1/catalog":                        SignedIn,
	"GET /api/v1/hosts":                          core.ActOperate,
	"POST /api/v1/garbage-collection":            core.ActOperate,
}

// besideRules are those of what package web serves by itself: the image registry, uploads, health.
var besideRules = Rules{
	"GET /healthz":  Anybody,
	"GET /readyz":   Anybody,
	"GET /metrics":  Anybody, // on this machine; from elsewhere it takes ActOperate, unless metrics-open is on
	"GET /static/*": Anybody,

	"GET /v2":      SignedIn,
	"HEAD /v2":     SignedIn,
	"GET /v2/*":    core.ActInspect,
	"HEAD /v2/*":   core.ActInspect,
	"POST /v2/*":   core.ActDeploy,
	"PUT /v2/*":    core.ActDeploy,
	"PATCH /v2/*":  core.ActDeploy,
	"DELETE /v2/*": core.ActDeploy,

	"POST /uploads/*":   core.ActCreate,
	"HEAD /uploads/*":   core.ActInspect,
	"PATCH /uploads/*":  core.ActDeploy,
	"DELETE /uploads/*": core.ActDeploy,
}
