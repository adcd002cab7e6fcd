package storetest

import (
	"strings"
	"time"

	"berth/core"
)

// testBytes: what a program gets is what a person typed.
func testBytes(w *world) {
	values := []string{"", "line\nline\r\n", `'single' "double" ` + "`back`", `$HOME ${X} %s \n \`, "\t\x01\x7f", "🍵 茶 é é",
		"<script>&amp;", "\xff\xfe not UTF-8", strings.Repeat("x", 400*1024)}
	r := core.Release{AppID: w.app.ID, TenantID: w.tenant.ID, CreatedAt: time.Now()}
	for i, v := range values {
		r.Spec.Env = append(r.Spec.Env, core.EnvVar{Name: "V" + string(rune('A'+i)), Value: v, Secret: i%2 == 0})
	}
	r.Spec.Command = values[:8]
	var err error
	r.Number, err = w.Releases().Create(w.alice, r)
	w.ok(err)
	check(w, r)(w.Releases().Get(w.alice, w.app.ID, r.Number))

	c := core.Credentials{AppID: w.app.ID, Values: map[string]string{}, CreatedAt: time.Now()}
	for _, v := range r.Spec.Env {
		c.Values[v.Name] = v.Value
	}
	w.ok(w.Credentials().Put(w.alice, c))
	check(w, c)(w.Credentials().Get(w.alice, w.app.ID))

	for _, name := range []string{"O'Neill's 茶 shop", "Ünï.Cödé-1", "a b"} {
		a := w.newApp(w.tenant, name)
		check(w, a)(w.Apps().Get(w.alice, a.ID))
	}
	u := w.newUpload()
	u.ID, u.FileName = core.NewID(), `<b>"🍵"</b>`+"\r\n\x1b]52;.tar"
	w.ok(w.Uploads().Create(w.alice, u))
	check(w, u)(w.Uploads().Get(w.alice, u.ID))
}

// testTimes: whatever the zone, times come back as the same moment, in UTC, to the microsecond, in order.
func testTimes(w *world) {
	east := time.FixedZone("east", 8*3600)
	base := time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC)
	var labels []string
	for i, at := range []time.Time{base, base.Add(time.Microsecond).In(east), base.Add(100 * time.Millisecond),
		base.Add(120*time.Millisecond + 999).In(east), base.Add(time.Second)} {
		v := w.newVersion("x" + core.NewInstanceID())
		w.ok(w.Versions().Delete(w.alice, v.ID))
		v.Label, v.CreatedAt = string(rune('a'+i)), at
		w.ok(w.Versions().Create(w.alice, v))
		got, err := w.Versions().Get(w.alice, v.ID)
		w.ok(err)
		if got.CreatedAt != at.UTC().Truncate(time.Microsecond) {
			w.Fatalf("%v came back as %v", at, got.CreatedAt)
		}
		labels = append([]string{v.Label}, labels...)
	}
	list, err := w.Versions().List(w.alice, w.app.ID)
	w.ok(err)
	for i, v := range list {
		same(w, v.Label, labels[i])
	}
	o := w.newOperation()
	o.EndedAt = time.Time{}
	w.ok(w.Operations().Update(w.system, o))
	got, err := w.Operations().Get(w.alice, o.ID)
	w.ok(err)
	if !got.EndedAt.IsZero() || !got.Steps[1].Started.IsZero() || got.Steps[0].Started.Location() != time.UTC {
		w.Fatalf("zero or zone lost: %v, %v, %v", got.EndedAt, got.Steps[1].Started, got.Steps[0].Started)
	}
}

// testOddIDs: an id from an address bar is anything at all, and never a fault of the database.
func testOddIDs(w *world) {
	odd := []string{"", "0", "-1", "../x", "9223372036854775808", "é", "🍵", "\xff", "a\x00b", "'; DROP TABLE apps; --",
		w.app.ID + " ", strings.ToUpper(w.app.ID), "%", strings.Repeat("a", 10000)}
	for _, id := range odd {
		for name, get := range w.gets(id) {
			if err := get(w.alice); core.ErrorCode(err) != core.ENOTFOUND {
				w.Errorf("%s %q: got %v, want not_found", name, id, err)
			}
		}
		_, _, err := w.Apps().List(w.alice, core.AppFilter{TenantID: id, Search: id})
		w.ok(err)
		_, err = w.Events().List(w.alice, core.EventFilter{AppID: id, Before: id})
		w.ok(err)
	}
}
