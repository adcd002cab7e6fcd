package testenv

import (
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// ImageRegistry is an image registry in memory, for what needs one and is not about Berth's own.
type ImageRegistry struct{ Host string }

// StartImageRegistry starts a registry on a loopback port until the test ends.
func StartImageRegistry(t testing.TB) ImageRegistry {
	t.Helper()
	return StartImageRegistryAt(t, "127.0.0.1")
}

// StartImageRegistryAt is StartImageRegistry for engines that reach this machine at another address.
func StartImageRegistryAt(t testing.TB, address string) ImageRegistry {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	check(t, err)
	srv := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return ImageRegistry{Host: l.Addr().String()}
}

// Push stores an image in repo and returns its digest.
func (r ImageRegistry) Push(t testing.TB, repo string, img v1.Image) string {
	t.Helper()
	digest, err := img.Digest()
	check(t, err)
	ref, err := name.NewDigest(r.Host+"/"+repo+"@"+digest.String(), name.Insecure)
	check(t, err)
	check(t, remote.Write(ref, img))
	return digest.String()
}
