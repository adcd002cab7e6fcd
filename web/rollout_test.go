package web

import (
	"context"
	"net/http"
	"time"

	"berth/core"
)

// beside has a blue-green release wait to be switched to.
func beside(p realPortal, w auditWalk) string {
	p.must(202, http.MethodPost, "/apps/"+w.app+"/releases", object{"version": "1.0", "strategy": object{"kind": "blue_green"}}, nil)
	return ""
}

// served has the first release be online, and a second version there.
func served(p realPortal, w auditWalk) string {
	released(p, w)
	p.upload(w.app, "2.0")
	ctx := core.WithActor(context.Background(), core.System())
	r, err := p.store.Releases().Get(ctx, w.app, 1)
	if err == nil {
		r.Status, r.OnlineAt = core.ReleaseLive, time.Now()
		err = p.store.Releases().UpdateStatus(ctx, r)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return ""
}

// onTrial has a trial be under way.
func onTrial(p realPortal, w auditWalk) string {
	served(p, w)
	p.must(202, http.MethodPost, "/apps/"+w.app+"/canary", object{"version": "2.0"}, nil)
	return ""
}
