package store

import (
	"encoding/base64"
	"encoding/json"

	"gorm.io/gorm"

	"berth/core"
)

// filterApps turns a filter into conditions. Errors: EINVALID at "cursor" or "kind".
func filterApps(f core.AppFilter) (func(*gorm.DB) *gorm.DB, error) {
	after, err := parseAppCursor(f.Cursor)
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
		if f.Search != "" {
			pattern := contains(f.Search)
			db = db.Where("(sort_name LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!')", pattern, pattern)
		}
		if f.Cursor != "" {
			db = db.Where("sort_name >= ? AND (sort_name > ? OR id > ?)", after.SortName, after.SortName, after.ID)
		}
		return db
	}, nil
}

// appCursor is the last app of a page.
type appCursor struct{ SortName, ID string }

func (c appCursor) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // two strings always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func parseAppCursor(s string) (c appCursor, err error) {
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
