package config

import (
	"io"
	"reflect"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
)

const masked = "********"

// Print writes the settings in force as YAML, in the order of Config and with secrets masked. What it writes is a
// valid settings file but for the masked values and the settings that were not set.
func (c Config) Print(w io.Writer) error {
	v, t := reflect.ValueOf(c), reflect.TypeFor[Config]()
	for i := range t.NumField() {
		value := v.Field(i).Interface()
		if s, ok := value.(string); ok {
			value = shown(t.Field(i), s)
		}
		line, err := yaml.Parser().Marshal(map[string]any{t.Field(i).Tag.Get("name"): value})
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// shown returns the text of a setting for people.
func shown(field reflect.StructField, value string) string {
	switch {
	case value == "" && field.Tag.Get("default") != "" && strings.HasPrefix(field.Name, "Gateway"):
		return off
	case value == "":
		return ""
	case field.Tag.Get("secret") == "all":
		return masked
	case field.Tag.Get("secret") == "dsn":
		return maskDSN(value)
	}
	return value
}

// maskDSN hides the password of user:password@host. A password may hold any character, so everything between the
// first colon and the last at sign is hidden.
func maskDSN(dsn string) string {
	at := strings.LastIndex(dsn, "@")
	if at < 0 {
		return dsn
	}
	user, _, ok := strings.Cut(dsn[:at], ":")
	if !ok {
		return dsn
	}
	return user + ":" + masked + dsn[at:]
}
