package docker

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"

	"berth/core"
)

// isolation keeps tenants' networks from the host, from each other and from what only the host may reach, with a
// table of rules of its own in the kernel's packet filter:
//
//	input    from a tenant's bridge to the host: only answers, and what asks a gateway that listens for everybody
//	forward  from a tenant's bridge: to its own bridge and to elsewhere; not to another bridge of the engine, not
//	         to a published port, not to link-local addresses and the like
//	         to a tenant's bridge from outside: only published ports and answers
//
// The rules know bridges by the prefix of their names, so they hold for every network, of every installation, from
// its first moment. The engine's own rules stay as they are; a packet has to pass both.
type isolation struct {
	owner    string           // the installation
	gateways []netip.AddrPort // of it; see Options.Gateways
	pool     netip.Prefix
	log      *slog.Logger

	mu   sync.Mutex
	done bool // the rules were in force before
}

// ensureTries is how often the rules are put in force anew when somebody else changes the packet filter meanwhile.
const ensureTries = 3

// ensure puts the rules in force where they are not. It is cheap when they are.
func (i *isolation) ensure() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	var err error
	for range ensureTries {
		var c *nftables.Conn
		if c, err = nftables.New(); err == nil {
			err = i.mend(c)
		}
		if err == nil {
			return nil
		}
	}
	return core.Wrap(err, core.EUNAVAILABLE, "error.engine_isolation")
}

func (i *isolation) mend(c *nftables.Conn) error {
	r := newRuleset()
	if !r.inForce(c) {
		if i.done {
			i.log.Warn("the rules that keep tenants apart were changed or swept away; they are put back")
		}
		if err := r.install(c); err != nil {
			return err
		}
	}
	i.done = true
	if err := mendSiblings(c, r.siblings); err != nil {
		return err
	}
	if err := i.mendGateways(c, r.gateways); err != nil {
		return err
	}
	return c.Flush()
}

// admit lets the containers on a bridge talk to each other, where the kernel filters packets inside a bridge too.
func (i *isolation) admit(bridge string) error {
	if _, err := net.InterfaceByName(bridge); err != nil {
		return core.Wrap(err, core.EUNAVAILABLE, "error.engine_not_local")
	}
	return i.ensure()
}

// inForce reports whether the chains hold exactly today's rules, by the mark on each.
func (r *ruleset) inForce(c *nftables.Conn) bool {
	for _, chain := range r.chains {
		rules, err := c.GetRules(r.table, chain.Chain)
		if err != nil || len(rules) != len(chain.rules) {
			return false
		}
		for _, rule := range rules {
			if mark, _ := userdata.GetString(rule.UserData, userdata.TypeComment); mark != ruleMark {
				return false
			}
		}
	}
	return true
}

// install replaces all rules in one transaction; there is no moment without them.
func (r *ruleset) install(c *nftables.Conn) error {
	c.AddTable(r.table)
	for _, set := range []*nftables.Set{r.siblings, r.gateways} {
		if err := c.AddSet(set, nil); err != nil {
			return err
		}
	}
	for _, chain := range r.chains {
		c.AddChain(chain.Chain)
		c.FlushChain(chain.Chain)
		for _, exprs := range chain.rules {
			c.AddRule(&nftables.Rule{Table: r.table, Chain: chain.Chain, Exprs: exprs,
				UserData: userdata.AppendString(nil, userdata.TypeComment, ruleMark)})
		}
	}
	return c.Flush()
}

// mendSiblings has the set hold a pair for every tenant's bridge that exists, of any installation, and no other. It
// reads the set first: a pair is made after its bridge.
func mendSiblings(c *nftables.Conn, set *nftables.Set) error {
	known, err := c.GetSetElements(set)
	if err != nil {
		return err
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	var want []nftables.SetElement
	for _, i := range interfaces {
		if strings.HasPrefix(i.Name, bridgePrefix) {
			want = append(want, pair(i.Name))
		}
	}
	return replace(c, set, missing(known, want), missing(want, known))
}

// mendGateways has the set hold this installation's gateways; those of others are theirs to keep.
func (i *isolation) mendGateways(c *nftables.Conn, set *nftables.Set) error {
	known, err := c.GetSetElements(set)
	if err != nil {
		return err
	}
	var want []nftables.SetElement
	for _, a := range i.publicAddresses() {
		want = append(want, listener(a, i.owner))
	}
	own := slices.DeleteFunc(slices.Clone(known), func(e nftables.SetElement) bool { return e.Comment != i.owner })
	return replace(c, set, missing(known, want), missing(want, own))
}

// publicAddresses returns where the gateways listen, address by address. An IPv6 address is left out, since tenants'
// networks have none, and so is one that only this host reaches.
func (i *isolation) publicAddresses() []netip.AddrPort {
	var all []netip.AddrPort
	for _, g := range i.gateways {
		if !g.Addr().IsUnspecified() {
			all = append(all, g)
			continue
		}
		addrs, _ := net.InterfaceAddrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && !i.pool.Contains(p.Addr()) {
				all = append(all, netip.AddrPortFrom(p.Addr(), g.Port()))
			}
		}
	}
	return slices.DeleteFunc(all, func(a netip.AddrPort) bool {
		ip := a.Addr()
		return !ip.Is4() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
	})
}

// missing returns those of b that are not in a.
func missing(a, b []nftables.SetElement) []nftables.SetElement {
	return slices.DeleteFunc(slices.Clone(b), func(e nftables.SetElement) bool {
		return slices.ContainsFunc(a, func(o nftables.SetElement) bool { return bytes.Equal(e.Key, o.Key) })
	})
}

// replace asks for changes of a set; Flush makes them.
func replace(c *nftables.Conn, set *nftables.Set, add, remove []nftables.SetElement) error {
	if len(remove) > 0 {
		if err := c.SetDeleteElements(set, remove); err != nil {
			return err
		}
	}
	if len(add) > 0 {
		return c.SetAddElements(set, add)
	}
	return nil
}
