package snapshot

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/worker/registry/memory"
	"berth/worker/registry/registrytest"
)

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Parts {
		r := memory.New()
		return registrytest.Parts{
			Writer: r,
			Reader: keep(t, r, filepath.Join(t.TempDir(), "snapshot")),
			Config: func(string) []byte { return nil },
			Gateways: func() (ids []string) {
				all, err := r.Gateways(t.Context())
				registrytest.Must(t, err)
				for _, g := range all {
					ids = append(ids, g.ID)
				}
				return ids
			},
		}
	}, "ConfigComesAndGoes") // that is not a reader's
}

// F6: a gateway that starts while the registry is away serves what was known, says how old it is, and takes over in
// full what the registry tells when it is back.
func TestServesWhileTheRegistryIsAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "snapshot")
	filled := fill(t, memory.New())
	before := keep(t, filled, path)
	v := registrytest.Watch(t, before)
	eventually(t, "saved", func() bool { return !before.State().Saved.IsZero() })
	long := time.Now().Add(-3 * time.Hour)
	registrytest.Must(t, os.Chtimes(path, long, long))

	away := memory.NewUnfilled(core.RegistryRoutes)
	after := keep(t, away, path)
	w := registrytest.Watch(t, after)
	p := registrytest.Examples()
	w.WaitRoute(v.Routes()["shop.localhost"])
	w.WaitAddresses("shop", registrytest.Address("shop", "1.0", "c1", 25700))
	w.WaitPublished(p)
	if s := after.State(); !s.Loaded || time.Since(s.Seen).Round(time.Minute) != 3*time.Hour || s.Entries != 5 {
		t.Errorf("state %+v", s)
	}
	tea := registrytest.Route("tea.localhost", "tea", nil)
	registrytest.Must(t, away.PutRoute(t.Context(), tea))
	away.Filled(core.RegistryRoutes)
	w.WaitRoute(tea)
	w.WaitNoRoute("shop.localhost")
	w.WaitAddresses("shop")
	if s := after.State(); s.Loaded || time.Since(s.Seen) > time.Minute || s.Entries != 1 {
		t.Errorf("state %+v", s)
	}
	eventually(t, "the new state is saved", func() bool { n, _, err := Check(path); return n == 1 && err == nil })
}

// What was changed, cut off or added to is ignored, and that is said.
func TestABrokenSnapshotIsIgnored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	r := keep(t, fill(t, memory.New()), path)
	registrytest.Watch(t, r)
	eventually(t, "saved", func() bool { return !r.State().Saved.IsZero() })
	whole, err := os.ReadFile(path)
	registrytest.Must(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
	for name, data := range map[string]string{
		"empty":     "",
		"rubbish":   "rubbish\n",
		"cut off":   string(whole[:len(whole)/2]),
		"no sum":    string(whole[:bytes.LastIndex(whole, []byte(lastLine))]),
		"changed":   strings.Replace(string(whole), "172.17.0.1:25700", "172.17.0.1:25701", 1),
		"added to":  string(whole) + "r {}\n",
		"of before": strings.Replace(string(whole), "snapshot 1", "snapshot 0", 1),
		"long line": strings.Repeat("x", 3<<20),
	} {
		broken := filepath.Join(t.TempDir(), "snapshot")
		registrytest.Must(t, os.WriteFile(broken, []byte(data), 0o600))
		away := memory.NewUnfilled(core.RegistryRoutes)
		after := keep(t, away, broken)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			after.Watch(ctx, func(c core.RegistryChange) {
				if len(c.Routes) > 0 {
					t.Errorf("%s: it serves %v", name, c)
				}
			})
		}()
		eventually(t, name+" is reported", func() bool { return after.State().Err != nil })
		away.Filled(core.RegistryRoutes)
		eventually(t, name+" is replaced", func() bool { n, _, err := Check(broken); return n == 0 && err == nil })
		cancel()
		<-ended
	}
}

// It is written when something has changed, and not else; what a stop finds unsaved is saved.
func TestSavedOnChangeOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot")
	inner := fill(t, memory.New())
	r := keep(t, inner, path)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	seen := make(chan core.RegistryChange, 100)
	go func() { defer close(ended); r.Watch(ctx, func(c core.RegistryChange) { seen <- c }) }()
	<-seen
	eventually(t, "saved", func() bool { return !r.State().Saved.IsZero() })
	saved := r.State().Saved
	r.Save()
	if !r.State().Saved.Equal(saved) {
		t.Error("it was written although nothing has changed")
	}
	registrytest.Must(t, inner.PutRoute(t.Context(), registrytest.Route("tea.localhost", "tea", nil)))
	<-seen
	cancel()
	<-ended
	if n, _, err := Check(path); err != nil || n != 6 {
		t.Errorf("%d entries, %v", n, err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// fill publishes one of each kind.
func fill(t *testing.T, r *memory.Registry) *memory.Registry {
	t.Helper()
	p := registrytest.Examples()
	registrytest.Must(t, r.Register(t.Context(), registrytest.Address("shop", "1.0", "c1", 25700)))
	registrytest.Must(t, r.PutRoute(t.Context(), registrytest.Route("shop.localhost", "shop", map[string]int{"1.0": 100})))
	registrytest.Must(t, r.PutTCPRoute(t.Context(), p.TCP))
	registrytest.Must(t, r.PutCertificate(t.Context(), p.Certificate))
	registrytest.Must(t, r.PutChallenge(t.Context(), p.Challenge))
	return r
}

func keep(_ *testing.T, r core.Registry, path string) *Registry {
	return Keep(r, Options{Path: path, Wait: 50 * time.Millisecond})
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
