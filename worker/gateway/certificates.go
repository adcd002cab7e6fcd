package gateway

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"sync"

	"berth/core"
)

// certificates are what the gateway presents, by the names that clients ask for. The watch of the registry changes
// them; a handshake looks one up.
type certificates struct {
	sealer core.Sealer // nil: none can be opened, and none is kept

	mu     sync.RWMutex
	byName map[string][]*certificate // as published: "*.example.com" too; the one to present first
	byID   map[string]*certificate   // the watch's own
}

// certificate is one that is published. It is never changed, but replaced.
type certificate struct {
	core.PublishedCertificate
	tls tls.Certificate
}

func newCertificates(s core.Sealer) *certificates {
	return &certificates{sealer: s, byName: map[string][]*certificate{}, byID: map[string]*certificate{}}
}

// find returns the certificate for a name as appendDomain has it, or for the wildcard that covers it; nil for none.
func (s *certificates) find(name string) *certificate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := s.byName[name]
	if list == nil {
		if dot := strings.IndexByte(name, '.'); dot > 0 {
			list = s.byName["*"+name[dot:]]
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// apply makes a change of the registry and returns what cannot be used. A certificate that was published under the
// same id before stays in force then.
func (s *certificates) apply(c core.RegistryChange) []core.RefusedEntry {
	if s.sealer == nil {
		return nil
	}
	var refused []core.RefusedEntry
	present := map[string]bool{}
	for _, p := range c.Certificates {
		present[p.ID] = true
		if err := s.put(p); err != nil {
			refused = append(refused, core.RefusedEntry{Path: "/caas/gateway/certificate/" + p.ID, Reason: err.Error()})
		}
	}
	for _, id := range c.RemovedCertificates {
		s.replace(s.byID[id], nil)
	}
	if c.Reset {
		for id, old := range s.byID {
			if !present[id] {
				s.replace(old, nil)
			}
		}
	}
	return refused
}

func (s *certificates) put(p core.PublishedCertificate) error {
	old := s.byID[p.ID]
	if old != nil && samePublished(old.PublishedCertificate, p) {
		return nil
	}
	next, err := s.open(p)
	if err != nil {
		return err
	}
	s.replace(old, next)
	return nil
}

func samePublished(a, b core.PublishedCertificate) bool {
	return a.Chain == b.Chain && string(a.SealedKey) == string(b.SealedKey) && slices.Equal(a.Names, b.Names)
}

// open checks that the key can be opened and belongs to the certificate.
func (s *certificates) open(p core.PublishedCertificate) (*certificate, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	key, err := s.sealer.Open(p.ID, p.SealedKey)
	if err != nil {
		return nil, errors.New("its key was sealed by another secret-key")
	}
	pair, err := tls.X509KeyPair([]byte(p.Chain), key)
	clear(key)
	if err != nil {
		return nil, err
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, err
		}
	}
	return &certificate{PublishedCertificate: p, tls: pair}, nil
}

// replace puts next in the place of old; each may be nil. A handshake sees the one or the other.
func (s *certificates) replace(old, next *certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old != nil {
		delete(s.byID, old.ID)
		for _, name := range old.Names {
			s.setName(name, slices.DeleteFunc(slices.Clone(s.byName[name]), func(c *certificate) bool { return c == old }))
		}
	}
	if next != nil {
		s.byID[next.ID] = next
		for _, name := range next.Names {
			s.setName(name, append(slices.Clone(s.byName[name]), next))
		}
	}
}

// setName puts the certificate first that is valid longest.
func (s *certificates) setName(name string, list []*certificate) {
	if len(list) == 0 {
		delete(s.byName, name)
		return
	}
	slices.SortStableFunc(list, func(a, b *certificate) int {
		return cmp.Or(b.tls.Leaf.NotAfter.Compare(a.tls.Leaf.NotAfter), cmp.Compare(a.ID, b.ID))
	})
	s.byName[name] = list
}

// size returns how many there are.
func (s *certificates) size() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.byID)
}

// Certificate returns what is presented for a name, which may be that of a wildcard; nil for none.
func (g *Gateway) Certificate(name string) *tls.Certificate {
	if c := g.certificates.find(name); c != nil {
		return &c.tls
	}
	return nil
}
