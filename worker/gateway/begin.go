package gateway

import (
	"context"
	"time"
)

// routesWait is how long clients wait to be accepted while the gateway knows no routes yet.
const routesWait = 5 * time.Second

// awaitRoutes returns when the gateway knows what to serve. Clients that come earlier wait in the listener's queue:
// to them a gateway that starts is slow, and not one that does not know their domain.
func (g *Gateway) awaitRoutes(ctx context.Context) {
	timer := time.NewTimer(routesWait)
	defer timer.Stop()
	select {
	case <-g.table.told:
	case <-ctx.Done():
	case <-timer.C:
		g.Log.Error("the gateway serves without knowing any routes: the registry does not answer, and there is no snapshot")
	}
}
