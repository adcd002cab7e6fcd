package core

import (
	"path"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	engineNamePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$`)
	engineUserPattern = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63})?$`)
	digestPattern     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// Validate reports every fault of s. Every engine refuses a spec that has one, whoever asks. Environment has to be
// UTF-8, for nothing else reaches every engine unchanged. Errors: EINVALID at the field, named as in JSON.
func (s ContainerSpec) Validate() error {
	var f Faults
	must := func(field string, ok bool) {
		if !ok {
			f.Add(field, "error.engine_spec", "field", field)
		}
	}
	must("tenant", ValidEngineName(s.TenantID))
	must("app", ValidateSlug("app", s.AppID) == nil)
	must("instance", ValidEngineName(s.Instance))
	must("image", digestPattern.MatchString(s.Image.Digest) && s.Image.Repository != "")
	must("user", s.User == "" || engineUserPattern.MatchString(s.User))
	must("memory", s.Memory >= MinMemory && s.Memory <= MaxMemory)
	must("cpu", s.CPU >= 0 && s.CPU <= MaxCPU)
	must("port", s.Port > 0 && s.Port < 1<<16)
	must("host_port", s.HostPort > 0 && s.HostPort < 1<<16)
	must("volume", s.Volume == nil || ValidEngineName(s.Volume.Name) && mountable(s.Volume.Path))
	must("check", s.Check == nil || s.Check.Interval >= time.Second && s.Check.Timeout >= time.Millisecond && s.Check.Failures > 0)
	for _, c := range s.Capabilities {
		must("capabilities", AllowedCapabilities[c])
	}
	for _, a := range s.Aliases {
		must("aliases", ValidEngineName(a))
	}
	for i, pair := range s.Env {
		name, _, ok := strings.Cut(pair, "=")
		must("env."+itoa(i), ok && name != "" && utf8.ValidString(pair) && !strings.ContainsRune(pair, 0))
	}
	return f.Err()
}

// ValidEngineName reports whether engines take s as the name of a container, a network or a volume: 1 to 128 letters,
// digits, "_", "." and "-", beginning with a letter or digit.
func ValidEngineName(s string) bool { return engineNamePattern.MatchString(s) }

// mountable reports whether storage may be seen at p: not in place of what the kernel shows.
func mountable(p string) bool {
	if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || strings.ContainsAny(p, ":\x00\n") {
		return false
	}
	top, _, _ := strings.Cut(p[1:], "/")
	return top != "proc" && top != "sys" && top != "dev"
}
