package service

import (
	"context"

	"berth/core"
)

// StepCanary gives the candidate of a trial the share of its next step. The worker alone calls it; c is the trial as it
// was decided on. Errors: ECONFLICT when somebody has changed it since, those of Release.
func (s *Service) StepCanary(ctx context.Context, c core.Canary, share int) (err error) {
	note := core.AuditEntry{Action: "canary.share", AppID: c.AppID}
	defer s.attempted(ctx, &note, &err)
	return s.moveByItself(ctx, c, &note, func(c *core.Canary) core.Text { return moved(c, share) })
}

// FinishCanary gives the candidate of a trial all requests after its last step. As StepCanary.
func (s *Service) FinishCanary(ctx context.Context, c core.Canary) (err error) {
	note := core.AuditEntry{Action: "canary.promote", AppID: c.AppID}
	defer s.attempted(ctx, &note, &err)
	return s.moveByItself(ctx, c, &note, func(c *core.Canary) core.Text {
		s.endCanary(c, core.CanaryPromoted, core.Text{})
		return core.T("reason.canary_promoted", "version", c.Candidate.Label)
	})
}

// EndCanary brings back what ran before a trial, because of why. As StepCanary.
func (s *Service) EndCanary(ctx context.Context, c core.Canary, why core.Text) (err error) {
	note := core.AuditEntry{Action: "canary.abort", AppID: c.AppID}
	defer s.attempted(ctx, &note, &err)
	return s.moveByItself(ctx, c, &note, func(c *core.Canary) core.Text {
		s.endCanary(c, core.CanaryAborted, why)
		return why
	})
}

func (s *Service) moveByItself(ctx context.Context, decided core.Canary, note *core.AuditEntry, change func(*core.Canary) core.Text) error {
	_, _, err := s.moveCanary(ctx, decided.AppID, note, func(c *core.Canary) (core.Text, error) {
		if c.ID != decided.ID || c.Revision != decided.Revision {
			return core.Text{}, core.Errorf(core.ECONFLICT, "error.changed_meanwhile")
		}
		return change(c), nil
	})
	return err
}
