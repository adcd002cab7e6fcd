package handlers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

// setPreferences keeps language and theme: with the person who is signed in, and in a cookie for when nobody is.
func (h *Handlers) setPreferences(c echo.Context) error {
	ctx := c.Request().Context()
	user := UserFrom(ctx)
	language, theme := c.FormValue("language"), c.FormValue("theme")
	if slices.ContainsFunc(i18n.Languages, func(l i18n.Language) bool { return l.Tag == language }) {
		h.remember(c, CookieLanguage, language)
		user.Language = language
	}
	switch theme {
	case "light", "dark":
		h.remember(c, CookieTheme, theme)
		user.Theme = theme
	case "auto":
		h.remember(c, CookieTheme, theme)
		user.Theme = ""
	}
	if actor(ctx).Kind == core.ActorUser {
		if err := h.Service.SetPreferences(ctx, user.Language, user.Theme); err != nil {
			return err
		}
	}
	if c.Request().Header.Get("HX-Request") != "" || c.Request().Header.Get("X-Requested-With") == "fetch" {
		return c.NoContent(http.StatusNoContent)
	}
	return redirect(c, SafeNext(c.FormValue("next")))
}

func (h *Handlers) remember(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{Name: name, Value: value, Path: "/", Expires: time.Now().AddDate(1, 0, 0), HttpOnly: true,
		Secure: strings.HasPrefix(h.PortalURL, "https://"), SameSite: http.SameSiteLaxMode})
}
