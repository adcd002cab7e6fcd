// Package handlers answers requests: parse, one call of the service, render. Pages and the API lie side by side, one
// noun a file; api_*.go speak JSON.
package handlers

import (
	"context"
	"time"

	"berth/core"
	"berth/views/i18n"
)

// Handlers holds what every handler needs.
type Handlers struct {
	Service    Service
	Sessions   Sessions
	Provider   Provider // that people may sign in with; nil for none
	Messages   *i18n.Bundle
	Asset      func(name string) string // the address of a file of static/: "app.css" -> "/static/app.<hash>.css"
	PortalURL  string                   // the only base of links that leave the portal, e.g. in a setup link
	BaseDomain string                   // an app answers at {appId}.{BaseDomain}
	GatewayURL string                   // scheme and port of the gateway, e.g. "http://localhost:8000", for links to apps

	// Machine looks at what this machine lacks, for the page of the first start; nil has nothing to say.
	Machine func(ctx context.Context) []Finding

	Recheck time.Duration // how often what stays open asks whether its actor may still look; 0 takes 20 s

	streams streams
	write   time.Duration // how long one message of a stream may take to go out; 0 takes 10 s
}

// Finding is what was found of one part of the machine.
type Finding struct {
	Good bool
	What core.Text // how it is
	Next core.Text // what to do about it; zero when nothing is to be done
}
