package traffic

import (
	"context"
	"testing"

	"berth/core"
)

// listed is a registry that lists what the test says.
type listed []core.GatewayNode

func (l *listed) Gateways(context.Context) ([]core.GatewayNode, error) { return *l, nil }

// A gateway is away until its counts are read, when it is new and when it is listed again: those that reckon with the
// counts would take what it counted until then for something that happens now.
func TestAGatewayIsAwayUntilItIsRead(t *testing.T) {
	registry := &listed{{ID: "one", Stats: "127.0.0.1:1"}}
	r := NewReader(Options{Registry: registry})
	away := func(want bool) {
		t.Helper()
		if got := r.Gateways(); len(got) != 1 || got[0].Away != want {
			t.Errorf("%+v, want away %v", got, want)
		}
	}
	for range 2 {
		asked := r.find(t.Context())
		away(true)
		r.merge(asked[0], Stats{Process: "p"})
		away(false)
		r.find(t.Context())
		away(false)
		all := *registry
		*registry = nil
		r.find(t.Context())
		*registry = all
	}
}
