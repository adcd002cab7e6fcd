package errors

import (
	"context"

	"berth/views/i18n"
)

// Title words what kind of fault a status is.
func Title(ctx context.Context, status int) string {
	switch status {
	case 401:
		return i18n.T(ctx, "problem.title.sign_in")
	case 403:
		return i18n.T(ctx, "problem.title.forbidden")
	case 404:
		return i18n.T(ctx, "problem.title.not_found")
	case 409:
		return i18n.T(ctx, "problem.title.conflict")
	case 422, 400, 413:
		return i18n.T(ctx, "problem.title.input")
	case 410:
		return i18n.T(ctx, "problem.title.gone")
	case 429:
		return i18n.T(ctx, "problem.title.too_many")
	case 503:
		return i18n.T(ctx, "problem.title.unavailable")
	case 507:
		return i18n.T(ctx, "problem.title.full")
	}
	return i18n.T(ctx, "problem.title.internal")
}
