package docker

import (
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"

	"berth/core"
)

// isolation keeps tenants' networks from the host, from each other and from what only the host may reach, with a
// table of rules of its own in the kernel's packet filter:
//
//	input    from a tenant's bridge to the host: only answers
//	forward  from a tenant's bridge: to its own bridge and to elsewhere; not to another bridge of the engine, not
//	         to a published port, not to link-local addresses and the like
//	         to a tenant's bridge from outside: only published ports and answers
//
// The rules know bridges by the prefix of their names, so they hold for every network, of every installation, from
// its first moment. The engine's own rules stay as they are; a packet has to pass both.
type isolation struct{ mu sync.Mutex }

// ensure puts the rules in force where they are not. It is cheap when they are.
func (i *isolation) ensure() error {
	return i.change(func(*nftables.Conn, *ruleset) error { return nil })
}

// admit lets the containers on a bridge talk to each other, where the kernel filters packets inside a bridge too.
func (i *isolation) admit(bridge string) error {
	if _, err := net.InterfaceByName(bridge); err != nil {
		return core.Wrap(err, core.EUNAVAILABLE, "error.engine_not_local")
	}
	return i.change(func(c *nftables.Conn, r *ruleset) error {
		known, err := c.GetSetElements(r.siblings)
		if err != nil {
			return err
		}
		for _, el := range known {
			if string(el.Key) == string(pair(bridge).Key) {
				return nil
			}
		}
		return c.SetAddElements(r.siblings, []nftables.SetElement{pair(bridge)})
	})
}

// dismiss forgets a bridge that is gone.
func (i *isolation) dismiss(bridge string) error {
	err := i.change(func(c *nftables.Conn, r *ruleset) error {
		return c.SetDeleteElements(r.siblings, []nftables.SetElement{pair(bridge)})
	})
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}

// change runs f and sends what it asks for, after the rules are in force.
func (i *isolation) change(f func(*nftables.Conn, *ruleset) error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	r := newRuleset()
	c, err := nftables.New()
	if err == nil && !r.inForce(c) {
		err = r.install(c)
	}
	if err == nil {
		err = f(c, r)
	}
	if err == nil {
		err = c.Flush()
	}
	if err != nil {
		return core.Wrap(err, core.EUNAVAILABLE, "error.engine_isolation")
	}
	return nil
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
	if err := c.AddSet(r.siblings, bridgePairs()); err != nil {
		return err
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

// bridgePairs returns the pairs of all tenants' bridges that exist now.
func bridgePairs() []nftables.SetElement {
	var pairs []nftables.SetElement
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if strings.HasPrefix(i.Name, bridgePrefix) {
			pairs = append(pairs, pair(i.Name))
		}
	}
	return pairs
}
