package store

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"gorm.io/gorm"

	"berth/core"
)

// filterApps turns a filter into conditions. Errors: EINVALID at "cursor" or "kind".
func filterApps(f core.AppFilter) (func(*gorm.DB) *gorm.DB, error) {
	after, err := parseNameCursor(f.Cursor)
	if err != nil {
		return nil, err
	}
	if f.Kind != "" && f.Kind != "app" && f.Kind != "service" {
		return nil, core.Invalid("kind", "error.filter_unknown", "value", f.Kind)
	}
	return func(db *gorm.DB) *gorm.DB {
		if f.TenantID != "" {
			db = db.Where("tenant_id = ?", f.TenantID)
		}
		switch f.Kind {
		case "app":
			db = db.Where("service_entry = ''")
		case "service":
			db = db.Where("service_entry <> ''")
		}
		return db.Scopes(named(f.Search, "sort_name", "id"), after.narrow)
	}, nil
}

// named narrows a query to the rows that have text in one of the columns.
func named(search string, columns ...string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if search == "" {
			return db
		}
		var parts []string
		var values []any
		for _, c := range columns {
			parts, values = append(parts, c+" LIKE ? ESCAPE '!'"), append(values, contains(search))
		}
		return db.Where("("+strings.Join(parts, " OR ")+")", values...)
	}
}

// nameCursor is the last row of a page of what is listed by name.
type nameCursor struct{ SortName, ID string }

// narrow leaves what comes behind c.
func (c nameCursor) narrow(db *gorm.DB) *gorm.DB {
	if c == (nameCursor{}) {
		return db
	}
	return db.Where("sort_name >= ? AND (sort_name > ? OR id > ?)", c.SortName, c.SortName, c.ID)
}

func (c nameCursor) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // two strings always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func parseNameCursor(s string) (c nameCursor, err error) {
	if s == "" {
		return c, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return c, core.Invalid("cursor", "error.cursor_malformed")
	}
	return c, nil
}
