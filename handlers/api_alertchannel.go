package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

// channelJSON never has what a channel leads to: that is written once and shown nowhere again.
type channelJSON struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Kind      core.ChannelKind `json:"kind"`
	Language  string           `json:"language,omitempty"`
	Leads     string           `json:"leads_to"`
	Error     string           `json:"error,omitempty"` // of the last message; left out when it arrived
	UsedAt    time.Time        `json:"used_at,omitzero"`
	Author    string           `json:"author"`
	CreatedAt time.Time        `json:"created_at"`
}

func newChannelJSON(c echo.Context) func(ch core.AlertChannel) channelJSON {
	return func(ch core.AlertChannel) channelJSON {
		j := channelJSON{ID: ch.ID, Name: ch.Name, Kind: ch.Kind, Language: ch.Language, Leads: ch.Shows, UsedAt: ch.UsedAt, Author: ch.Author,
			CreatedAt: ch.CreatedAt}
		if !ch.Fault.IsZero() {
			j.Error = i18n.Text(c.Request().Context(), ch.Fault)
		}
		return j
	}
}

func (h *Handlers) apiAlertChannels(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	channels, err := h.Service.AlertChannels(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, channels, "", newChannelJSON(c))
}

func (h *Handlers) apiAddAlertChannel(c echo.Context) error {
	ch, target := core.AlertChannel{TenantID: c.Param("tenant")}, core.AlertTarget{}
	err := bind(c, fields{"name": &ch.Name, "kind": &ch.Kind, "language": &ch.Language, "to": &target.To, "url": &target.URL, "secret": &target.Secret})
	if err != nil {
		return err
	}
	if ch, err = h.Service.AddAlertChannel(c.Request().Context(), ch, target); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newChannelJSON(c)(ch))
}

func (h *Handlers) apiChangeAlertChannel(c echo.Context) error {
	ch, target := core.AlertChannel{TenantID: c.Param("tenant"), ID: c.Param("channel")}, core.AlertTarget{}
	err := bind(c, fields{"name": &ch.Name, "language": &ch.Language, "to": &target.To, "url": &target.URL, "secret": &target.Secret})
	if err != nil {
		return err
	}
	if ch, err = h.Service.ChangeAlertChannel(c.Request().Context(), ch, givenTarget(target)); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newChannelJSON(c)(ch))
}

// givenTarget is nil for a target of which nothing was said: the channel keeps its own.
func givenTarget(t core.AlertTarget) *core.AlertTarget {
	if len(t.To) == 0 && t.URL == "" && t.Secret == "" {
		return nil
	}
	return &t
}

func (h *Handlers) apiTryAlertChannel(c echo.Context) error {
	ch, err := h.Service.TryAlertChannel(c.Request().Context(), c.Param("tenant"), c.Param("channel"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newChannelJSON(c)(ch))
}

func (h *Handlers) apiDeleteAlertChannel(c echo.Context) error {
	return answerNothing(c, h.Service.DeleteAlertChannel(c.Request().Context(), c.Param("tenant"), c.Param("channel")))
}

type silenceJSON struct {
	ID        string    `json:"id"`
	App       string    `json:"app,omitempty"`  // left out: all
	Rule      string    `json:"rule,omitempty"` // left out: all
	Until     time.Time `json:"until"`
	Reason    string    `json:"reason,omitempty"`
	Author    string    `json:"author"`
	CreatedAt time.Time `json:"created_at"`
}

func newSilenceJSON(s core.AlertSilence) silenceJSON {
	return silenceJSON{s.ID, s.AppID, s.RuleID, s.Until, s.Reason, s.Author, s.CreatedAt}
}

func (h *Handlers) apiSilences(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	silences, err := h.Service.AlertSilences(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, silences, "", newSilenceJSON)
}

func (h *Handlers) apiSilence(c echo.Context) error {
	s := core.AlertSilence{TenantID: c.Param("tenant")}
	err := bind(c, fields{"app": &s.AppID, "rule": &s.RuleID, "until": &s.Until, "reason": &s.Reason})
	if err != nil {
		return err
	}
	if s, err = h.Service.SilenceAlerts(c.Request().Context(), s); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newSilenceJSON(s))
}

func (h *Handlers) apiEndSilence(c echo.Context) error {
	return answerNothing(c, h.Service.EndSilence(c.Request().Context(), c.Param("tenant"), c.Param("silence")))
}
