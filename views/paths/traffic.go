package paths

import (
	"strconv"
	"time"

	"berth/core"
)

// Traffic shows what happened to an app in a range; "" takes the shortest.
func Traffic(app string, r core.TrafficRange) string {
	return with(App(app)+"/traffic", "range", string(r))
}

// TrafficLive streams the traffic of the last seconds.
func TrafficLive(app string) string { return App(app) + "/traffic/live" }

// Requests lists the requests of an app that match.
func Requests(app string, q core.AccessQuery) string { return requests(App(app)+"/requests", q) }

// RequestsFile is the same as a table for spreadsheets.
func RequestsFile(app string, q core.AccessQuery) string {
	return requests(App(app)+"/requests.csv", q)
}

// RequestsSocket streams those to come.
func RequestsSocket(app string, q core.AccessQuery) string {
	q.Before = time.Time{}
	return requests(App(app)+"/requests/socket", q)
}

func requests(path string, q core.AccessQuery) string {
	before := ""
	if !q.Before.IsZero() {
		before = strconv.FormatInt(q.Before.UnixMicro(), 10)
	}
	return with(path, "status", q.Status, "path", q.Path, "source", q.Source, "cursor", before)
}
