package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type domainJSON struct {
	Domain      string               `json:"domain"`
	URL         string               `json:"url,omitempty"`
	Redirect    string               `json:"redirect,omitempty"`
	HTTPS       bool                 `json:"https_only"`
	Kind        core.CertificateKind `json:"certificate_kind"`
	Verified    bool                 `json:"verified"`
	VerifiedAt  time.Time            `json:"verified_at,omitzero"`
	LostAt      time.Time            `json:"lost_at,omitzero"`
	Leads       core.Lead            `json:"leads,omitempty"`
	Problem     string               `json:"problem,omitempty"`
	CheckedAt   time.Time            `json:"checked_at,omitzero"`
	Records     []recordJSON         `json:"records"`
	Certificate *certificateJSON     `json:"certificate,omitempty"`
	CreatedAt   time.Time            `json:"created_at"`
}

type recordJSON struct {
	Type    string             `json:"type"`
	Name    string             `json:"name"`
	Value   string             `json:"value"`
	Purpose core.RecordPurpose `json:"purpose"`
}

// certificateJSON never has the key.
type certificateJSON struct {
	Names     []string  `json:"names"`
	Issuer    string    `json:"issuer,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	NotAfter  time.Time `json:"not_after,omitzero"`
	Error     string    `json:"error,omitempty"`
	NextTry   time.Time `json:"next_try,omitzero"`
}

func newDomainJSON(c echo.Context) func(core.DomainState) domainJSON {
	l := i18n.From(c.Request().Context())
	return func(s core.DomainState) domainJSON {
		d := s.Domain
		j := domainJSON{Domain: d.Name, URL: s.URL, Redirect: d.Redirect, HTTPS: d.HTTPS, Kind: d.Certificate, Verified: d.Verified,
			VerifiedAt: d.VerifiedAt, LostAt: d.LostAt, Leads: d.Leads, Problem: l.Text(d.Problem), CheckedAt: d.CheckedAt,
			CreatedAt: d.CreatedAt, Records: []recordJSON{}}
		for _, r := range s.Records {
			j.Records = append(j.Records, recordJSON(r))
		}
		if s.Certificate.ID != "" {
			j.Certificate = newCertificateJSON(l, s.Certificate)
		}
		return j
	}
}

func newCertificateJSON(l *i18n.Localizer, c core.Certificate) *certificateJSON {
	j := &certificateJSON{Names: c.Names, Issuer: c.Issuer, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Error: l.Text(c.Error), NextTry: c.NextTry}
	if j.Names == nil {
		j.Names = []string{}
	}
	return j
}

func (h *Handlers) apiDomains(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	domains, err := h.Service.Domains(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	return answerList(c, domains, "", newDomainJSON(c))
}

func (h *Handlers) apiDomain(c echo.Context) error {
	s, err := h.Service.Domain(c.Request().Context(), c.Param("app"), c.Param("domain"))
	return answerDomain(c, http.StatusOK, s, err)
}

func (h *Handlers) apiAddDomain(c echo.Context) error {
	var in core.NewDomain
	err := bind(c, fields{"domain": &in.Name, "redirect": &in.Redirect, "https_only": &in.HTTPS, "certificate": &in.Certificate})
	if err == nil {
		err = required(map[string]string{"domain": in.Name})
	}
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := h.Service.AddDomain(ctx, c.Param("app"), in)
	if err != nil {
		return err
	}
	s, err := h.Service.Domain(ctx, d.AppID, d.Name)
	return answerDomain(c, http.StatusCreated, s, err)
}

// apiUpdateDomain leaves what is not said as it is.
func (h *Handlers) apiUpdateDomain(c echo.Context) error {
	ctx, app, name := c.Request().Context(), c.Param("app"), c.Param("domain")
	s, err := h.Service.Domain(ctx, app, name)
	if err != nil {
		return err
	}
	in := core.NewDomain{Redirect: s.Domain.Redirect, HTTPS: s.Domain.HTTPS, Certificate: s.Domain.Certificate}
	if err := bind(c, fields{"redirect": &in.Redirect, "https_only": &in.HTTPS, "certificate": &in.Certificate}); err != nil {
		return err
	}
	if _, err := h.Service.UpdateDomain(ctx, app, name, in); err != nil {
		return err
	}
	s, err = h.Service.Domain(ctx, app, name)
	return answerDomain(c, http.StatusOK, s, err)
}

// apiDeleteDomain takes the name in the address as typed.
func (h *Handlers) apiDeleteDomain(c echo.Context) error {
	name := c.Param("domain")
	return answerNothing(c, h.Service.DeleteDomain(c.Request().Context(), c.Param("app"), name, name))
}

func (h *Handlers) apiCheckDomain(c echo.Context) error {
	s, err := h.Service.CheckDomain(c.Request().Context(), c.Param("app"), c.Param("domain"))
	return answerDomain(c, http.StatusOK, s, err)
}

func answerDomain(c echo.Context, status int, s core.DomainState, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(status, newDomainJSON(c)(s))
}
