package store_test

import (
	"bytes"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/core"
	"berth/core/store"
)

const (
	plainSecret = "correct-horse-battery-staple"
	plainName   = "findable-all-the-same"
)

// newSecrets writes a secret wherever there is room for one.
func newSecrets(t *testing.T, s core.Store) core.App {
	t.Helper()
	app := newApp(t, s)
	app.Name = plainName
	ok(t, s.Apps().UpdateSpec(system(t), app))
	spec := core.ReleaseSpec{Memory: core.MiB, Command: []string{"serve", "--password=" + plainSecret},
		Env: []core.EnvVar{{Name: "PASSWORD", Value: plainSecret, Secret: true}, {Name: "DSN", Value: "x:" + plainSecret}}}
	_, err := s.Releases().Create(system(t), core.Release{AppID: app.ID, TenantID: app.TenantID, Spec: spec})
	ok(t, err)
	values := map[string]string{"password": plainSecret}
	ok(t, s.Credentials().Put(system(t), core.Credentials{AppID: app.ID, Values: values}))
	user := core.User{ID: app.ID, Email: app.ID + "@example.com", Name: "Person"}
	ok(t, s.Users().Create(system(t), user))
	ok(t, s.TwoFactors().Put(system(t), core.TwoFactor{UserID: user.ID, Secret: plainSecret}))
	channel := core.AlertChannel{ID: core.NewID(), TenantID: app.TenantID, Name: "Hook", Kind: core.ChannelWebhook}
	ok(t, s.Alerts().PutChannel(system(t), channel, &core.AlertTarget{URL: "https://example.com/" + plainSecret, Secret: plainSecret}))
	drain := core.LogDrain{TenantID: app.TenantID, ID: "archive", Name: "Archive", Kind: core.DrainHTTP}
	ok(t, s.LogDrains().Create(system(t), drain, core.DrainTarget{URL: "https://logs.example.com/" + plainSecret, Header: "X-Key", Secret: plainSecret}))
	return app
}

// testSealed looks through every file of the database, logs and journals included.
func testSealed(t *testing.T, fresh fresh) {
	o, dir := fresh(t)
	newSecrets(t, open(t, o))
	if found(t, dir, plainName) == "" {
		t.Fatal("not even the name of the app is in the files: this test looks in the wrong place")
	}
	if file := found(t, dir, plainSecret); file != "" {
		t.Fatalf("%s holds the secret", file)
	}
}

func found(t *testing.T, dir, text string) (file string) {
	t.Helper()
	ok(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			file = path
		}
		return err
	}))
	return file
}

// testWrongKey: a key that was lost is said in as many words, and never read as an empty environment.
func testWrongKey(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	app := newSecrets(t, open(t, o))
	o.Key = bytes.Repeat([]byte{7}, 32)
	s := open(t, o)
	_, err := s.Releases().Get(system(t), app.ID, 1)
	unreadable(t, err)
	_, err = s.Releases().List(system(t), app.ID, 0, 10)
	unreadable(t, err)
	_, err = s.Credentials().Get(system(t), app.ID)
	unreadable(t, err)
	_, err = s.TwoFactors().Get(system(t), app.ID)
	unreadable(t, err)
	_, err = s.LogDrains().Open(system(t), app.TenantID, "archive")
	unreadable(t, err)
}

// testSealMoved: who can write to the database still cannot have one app run with the secrets of another.
func testSealMoved(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	s := open(t, o)
	victim, thief := newSecrets(t, s), newSecrets(t, s)
	db := raw(t, o)
	for _, table := range []string{"releases", "credentials"} {
		var sealed []byte
		ok(t, db.QueryRow("SELECT sealed FROM "+table+" WHERE app_id = ?", victim.ID).Scan(&sealed))
		_, err := db.Exec("UPDATE "+table+" SET sealed = ? WHERE app_id = ?", sealed, thief.ID)
		ok(t, err)
	}
	_, err := s.Releases().Get(system(t), thief.ID, 1)
	unreadable(t, err)
	_, err = s.Credentials().Get(system(t), thief.ID)
	unreadable(t, err)
	_, err = db.Exec("UPDATE credentials SET sealed = ''")
	ok(t, err)
	_, err = s.Credentials().Get(system(t), thief.ID)
	unreadable(t, err)
}

func unreadable(t *testing.T, err error) {
	t.Helper()
	if core.ErrorMessage(err).Key != "error.sealed_unreadable" || strings.Contains(err.Error(), plainSecret) {
		t.Fatalf("got %v, want error.sealed_unreadable", err)
	}
}

// raw opens the database past the store.
func raw(t testing.TB, o store.Options) *sql.DB {
	t.Helper()
	driver, dsn := "mysql", o.DSN
	if o.Driver == "sqlite" {
		driver, dsn = "sqlite", "file:"+filepath.Join(o.Dir, "berth.db")+"?_busy_timeout=5000"
	}
	db, err := sql.Open(driver, dsn)
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}
