package certificate

import (
	"errors"
	"net"
	"net/url"

	"github.com/mholt/acmez/v3/acme"

	"berth/core"
)

// problems are the words for what an authority says, by its type (RFC 8555, 6.7).
var problems = map[string]string{
	acme.ProblemTypeCAA:                     "certificate.caa",
	acme.ProblemTypeRateLimited:             "certificate.rate_limited",
	acme.ProblemTypeConnection:              "certificate.connection",
	acme.ProblemTypeDNS:                     "certificate.dns",
	acme.ProblemTypeUnauthorized:            "certificate.wrong_answer",
	acme.ProblemTypeIncorrectResponse:       "certificate.wrong_answer",
	acme.ProblemTypeTLS:                     "certificate.connection",
	acme.ProblemTypeRejectedIdentifier:      "certificate.rejected",
	acme.ProblemTypeUnsupportedIdentifier:   "certificate.rejected",
	acme.ProblemTypeExternalAccountRequired: "certificate.account",
	acme.ProblemTypeInvalidContact:          "certificate.account",
	acme.ProblemTypeUnsupportedContact:      "certificate.account",
	acme.ProblemTypeUserActionRequired:      "certificate.account",
	acme.ProblemTypeServerInternal:          "certificate.unreachable",
}

// words says why a certificate was not had and what to do.
func words(err error, domain, directory string) core.Text {
	host := directory
	if u, e := url.Parse(directory); e == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	if p, ok := errors.AsType[acme.Problem](err); ok {
		kind, detail := p.Type, p.Detail
		if len(p.Subproblems) > 0 {
			kind, detail = p.Subproblems[0].Type, p.Subproblems[0].Detail
		}
		key := problems[kind]
		if key == "" {
			key = "certificate.refused"
		}
		return core.T(key, "domain", domain, "authority", host, "detail", printable(detail))
	}
	if errors.Is(err, errUpdate) {
		return core.T("certificate.update", "domain", domain, "detail", printable(err.Error()))
	}
	_, inURL := errors.AsType[*url.Error](err)
	_, inNet := errors.AsType[net.Error](err)
	if inURL || inNet {
		return core.T("certificate.unreachable", "domain", domain, "authority", host, "detail", printable(err.Error()))
	}
	return core.T("certificate.refused", "domain", domain, "authority", host, "detail", printable(err.Error()))
}

// printable is a text that somebody else wrote, as it may be shown.
func printable(text string) string {
	var kept []rune
	for _, r := range text {
		if r < ' ' || r > '~' {
			r = ' '
		}
		if kept = append(kept, r); len(kept) == 300 {
			return string(kept) + "…"
		}
	}
	return string(kept)
}
