package web

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// Fault F8: the database is locked. Pages go on, changes are refused in time.
func TestLockedDatabase(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	app := p.app("tea", "Shop")
	p.age(client)
	unlock := p.lock()
	begin := time.Now()
	if got := p.ask(client, http.MethodGet, "/apps/"+app, ""); got.status != http.StatusOK || time.Since(begin) > 4*time.Second {
		t.Errorf("a page: %d after %v", got.status, time.Since(begin))
	}
	begin = time.Now()
	got := p.post(client, "/apps/"+app+"/settings/name", nil, "name", "Tea shop")
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || time.Since(begin) > 20*time.Second {
		t.Errorf("a change: %d after %v, Retry-After %q", got.status, time.Since(begin), got.header.Get("Retry-After"))
	}
	unlock()
	if got := p.post(client, "/apps/"+app+"/settings/name", nil, "name", "Tea shop"); got.status != http.StatusSeeOther {
		t.Errorf("a change afterwards: %d %s", got.status, got.body)
	}
}

// age makes the client's session one whose use is to be noted.
func (p realPortal) age(client *http.Client) {
	p.t.Helper()
	u, _ := url.Parse(p.url)
	s := p.server.sessions
	ctx, userID, err := s.load(context.Background(), client.Jar.Cookies(u)[0].Value)
	if err != nil || userID == "" {
		p.t.Fatal(userID, err)
	}
	s.manager.Put(ctx, sessionSeen, time.Now().Add(-2*sessionTouch).Unix())
	if _, _, err := s.manager.Commit(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// lock takes the database's lock as another program would.
func (p realPortal) lock() (unlock func()) {
	p.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(p.dir, "berth.db"))
	if err != nil {
		p.t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		p.t.Fatal(err)
	}
	unlock = func() {
		conn.ExecContext(context.Background(), "ROLLBACK")
		conn.Close()
		db.Close()
	}
	p.t.Cleanup(unlock)
	return unlock
}
