package storetest

import (
	"time"

	"berth/core"
)

func testInstances(w *world) {
	first, second := w.newInstance(1, 25701), w.newInstance(1, 25702)
	check(w, first)(w.Instances().Get(w.alice, first.ID))
	check(w, []core.Instance{first, second})(w.Instances().List(w.alice, w.app.ID))
	all, err := w.Instances().List(w.alice, "")
	check(w, []core.Instance{first, second})(all, err)

	now := time.Now()
	changed := first
	changed.ContainerID, changed.Address, changed.State = "c0ffee", "172.17.0.1:25701", core.InstanceReady
	changed.Reason, changed.ExitCode, changed.OOM, changed.Crashes = core.T("reason.x"), 137, true, 2
	changed.RetryAt, changed.StartedAt, changed.ReadyAt, changed.DrainedAt = now, now, now, now
	changed.Exit = core.Exit{At: now, Why: core.T("reason.out_of_memory"), Lines: []string{"panic: 茶 <b>", ""}}
	w.ok(w.Instances().Update(w.system, changed))
	check(w, changed)(w.Instances().Get(w.alice, first.ID))
	changed.RetryAt, changed.OOM = time.Time{}, false
	w.ok(w.Instances().Update(w.system, changed))
	check(w, changed)(w.Instances().Get(w.alice, first.ID))

	idle := w.newApp(w.tenant, "Idle")
	check(w, map[string]core.InstanceCount{w.app.ID: {Ready: 1, Total: 2}})(
		w.Instances().Counts(w.alice, []string{w.app.ID, idle.ID, "nothing"}))
	empty(w)(w.Instances().Counts(w.alice, nil))

	w.fails(w.Instances().Update(w.system, core.Instance{ID: "nothing"}), core.ENOTFOUND)
	w.ok(w.Instances().Delete(w.system, first.ID))
	w.ok(w.Instances().Delete(w.system, first.ID))
	_, err = w.Instances().Get(w.alice, first.ID)
	w.fails(err, core.ENOTFOUND)
}

func testAnswers(w *world) {
	one, two := w.newInstance(1, 25701), w.newInstance(1, 25702)
	at := time.Now().UTC().Truncate(time.Microsecond)
	good := core.HealthAnswer{At: at, Took: 1234567, Asked: core.Probe{Kind: core.ProbeHTTP, Path: "/up"}}
	bad := core.HealthAnswer{At: at, Alive: true, Asked: core.Probe{Kind: core.ProbeTCP}, Problem: core.T("health.status", "status", "503")}
	w.ok(w.Answers().Put(w.system, map[string][]core.HealthAnswer{one.ID: {good}, two.ID: {bad}, "gone": {bad}}))
	w.ok(w.Answers().Put(w.system, map[string][]core.HealthAnswer{one.ID: {bad, good}}))
	w.ok(w.Answers().Put(w.system, nil))
	check(w, map[string][]core.HealthAnswer{one.ID: {bad, good}, two.ID: {bad}})(w.Answers().Answers(w.alice, w.app.ID))
	empty(w)(w.Answers().Answers(w.bob, w.app.ID))
	w.ok(w.Answers().Put(w.bob, map[string][]core.HealthAnswer{one.ID: {good}}))
	w.ok(w.Instances().Delete(w.system, two.ID))
	check(w, map[string][]core.HealthAnswer{one.ID: {bad, good}})(w.Answers().Answers(w.system, w.app.ID))
}

func testInstancePort(w *world) {
	port, err := w.Hosts().TakePort(w.system, w.host.ID, "taken-before")
	w.ok(err)
	i := w.newInstance(1, port+1)
	check(w, map[int]string{port: "taken-before", port + 1: i.ID})(w.Hosts().Ports(w.system, w.host.ID))

	twin := i
	twin.ID = core.NewInstanceID()
	w.fails(w.Instances().Create(w.system, twin), core.ECONFLICT, "port")
	own := i
	own.ID, own.HostPort = "taken-before", port
	w.ok(w.Instances().Create(w.system, own))

	lost := i
	lost.ID, lost.HostID, lost.HostPort = core.NewInstanceID(), "nowhere", 25799
	w.fails(w.Instances().Create(w.system, lost), core.ENOTFOUND)
	lost.HostID, lost.AppID = w.host.ID, "nothing"
	w.fails(w.Instances().Create(w.system, lost), core.ENOTFOUND) // and gives back the port
	w.ok(w.Instances().Delete(w.system, i.ID))
	check(w, map[int]string{port: "taken-before"})(w.Hosts().Ports(w.system, w.host.ID))
}

