package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/views/i18n"
)

// certificateBody reads a chain and its key.
func certificateBody(c echo.Context) (chain, key string, err error) {
	err = bind(c, fields{"chain": &chain, "key": &key})
	return chain, key, err
}

func (h *Handlers) apiUploadCertificate(c echo.Context) error {
	chain, key, err := certificateBody(c)
	if err != nil {
		return err
	}
	ctx, app, name := c.Request().Context(), c.Param("app"), c.Param("domain")
	if err := h.Service.UploadCertificate(ctx, app, name, chain, key); err != nil {
		return err
	}
	s, err := h.Service.Domain(ctx, app, name)
	return answerDomain(c, http.StatusOK, s, err)
}

func (h *Handlers) apiBaseCertificate(c echo.Context) error {
	ctx := c.Request().Context()
	found, err := h.Service.BaseCertificate(ctx)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newCertificateJSON(i18n.From(ctx), found))
}

func (h *Handlers) apiUploadBaseCertificate(c echo.Context) error {
	chain, key, err := certificateBody(c)
	if err != nil {
		return err
	}
	if err := h.Service.UploadBaseCertificate(c.Request().Context(), chain, key); err != nil {
		return err
	}
	return h.apiBaseCertificate(c)
}

func (h *Handlers) apiDeleteBaseCertificate(c echo.Context) error {
	return answerNothing(c, h.Service.DeleteBaseCertificate(c.Request().Context()))
}
