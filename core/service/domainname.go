package service

import (
	"strings"

	"golang.org/x/net/idna"

	"berth/core"
)

// normalDomain turns what somebody typed into the name as it is kept. Errors: EINVALID at field.
func normalDomain(field, typed string) (string, error) {
	malformed := core.Invalid(field, "error.domain_malformed", "domain", shown(typed))
	if len(typed) > maxTypedDomain || strings.ContainsAny(typed, "\r\n\t\x00") {
		return "", malformed
	}
	bare, wildcard := strings.CutPrefix(core.NormalizeDomain(typed), "*.")
	name, err := idna.Lookup.ToASCII(bare)
	if err != nil {
		return "", malformed
	}
	if wildcard {
		name = "*." + name
	}
	return name, core.ValidateDomain(field, name)
}

// maxTypedDomain is what the longest name takes in bytes, however it is written.
const maxTypedDomain = 4 * 253

// notOurs refuses the names of this Berth itself. Errors: EINVALID at "domain".
func (s *Service) notOurs(d core.Domain) error {
	bare := strings.TrimPrefix(d.Name, "*.")
	switch {
	case bare == s.baseDomain || strings.HasSuffix(bare, "."+s.baseDomain) || d.Covers(s.baseDomain):
		return core.Invalid("domain", "error.domain_base", "base", s.baseDomain)
	case d.Covers(s.portal.Hostname()):
		return core.Invalid("domain", "error.domain_portal")
	}
	return nil
}