func testHosts(w *world) {
	h := core.Host{ID: "h" + core.NewInstanceID(), Name: "big", Address: "10.0.0.7",
		Labels: map[string]string{"disk": "ssd"}, Memory: 64 * core.GiB, CPU: 16000, Arch: "amd64", OS: "linux",
		Engine: "Docker 20.10.24", PortFrom: 26000, PortTo: 26001, Cordoned: true, Status: core.HostUp,
		Reason: core.T("reason.x"), SeenAt: time.Now()}
	w.ok(w.Hosts().Put(w.system, h))
	check(w, h)(w.Hosts().Get(w.system, h.ID))
	h.Cordoned, h.Labels, h.Status = false, nil, core.HostDown
	w.ok(w.Hosts().Put(w.system, h))
	check(w, h)(w.Hosts().Get(w.system, h.ID))

	list, err := w.Hosts().List(w.system)
	w.ok(err)
	if len(list) < 2 || list[0].ID != h.ID {
		w.Fatalf("%q does not come before %q", h.Name, w.host.Name)
	}
	_, err = w.Hosts().Get(w.system, "nowhere")
	w.fails(err, core.ENOTFOUND)
	w.ok(w.Hosts().Put(w.system, core.Host{ID: h.ID, Name: "zz"})) // out of the way of the other tests
}

func testHostUse(w *world) {
	r := w.newRelease(w.newVersion("1.0"))
	w.newInstance(r.Number, 25701)
	w.newInstance(r.Number, 25702)
	_, err := w.Hosts().TakePort(w.system, w.host.ID, core.NewInstanceID())
	w.ok(err)
	use, err := w.Hosts().Use(w.system)
	w.ok(err)
	same(w, use[w.host.ID], core.HostUse{Memory: 128 * core.MiB, CPU: 500, Instances: 2, Ports: 3})
}

func testPorts(w *world) {
	h := w.host
	h.ID, h.PortFrom, h.PortTo = "h"+core.NewInstanceID(), 26000, 26002
	w.ok(w.Hosts().Put(w.system, h))
	take := func(id string, want int) {
		w.Helper()
		check(w, want)(w.Hosts().TakePort(w.system, h.ID, h.ID+id))
	}
	take("a", 26000)
	take("b", 26001)
	take("b", 26001) // asked twice, taken once
	w.ok(w.Hosts().FreePort(w.system, h.ID+"a"))
	w.ok(w.Hosts().FreePort(w.system, h.ID+"a"))
	take("c", 26002) // 26000 rests as long as others are free
	take("d", 26000)
	_, err := w.Hosts().TakePort(w.system, h.ID, h.ID+"e")
	w.fails(err, core.ECONFLICT)
	check(w, map[int]string{26000: h.ID + "d", 26001: h.ID + "b", 26002: h.ID + "c"})(w.Hosts().Ports(w.system, h.ID))

	h.PortFrom, h.PortTo = 27000, 27000 // the operator moves the pool
	w.ok(w.Hosts().Put(w.system, h))
	take("e", 27000)
	_, err = w.Hosts().TakePort(w.system, "nowhere", "x")
	w.fails(err, core.ENOTFOUND)
	_, err = w.Hosts().TakePort(w.system, w.host.ID, h.ID+"e")
	w.fails(err, core.ECONFLICT) // an instance is on one host
}

func testOperations(w *world) {
	first, second := w.newOperation(), w.newOperation()
	check(w, first)(w.Operations().Get(w.alice, first.ID))
	check(w, []core.Operation{first, second})(w.Operations().Open(w.alice, w.app.ID))
	check(w, []core.Operation{second, first})(w.Operations().List(w.alice, w.app.ID, 0))
	check(w, []core.Operation{second})(w.Operations().List(w.alice, w.app.ID, 1))

	done := first
	done.Status, done.EndedAt, done.Error = core.OpFailed, time.Now(), core.T("error.x", "code", "1")
	done.LogTail = []string{"panic: oh", "\x1b[31mred\x1b[0m 🍵"}
	done.SetStep(core.StepPlaced, core.StepRunning, core.T("step.placed", "host", "local"), time.Now())
	attempt := done
	attempt.Author, attempt.Kind = "Mallory", core.OpDelete
	w.ok(w.Operations().Update(w.system, attempt))
	check(w, done)(w.Operations().Get(w.alice, first.ID))
	check(w, []core.Operation{second})(w.Operations().Open(w.alice, w.app.ID))
	w.fails(w.Operations().Update(w.system, core.Operation{ID: "nothing"}), core.ENOTFOUND)

	check(w, 0)(w.Operations().PruneApp(w.system, w.app.ID, 2, 10))
	check(w, 1)(w.Operations().PruneApp(w.system, w.app.ID, 0, 10)) // the other goes on
	check(w, []core.Operation{second})(w.Operations().List(w.alice, w.app.ID, 0))

	old := w.newOperation()
	open, over := old, old
	long := time.Now().Add(-100 * 24 * time.Hour)
	open.ID, over.ID, over.Status = core.NewIDAt(long), core.NewIDAt(long), core.OpSucceeded
	w.ok(w.Operations().Create(w.alice, open))
	w.ok(w.Operations().Create(w.alice, over))
	w.ok(w.Apps().Delete(w.system, w.app.ID)) // which its operations outlive
	for n := 1; n > 0; {                      // other tests leave older ones
		var err error
		n, err = w.Operations().Prune(w.system, time.Now().Add(-90*24*time.Hour), 10)
		w.ok(err)
	}
	check(w, open)(w.Operations().Get(w.system, open.ID))
	check(w, old)(w.Operations().Get(w.system, old.ID))
	_, err := w.Operations().Get(w.system, over.ID)
	w.fails(err, core.ENOTFOUND)
}

