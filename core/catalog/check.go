package catalog

import (
	"errors"
	"maps"
	"path"
	"regexp"
	"slices"

	"berth/core"
)

var (
	credentialName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	userPattern    = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?$`)
)

// given are the values that templates may name besides the credentials; see core.CatalogEntry.Values.
var given = []string{"host", "port", "cache_mb"}

// check notes every fault of an entry.
func (f *faults) check(e core.CatalogEntry) {
	if core.ValidateSlug("", e.Name) != nil {
		f.add("name", "%q cannot be used; write 2 to 63 lower-case letters, digits and hyphens", e.Name)
	}
	if e.Title == "" {
		f.add("title", "is missing; write the name that people know")
	}
	if e.Port < 1 || e.Port > 65535 {
		f.add("port", "%d is not a port; write a number from 1 to 65535", e.Port)
	}
	if e.VolumePath != "" && (!path.IsAbs(e.VolumePath) || path.Clean(e.VolumePath) != e.VolumePath || e.VolumePath == "/") {
		f.add("volume", "%q is not a directory; write an absolute path, such as /data", e.VolumePath)
	}
	if e.User != "" && !userPattern.MatchString(e.User) {
		f.add("user", "%q is not a user; write it as 999 or 999:999", e.User)
	}
	for _, c := range e.Capabilities {
		if !core.AllowedCapabilities[c] {
			f.add("capabilities", "%q is not allowed; use some of %v", c, slices.Sorted(maps.Keys(core.AllowedCapabilities)))
		}
	}
	if err := e.Health.Validate(); err != nil {
		f.add("health", "%v", err)
	}
	f.checkVersions(e.Versions)
	f.checkPlans(e.Plans)
	f.checkCredentials(e.Credentials)
	f.checkEnv("env", e.Env)
	f.checkEnv("binding_env", e.BindingEnv)
	f.checkTemplates(e)
}

func (f *faults) checkVersions(versions []core.CatalogVersion) {
	if len(versions) == 0 {
		f.add("versions", "is missing; write at least one, the default first")
	}
	seen := map[string]bool{}
	for _, v := range versions {
		if core.ValidateLabel("", v.Version) != nil || seen[v.Version] {
			f.add("versions", "%q cannot be used; write letters, digits, dots and hyphens, each version once", v.Version)
		}
		if v.Image == "" {
			f.add("versions", "%q has no image; write where it is, such as redis:7.4", v.Version)
		}
		seen[v.Version] = true
	}
}

func (f *faults) checkPlans(plans []core.Plan) {
	if len(plans) == 0 {
		f.add("plans", "is missing; write at least one, the default first")
	}
	seen := map[string]bool{}
	for _, p := range plans {
		if core.ValidateSlug("", p.Name) != nil || seen[p.Name] {
			f.add("plans", "%q cannot be used; write a lower-case word, each plan once", p.Name)
		}
		if p.Memory < core.MinMemory || p.Memory > core.MaxMemory {
			f.add("plans", "%s has %s of memory; write %s to %s", p.Name, p.Memory, core.MinMemory, core.MaxMemory)
		}
		if p.CPU < 0 || p.CPU > core.MaxCPU || p.CPU > 0 && p.CPU < 10 {
			f.add("plans", "%s has %s of processor; write 0.01 to %s, or leave it out", p.Name, p.CPU, core.MaxCPU)
		}
		seen[p.Name] = true
	}
}

func (f *faults) checkCredentials(specs []core.CredentialSpec) {
	seen := map[string]bool{}
	for _, c := range specs {
		switch {
		case !credentialName.MatchString(c.Name) || seen[c.Name] || slices.Contains(given, c.Name):
			f.add("credentials", "%q cannot be used; write lower-case letters, digits and _, each name once, and none of %v", c.Name, given)
		case c.Value == "" && c.Length != 0 && (c.Length < 12 || c.Length > 128):
			f.add("credentials", "%s has a length of %d; write 12 to 128, or leave it out", c.Name, c.Length)
		}
		seen[c.Name] = true
	}
}

func (f *faults) checkEnv(key string, env map[string]string) {
	var vars []core.EnvVar
	for name, value := range env {
		vars = append(vars, core.EnvVar{Name: name, Value: value})
	}
	if err := core.ValidateEnv(vars); err != nil {
		f.add(key, "%v", err)
	}
}

// checkTemplates fills the templates with values like those of a real service.
func (f *faults) checkTemplates(e core.CatalogEntry) {
	credentials := map[string]string{}
	for _, c := range e.Credentials {
		credentials[c.Name] = "x"
	}
	if e.URI == "" {
		f.add("uri", "is missing; write how a client connects, such as redis://{{.host}}:{{.port}}")
	}
	if _, err := e.Render(e.Values("x", credentials, core.GiB)); err != nil {
		f.add("templates", "%v; the names they may use are the credentials' and %v", errors.Unwrap(err), given)
	}
}
