package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// moment is a time in a column: UTC, to the microsecond, NULL when zero.
type moment time.Time

// Value implements driver.Valuer.
func (m moment) Value() (driver.Value, error) {
	if t := time.Time(m); !t.IsZero() {
		return normal(t), nil
	}
	return nil, nil
}

// Scan implements sql.Scanner.
func (m *moment) Scan(v any) error {
	switch t := v.(type) {
	case nil:
		*m = moment{}
	case time.Time:
		*m = moment(normal(t))
	default:
		return fmt.Errorf("store: %T is no time", v)
	}
	return nil
}

// normal is a time as both databases keep it.
func normal(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// optional is a reference to another row in a column: NULL when "", so that the schema does not look for it.
type optional string

// Value implements driver.Valuer.
func (o optional) Value() (driver.Value, error) {
	if o == "" {
		return nil, nil
	}
	return string(o), nil
}

// Scan implements sql.Scanner.
func (o *optional) Scan(v any) error {
	switch s := v.(type) {
	case nil:
		*o = ""
	case string:
		*o = optional(s)
	case []byte:
		*o = optional(s)
	default:
		return fmt.Errorf("store: %T is no text", v)
	}
	return nil
}

// sortName is what a name is sorted and searched by, the same on both databases whatever they know of letters.
func sortName(name string) string { return strings.ToLower(name) }

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// contains is a LIKE pattern, escaped by "!", for text that holds s as it stands.
func contains(s string) string { return "%" + likeEscaper.Replace(sortName(s)) + "%" }