func testEvents(w *world) {
	var all []core.Event // newest first
	for range 4 {
		e := core.NewEvent(w.app, core.LevelWarning, "crashed", "code", "137")
		e.Cause = core.T("reason.signal", "signal", "killed")
		e.InstanceID, e.Author = "i1", "Alice"
		w.ok(w.Events().Create(w.alice, e))
		all = append([]core.Event{e}, all...)
		time.Sleep(2 * time.Millisecond) // ids sort by the millisecond
	}
	quiet := w.newApp(w.tenant, "Quiet")
	check(w, all)(w.Events().List(w.alice, core.EventFilter{AppID: w.app.ID}))
	check(w, all)(w.Events().List(w.alice, core.EventFilter{TenantID: w.tenant.ID}))
	check(w, all[:2])(w.Events().List(w.alice, core.EventFilter{Limit: 2}))
	check(w, all[2:])(w.Events().List(w.alice, core.EventFilter{AppID: w.app.ID, Before: all[1].ID}))
	empty(w)(w.Events().List(w.alice, core.EventFilter{AppID: quiet.ID}))
	check(w, map[string]core.Event{w.app.ID: all[0]})(w.Events().Latest(w.alice, []string{w.app.ID, quiet.ID, "nothing"}))
	empty(w)(w.Events().Latest(w.alice, nil))

	check(w, 0)(w.Events().PruneApp(w.system, w.app.ID, 4, 10))
	check(w, 0)(w.Events().PruneApp(w.system, quiet.ID, 0, 10))
	check(w, 1)(w.Events().PruneApp(w.system, w.app.ID, 2, 1))
	check(w, all[:3])(w.Events().List(w.alice, core.EventFilter{AppID: w.app.ID}))
	check(w, 1)(w.Events().PruneApp(w.system, w.app.ID, 2, 10))
	check(w, all[:2])(w.Events().List(w.alice, core.EventFilter{AppID: w.app.ID}))
	w.ok(w.Events().Create(w.alice, withID(all[0], core.NewIDAt(time.Now().Add(-100*24*time.Hour)))))
	for n := 1; n > 0; { // other tests leave older ones
		var err error
		n, err = w.Events().Prune(w.system, time.Now().Add(-90*24*time.Hour), 10)
		w.ok(err)
	}
	check(w, all[:2])(w.Events().List(w.alice, core.EventFilter{AppID: w.app.ID}))
}

func withID(e core.Event, id string) core.Event {
	e.ID = id
	return e
}

func testUploads(w *world) {
	u := w.newUpload()
	check(w, u)(w.Uploads().Get(w.alice, u.ID))
	changed := u
	changed.Received, changed.State, changed.Digest, changed.ImageSize = core.GiB, core.UploadReady, "sha256:x", core.MiB
	changed.Detected = core.Detected{OS: "linux", Arch: "amd64", Entrypoint: []string{"/shop"}, Created: time.Now().UTC()}
	changed.Error, changed.ExpiresAt = core.T("error.x"), time.Now().Add(-time.Minute)
	w.ok(w.Uploads().Update(w.alice, changed))
	check(w, changed)(w.Uploads().Get(w.alice, u.ID))

	fresh := w.newUpload()
	check(w, []core.Upload{fresh, changed})(w.Uploads().List(w.alice, w.tenant.ID))
	empty(w)(w.Uploads().List(w.bob, w.tenant.ID))
	expired, err := w.Uploads().Expired(w.system, time.Now())
	w.ok(err)
	ids := map[string]bool{}
	for _, e := range expired {
		ids[e.ID] = true
	}
	same(w, []bool{ids[u.ID], ids[fresh.ID]}, []bool{true, false})

	w.fails(w.Uploads().Update(w.alice, core.Upload{ID: "nothing"}), core.ENOTFOUND)
	w.ok(w.Uploads().Delete(w.alice, u.ID))
	w.ok(w.Uploads().Delete(w.alice, u.ID))
	_, err = w.Uploads().Get(w.alice, u.ID)
	w.fails(err, core.ENOTFOUND)
}
