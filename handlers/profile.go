package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/profile"
	"berth/views/ui"
)

func (h *Handlers) profilePage(c echo.Context) error {
	return h.renderProfile(c, http.StatusOK, profile.Page{Saved: profile.Saved(c.QueryParam("saved"))})
}

// renderProfile shows the page; the form that was sent is in m, the others show what is.
func (h *Handlers) renderProfile(c echo.Context, status int, m profile.Page) (err error) {
	ctx := c.Request().Context()
	if m.Page, err = h.accountPage(c); err != nil {
		return err
	}
	if m.HasPassword, err = h.Service.HasPassword(ctx); err != nil {
		return err
	}
	if m.TwoFactor, err = h.Service.TwoFactor(ctx); err != nil {
		return err
	}
	if m.Sessions, err = h.Service.Sessions(ctx); err != nil {
		return err
	}
	m.Current = h.Sessions.Current(c)
	if m.You.Values == nil {
		user := UserFrom(ctx)
		m.You = ui.NewForm("name", user.Name, "language", user.Language, "theme", user.Theme)
	}
	return render(c, status, profile.ProfilePage(m))
}

// accountPage is the frame of everything about oneself.
func (h *Handlers) accountPage(c echo.Context) (layout.Page, error) {
	p, err := h.page(c, "")
	p.Title, p.Section, p.Path = i18n.T(c.Request().Context(), "nav.profile"), layout.SectionProfile, paths.Profile
	return p, err
}

func (h *Handlers) saveProfile(c echo.Context) error {
	name, language, theme := c.FormValue("name"), c.FormValue("language"), c.FormValue("theme")
	user, err := h.Service.UpdateProfile(c.Request().Context(), core.ProfileUpdate{Name: &name, Language: &language, Theme: &theme})
	if err != nil {
		form, ok := failed(ui.NewForm("name", name, "language", language, "theme", theme), err)
		if !ok {
			return err
		}
		return h.renderProfile(c, http.StatusUnprocessableEntity, profile.Page{You: form})
	}
	h.remember(c, CookieLanguage, user.Language)
	h.remember(c, CookieTheme, user.Theme)
	return redirect(c, paths.ProfileSaved(string(profile.SavedYou)))
}

func (h *Handlers) changePassword(c echo.Context) error {
	err := h.Service.ChangePassword(c.Request().Context(), c.FormValue("present"), c.FormValue("password"), h.Sessions.Current(c))
	return h.answerProfile(c, err, profile.SavedPassword, func(m *profile.Page, f ui.Form) { m.Password = f })
}

// answerProfile leads back to the page, or shows what is wrong in the form that was sent.
func (h *Handlers) answerProfile(c echo.Context, err error, saved profile.Saved, put func(*profile.Page, ui.Form)) error {
	if err == nil {
		return redirect(c, paths.ProfileSaved(string(saved)))
	}
	form, ok := failedSecret(err)
	if !ok {
		return err
	}
	var m profile.Page
	put(&m, form)
	return h.renderProfile(c, statusOfSecret(err), m)
}

// failedSecret is failed for forms that ask for a secret, which may also have been tried too often.
func failedSecret(err error) (ui.Form, bool) {
	form, ok := failed(ui.NewForm(), err)
	if core.ErrorCode(err) == core.ETOOMANY || core.ErrorCode(err) == core.EGONE {
		return form.Fail(err), true
	}
	return form, ok
}

func statusOfSecret(err error) int {
	switch core.ErrorCode(err) {
	case core.ETOOMANY:
		return http.StatusTooManyRequests
	case core.EGONE:
		return http.StatusGone
	}
	return http.StatusUnprocessableEntity
}

func (h *Handlers) endSession(c echo.Context) error {
	id := c.Param("session")
	if id == h.Sessions.Current(c) {
		return h.signOut(c)
	}
	if err := h.Service.EndSession(c.Request().Context(), id); err != nil {
		return err
	}
	return redirect(c, paths.ProfileSaved(string(profile.SavedSessions)))
}

func (h *Handlers) endOtherSessions(c echo.Context) error {
	if err := h.Service.EndOtherSessions(c.Request().Context(), h.Sessions.Current(c)); err != nil {
		return err
	}
	return redirect(c, paths.ProfileSaved(string(profile.SavedSessions)))
}
