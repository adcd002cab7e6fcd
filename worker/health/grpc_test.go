package health

import (
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	grpchealth "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"berth/core"
)

// TestProbeAnotherGRPC asks the servers that programs really have.
func TestProbeAnotherGRPC(t *testing.T) {
	states := grpchealth.NewServer()
	address := serveGRPC(t, func(s *grpc.Server) { grpc_health_v1.RegisterHealthServer(s, states) })
	states.SetServingStatus("shop.Cart", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	for service, want := range map[string]string{"": "", "shop.Cart": "health.grpc_not_serving", "shop.Till": "health.grpc_unknown"} {
		q := core.Probe{Kind: core.ProbeGRPC, Service: service}
		if got := key(NewProber().Probe(t.Context(), address, q, 5*time.Second)); got != want {
			t.Errorf("%q: %q, want %q", service, got, want)
		}
	}
	none := serveGRPC(t, func(*grpc.Server) {})
	if got := key(NewProber().Probe(t.Context(), none, core.Probe{Kind: core.ProbeGRPC}, 5*time.Second)); got != "health.grpc_missing" {
		t.Errorf("without a health service: %q", got)
	}
}

func serveGRPC(t *testing.T, register func(*grpc.Server)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	register(s)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return l.Addr().String()
}
