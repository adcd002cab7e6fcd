package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// ProfileService is what is asked of core/service about what people do with their own account, and signing in.
type ProfileService interface {
	SignIn(ctx context.Context, email, password, peer string) (core.SignedIn, error)      // EUNAUTHORIZED, ETOOMANY
	SignInCode(ctx context.Context, ticket, code, peer string) (core.User, error)         // EGONE, EUNAUTHORIZED, ETOOMANY
	SignInWith(ctx context.Context, c core.Claims, peer string) (core.User, error)        // EFORBIDDEN
	SignedOut(ctx context.Context) error                                                  // after the session has ended
	MailEnabled() bool                                                                    // without it nothing is mailed
	RequestReset(ctx context.Context, email, peer string, link func(string) string) error // the same for known and unknown
	CheckReset(ctx context.Context, secret string) (email string, err error)              // EGONE
	ResetPassword(ctx context.Context, secret, password string) error                     // EGONE, EINVALID
	UpdateProfile(ctx context.Context, in core.ProfileUpdate) (core.User, error)          // EINVALID
	HasPassword(ctx context.Context) (bool, error)                                        // not everybody whom a provider brought
	ChangePassword(ctx context.Context, present, password, keep string) error             // EINVALID, ETOOMANY
	Sessions(ctx context.Context) ([]core.Session, error)                                 // of the person who asks
	EndSession(ctx context.Context, id string) error                                      // ENOTFOUND
	EndOtherSessions(ctx context.Context, keep string) error                              //
	TwoFactor(ctx context.Context) (core.TwoFactorState, error)                           //
	BeginTwoFactor(ctx context.Context) error                                             // ECONFLICT
	PendingTwoFactor(ctx context.Context) (secret, uri string, err error)                 // EGONE
	ConfirmTwoFactor(ctx context.Context, code string) (recovery []string, err error)     // EGONE, EINVALID, ETOOMANY
	NewRecoveryCodes(ctx context.Context, proof string) (recovery []string, err error)    // EGONE, EINVALID, ETOOMANY
	StopTwoFactor(ctx context.Context, proof string) error                                // EGONE, EINVALID, ETOOMANY
}

func (h *Handlers) profilePages(g *echo.Group) {
	g.GET(paths.SignInCode, h.codePage)
	g.POST(paths.SignInCode, h.signInCode)
	g.GET(paths.SignInProvider, h.goToProvider)
	g.GET(paths.SignInCallback, h.backFromProvider)
	g.GET(paths.Forgot, h.forgotPage)
	g.POST(paths.Forgot, h.forgot)
	g.GET(paths.Reset(":secret"), h.resetPage)
	g.POST(paths.Reset(":secret"), h.reset)

	g.GET(paths.Profile, h.profilePage)
	g.POST(paths.Profile, h.saveProfile)
	g.POST(paths.Password, h.changePassword)
	g.POST(paths.EndSessions, h.endOtherSessions)
	g.POST(paths.EndSession(":session"), h.endSession)
	g.GET(paths.TwoFactor, h.twoFactorPage)
	g.POST(paths.TwoFactor, h.beginTwoFactor)
	g.POST(paths.ConfirmCode, h.confirmTwoFactor)
	g.POST(paths.RecoveryCodes, h.newRecoveryCodes)
	g.POST(paths.StopTwoFactor, h.stopTwoFactor)
}

func (h *Handlers) profileAPI(g *echo.Group) {
	g.GET("/me", h.apiMe)
	g.PATCH("/profile", h.apiUpdateProfile)
	g.GET("/profile/sessions", h.apiSessions)
	g.DELETE("/profile/sessions/:session", h.apiEndSession)
}

// profileRules say who may call what this file registers.
var profileRules = Rules{
	"GET /api/v1/me":                           SignedIn,
	"GET " + paths.SignInCode:                  Anybody,
	"POST " + paths.SignInCode:                 Anybody,
	"GET " + paths.SignInProvider:              Anybody,
	"GET " + paths.SignInCallback:              Anybody,
	"GET " + paths.Forgot:                      Anybody,
	"POST " + paths.Forgot:                     Anybody,
	"GET /reset/:secret":                       Anybody,
	"POST /reset/:secret":                      Anybody,
	"GET " + paths.Profile:                     Oneself,
	"POST " + paths.Profile:                    Oneself,
	"POST " + paths.Password:                   Oneself,
	"POST " + paths.EndSessions:                Oneself,
	"POST /profile/sessions/:session/end":      Oneself,
	"GET " + paths.TwoFactor:                   Oneself,
	"POST " + paths.TwoFactor:                  Oneself,
	"POST " + paths.ConfirmCode:                Oneself,
	"POST " + paths.RecoveryCodes:              Oneself,
	"POST " + paths.StopTwoFactor:              Oneself,
	"PATCH /api/v1/profile":                    Oneself,
	"GET /api/v1/profile/sessions":             Oneself,
	"DELETE /api/v1/profile/sessions/:session": Oneself,
}
