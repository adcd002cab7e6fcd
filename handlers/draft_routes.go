package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// DraftService is what is asked of core/service about staged changes.
type DraftService interface {
	Draft(ctx context.Context, appID string) (core.DraftView, error) // ENOTFOUND when nothing is staged
	Stage(ctx context.Context, appID string, in core.NewRelease, afresh bool) (core.DraftView, error)
	Unstage(ctx context.Context, appID, what, name string) error
	DiscardDraft(ctx context.Context, appID string) error
	ReleaseDraft(ctx context.Context, appID string, on int, in core.NewRelease) (core.Release, core.Operation, error)
	VersionMemory(ctx context.Context, appID string) (map[string]core.Bytes, error)
	CheckDraft(ctx context.Context, appID string) (core.QuotaCheck, error)
}

func (h *Handlers) draftPages(g *echo.Group) {
	g.GET(paths.Draft(":app"), h.draftPage)
	g.POST(paths.ReleaseDraft(":app"), h.releaseDraft)
	g.POST(paths.DiscardDraft(":app"), h.discardDraft)
	g.POST(paths.Unstage(":app"), h.unstage)
	g.GET(paths.Rules(":app"), h.rulesPage)
	g.POST(paths.Rules(":app"), h.saveRules)
	g.POST(paths.Trial(":app"), h.changeTrial)
	g.POST(paths.Switch(":app"), h.switchRelease)
}

func (h *Handlers) draftAPI(g *echo.Group) {
	g.GET("/apps/:app/draft", h.apiDraft)
	g.PUT("/apps/:app/draft", h.apiStage)
	g.DELETE("/apps/:app/draft", h.apiDiscardDraft)
	g.POST("/apps/:app/draft/release", h.apiReleaseDraft)
}

// draftRules are those of staged changes.
var draftRules = Rules{
	"GET /apps/:app/draft":          core.ActDeploy,
	"POST /apps/:app/draft/release": core.ActDeploy,
	"POST /apps/:app/draft/discard": core.ActDeploy,
	"POST /apps/:app/draft/unstage": core.ActDeploy,
	"GET /apps/:app/rules":          core.ActInspect,
	"POST /apps/:app/rules":         core.ActDeploy,
	"POST /apps/:app/trial":         core.ActDeploy,
	"POST /apps/:app/switch":        core.ActDeploy,

	"GET /api/v1/apps/:app/draft":          core.ActInspect,
	"PUT /api/v1/apps/:app/draft":          core.ActDeploy,
	"DELETE /api/v1/apps/:app/draft":       core.ActDeploy,
	"POST /api/v1/apps/:app/draft/release": core.ActDeploy,
}
