package handlers

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/ui"
)

// Provider is where people may sign in instead: OpenID Connect, with the authorization code flow. web/oidc implements
// it; main chooses.
type Provider interface {
	// Name is what people call it.
	Name() string
	// Begin returns where a browser is to go, and what ties its way back to it. Errors: EUNREACHABLE.
	Begin(ctx context.Context) (address string, flow core.ProviderFlow, err error)
	// Finish returns who came back with code. Errors: EUNREACHABLE, EFORBIDDEN for an answer that is not for this flow.
	Finish(ctx context.Context, flow core.ProviderFlow, code string) (core.Claims, error)
}

// goToProvider sends the browser to the provider. It changes nothing here.
func (h *Handlers) goToProvider(c echo.Context) error {
	next := SafeNext(c.QueryParam("next"))
	if h.Provider == nil {
		return core.NotFound()
	}
	address, flow, err := h.Provider.Begin(c.Request().Context())
	if err != nil {
		return h.providerFailed(c, next, err)
	}
	h.keep(c, cookieProvider, packFlow(flow, next), providerFor)
	return redirect(c, address)
}

// backFromProvider takes the answer of the way that this browser began, once.
func (h *Handlers) backFromProvider(c echo.Context) error {
	if h.Provider == nil {
		return core.NotFound()
	}
	flow, next, begun := unpackFlow(cookie(c.Request(), h.stepCookie(cookieProvider)))
	h.keep(c, cookieProvider, "", 0)
	if !begun || subtle.ConstantTimeCompare([]byte(flow.State), []byte(c.QueryParam("state"))) != 1 {
		return h.providerFailed(c, next, core.Errorf(core.EFORBIDDEN, "error.provider_state"))
	}
	if c.QueryParam("error") != "" || c.QueryParam("code") == "" {
		return h.providerFailed(c, next, core.Errorf(core.EFORBIDDEN, "error.provider_refused"))
	}
	ctx := c.Request().Context()
	claims, err := h.Provider.Finish(ctx, flow, c.QueryParam("code"))
	if err != nil {
		return h.providerFailed(c, next, err)
	}
	user, err := h.Service.SignInWith(ctx, claims, c.RealIP())
	if err != nil {
		return h.providerFailed(c, next, err)
	}
	return h.enter(c, user, next)
}

// providerFailed says so on the sign-in page, where the password still works.
func (h *Handlers) providerFailed(c echo.Context, next string, err error) error {
	form := ui.NewForm("next", SafeNext(next)).Fail(err)
	switch core.ErrorCode(err) {
	case core.EFORBIDDEN:
		return h.renderSignIn(c, http.StatusForbidden, form)
	case core.EUNREACHABLE:
		return h.renderSignIn(c, http.StatusBadGateway, form)
	}
	return err
}

func packFlow(f core.ProviderFlow, next string) string {
	return strings.Join([]string{f.State, f.Nonce, f.Verifier, base64.RawURLEncoding.EncodeToString([]byte(next))}, ".")
}

func unpackFlow(text string) (f core.ProviderFlow, next string, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 || parts[0] == "" {
		return f, "/", false
	}
	path, err := base64.RawURLEncoding.DecodeString(parts[3])
	return core.ProviderFlow{State: parts[0], Nonce: parts[1], Verifier: parts[2]}, SafeNext(string(path)), err == nil
}
