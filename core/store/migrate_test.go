package store_test

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth/core"
	"berth/core/store"
	"berth/e2e/testenv"
	"berth/migrations"
)

// testMigrate: many start at once, on an empty database.
func testMigrate(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	all := pending(t, o)
	if all == 0 || pending(t, o) != all {
		t.Fatalf("%d migrations are pending, then %d", all, pending(t, o))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := store.Migrate(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := pending(t, o); n != 0 {
		t.Fatalf("%d migrations are still pending", n)
	}
	newApp(t, open(t, o))
}

// testMigrateCutOff: killed behind the last statement of a migration and before that was noted.
func testMigrateCutOff(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	open(t, o)
	db := raw(t, o)
	version, down := newest(t)
	_, err := db.Exec("DELETE FROM goose_db_version WHERE version_id = " + version)
	ok(t, err)
	if o.Driver == "sqlite" { // a migration is one transaction there
		_, err := db.Exec(down)
		ok(t, err)
	}
	if n := pending(t, o); n != 1 {
		t.Fatalf("%d migrations are pending, want 1", n)
	}
	newApp(t, open(t, o))
}

// newest returns the number of the last migration of SQLite, and what undoes it.
func newest(t *testing.T) (version, down string) {
	t.Helper()
	files, err := fs.Glob(migrations.SQLite, "sqlite/*.sql")
	ok(t, err)
	name := files[len(files)-1]
	text, err := fs.ReadFile(migrations.SQLite, name)
	ok(t, err)
	_, down, found := strings.Cut(string(text), "-- +goose Down")
	if !found {
		t.Fatalf("%s cannot be undone", name)
	}
	number, _, _ := strings.Cut(path.Base(name), "_")
	return strings.TrimLeft(number, "0"), down
}

// testMigrateNewer: an older Berth leaves a newer one's database alone.
func testMigrateNewer(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	open(t, o)
	_, err := raw(t, o).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	ok(t, err)
	err = store.Migrate(t.Context(), o)
	if core.ErrorMessage(err).Key != "error.schema_newer" {
		t.Fatalf("got %v, want error.schema_newer", err)
	}
}

func pending(t *testing.T, o store.Options) int {
	t.Helper()
	n, err := store.Pending(t.Context(), o)
	ok(t, err)
	return n
}

func TestOptions(t *testing.T) {
	good := store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: key[:]}
	for field, spoil := range map[string]func(*store.Options){
		"database":     func(o *store.Options) { o.Driver = "oracle" },
		"key":          func(o *store.Options) { o.Key = o.Key[:16] },
		"database-dsn": func(o *store.Options) { o.Driver, o.DSN = "mysql", "root:secret@tcp(127.0.0.1:1)" },
	} {
		o := good
		spoil(&o)
		_, err := store.Open(t.Context(), o)
		e, isError := err.(*core.Error)
		if !isError || e.Code != core.EINVALID || e.Fields[0].Field != field || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", field, err)
		}
		if field == "key" {
			continue
		}
		if err := store.Migrate(t.Context(), o); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%s: got %v", field, err)
		}
		if _, err := store.Pending(t.Context(), o); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// testSchemas: what one database has, the other has.
func testSchemas(t *testing.T, server *testenv.MariaDB) {
	lite := store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: key[:]}
	my := store.Options{Driver: "mysql", DSN: server.DSN("schemas"), Key: key[:]}
	open(t, lite)
	open(t, my)
	columns := func(db *sql.DB, query string) (list []string) {
		rows, err := db.Query(query)
		ok(t, err)
		defer rows.Close()
		for rows.Next() {
			var table, column string
			var nullable bool
			ok(t, rows.Scan(&table, &column, &nullable))
			list = append(list, fmt.Sprintf("%s.%s null=%v", table, column, nullable))
		}
		ok(t, rows.Err())
		slices.Sort(list)
		return list
	}
	got := columns(raw(t, my), `SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns
		WHERE table_schema = 'schemas' AND table_name <> 'goose_db_version'`)
	want := columns(raw(t, lite), `SELECT m.name, c.name, c."notnull" = 0 FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("sqlite -, mysql +:\n%s", diff)
	}
}
