package core

import (
	"regexp"
	"strings"
)

// EnvVar is one variable of an app's environment. The value reaches the container byte for byte. A secret's value
// is stored sealed and never leaves Berth again but into the container.
type EnvVar struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Secret bool   `json:"secret,omitempty"`
}

const (
	maxEnvVars = 1000
	maxEnvSize = 512 * 1024
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// ValidateEnv checks names (letters, digits, "_", ".", "-", not beginning with a digit; no doubles), values (any
// bytes but NUL), and the whole (1,000 variables, 512 KiB). Errors: EINVALID at "env" or "env.NAME", ETOOLARGE.
func ValidateEnv(env []EnvVar) error {
	var f Faults
	if len(env) > maxEnvVars {
		f.Add("env", "error.env_many", "max", itoa(maxEnvVars))
		return f.Err()
	}
	size, seen := 0, map[string]bool{}
	for _, v := range env {
		size += len(v.Name) + len(v.Value) + 2
		switch {
		case len(v.Name) > 256 || !envName.MatchString(v.Name):
			f.Add("env."+v.Name, "error.env_name", "name", v.Name)
		case seen[v.Name]:
			f.Add("env."+v.Name, "error.env_twice", "name", v.Name)
		case strings.ContainsRune(v.Value, 0):
			f.Add("env."+v.Name, "error.env_nul", "name", v.Name)
		}
		seen[v.Name] = true
	}
	if size > maxEnvSize {
		return &Error{Code: ETOOLARGE, Message: T("error.env_large", "max", "512 KB"),
			Fields: []FieldError{{"env", T("error.env_large", "max", "512 KB")}}}
	}
	return f.Err()
}
