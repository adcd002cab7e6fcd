package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
)

// Ports for servers of tests. The kernel gives none of them to a connection that begins here, as it does from 32768 on,
// so that a server that is stopped finds its own free when it starts again, whatever runs beside it.
const firstPort, ports = 20000, 5000

var (
	begin = rand.Uint32N(ports) // elsewhere in each process, since packages are tested side by side
	tried atomic.Uint32
)

// FreePort returns a port of loopback that nothing listens at, and that this process was not given before.
func FreePort(t testing.TB) int {
	t.Helper()
	for range ports {
		port := firstPort + int((begin+tried.Add(1))%ports)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port of loopback is free")
	return 0
}

// FreeAddress is FreePort with the address before it.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", FreePort(t))
}
