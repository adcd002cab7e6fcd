package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"time"

	"berth/core"
)

// choice is what rules say about the version and the instance that a request goes to.
type choice struct {
	balance  core.Balance
	affinity string // name of the cookie by which a visitor stays with an instance; "" for none
	sticky   string // and with a version
	header   string // that forces a version, in lower case; "" for none
}

// newChoice names the cookies after the app, since one domain may lead to several.
func newChoice(r core.Rules, appID string) choice {
	c := choice{balance: r.Balance, header: string(bytes.ToLower([]byte(r.VersionHeader)))}
	suffix := strconv.FormatUint(tagOf(appID)>>32, 16)
	if r.Affinity {
		c.affinity = "berth_i_" + suffix
	}
	if r.StickyVersion {
		c.sticky = "berth_v_" + suffix
	}
	return c
}

// tagOf is what a cookie says instead of a name: it tells nothing, and every gateway says the same.
func tagOf(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		h.Write(append([]byte(p), 0))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// wish is what a request asks for. Its zero value asks for nothing.
type wish struct {
	forced  string // version, by the header
	version string // by the cookie, while it still has a weight
	tag     uint64 // of the instance, by the cookie
	old     bool   // the cookie names a version that has no weight any more
	sticks  bool   // the visitor is to stay with the version that is chosen
	gzip    bool   // the client takes compressed responses, and the rules have them
}

// wishes reads what the request asks for of the route that it takes; c.text is its head.
func (c *conn) wishes(r *route) (w wish) {
	s := r.rules
	if s == nil {
		return w
	}
	w.gzip = s.compress && acceptsGzip(c.field("accept-encoding"))
	if s.choice.header != "" {
		label := c.field(s.choice.header)
		if g := r.app.instances.Load().versions[string(label)]; g != nil {
			w.forced = g.list[0].Version
		}
	}
	if s.choice.affinity != "" {
		w.tag, _ = c.tag(s.choice.affinity)
	}
	if s.choice.sticky != "" {
		tag, found := c.tag(s.choice.sticky)
		w.sticks = len(r.labels) > 1 && w.forced == ""
		for n, t := range r.tags {
			if found && t == tag && w.sticks {
				w.version = r.labels[n]
			}
		}
		w.old = found && !slices.Contains(r.tags, tag)
	}
	return w
}

// tag reads a cookie.
func (c *conn) tag(name string) (tag uint64, found bool) {
	for _, f := range c.req.fields {
		if n := f.name.of(c.text); len(n) != len(cookieName) || !bytes.EqualFold(n, cookieName) {
			continue
		}
		for pair := range bytes.SplitSeq(f.value.of(c.text), semicolon) {
			pair = bytes.TrimLeft(pair, " ")
			if len(pair) != len(name)+1+16 || string(pair[:len(name)]) != name || pair[len(name)] != '=' {
				continue
			}
			var space [8]byte
			if _, err := hex.Decode(space[:], pair[len(name)+1:]); err == nil {
				return binary.BigEndian.Uint64(space[:]), true
			}
		}
	}
	return 0, false
}

var (
	cookieName = []byte("cookie")
	semicolon  = []byte(";")
)

// pick returns the instance that gets the request, as route.pick does, by what the rules and the request say.
func (c *conn) pick(r *route, tried []*instance) *instance {
	if r.rules == nil || r.rules.choice == (choice{}) {
		return r.pick(c.task.clock(), tried)
	}
	return r.choose(c.task.clock(), tried, &c.wish)
}

// choose is pick for routes whose rules say something of it.
func (r *route) choose(now time.Time, tried []*instance, w *wish) *instance {
	set, at, b := r.app.instances.Load(), now.UnixNano(), r.rules.choice.balance
	if i := set.tagged(w.tag); i != nil && r.suits(i, w) && !slices.Contains(tried, i) && !i.away(at) {
		return i
	}
	if w.forced != "" {
		g := set.versions[w.forced]
		if i := g.choose(b, at, tried); i != nil {
			return i
		}
		return g.next(math.MaxInt64, tried)
	}
	if w.version != "" {
		if i := set.versions[w.version].choose(b, at, tried); i != nil {
			return i
		}
	}
	return r.pickBy(b, set, at, tried)
}

// suits reports whether the instance that a visitor stays with is of a version that may answer.
func (r *route) suits(i *instance, w *wish) bool {
	switch {
	case w.forced != "":
		return i.Version == w.forced
	case w.version != "":
		return i.Version == w.version
	}
	return len(r.labels) == 0 || slices.Contains(r.labels, i.Version)
}

// tagged returns the instance with a tag, nil when it is gone.
func (s *instances) tagged(tag uint64) *instance {
	if tag == 0 {
		return nil
	}
	for _, i := range s.all.list {
		if i.tag == tag {
			return i
		}
	}
	return nil
}

// appendCookies has the visitor come back to what was chosen.
func (c *conn) appendCookies(dst []byte, i *instance) []byte {
	r, w := c.route, &c.wish
	if s := c.rules.choice; s.affinity != "" && i.tag != w.tag {
		dst = c.appendCookie(dst, s.affinity, i.tag, false)
	}
	at := slices.Index(r.labels, i.Version)
	switch s := c.rules.choice; {
	case s.sticky == "":
	case w.sticks && at >= 0 && at < len(r.tags) && i.Version != w.version:
		dst = c.appendCookie(dst, s.sticky, r.tags[at], false)
	case w.old:
		dst = c.appendCookie(dst, s.sticky, 0, true)
	}
	return dst
}

func (c *conn) appendCookie(dst []byte, name string, tag uint64, over bool) []byte {
	var space [8]byte
	binary.BigEndian.PutUint64(space[:], tag)
	dst = append(append(append(dst, "Set-Cookie: "...), name...), '=')
	dst = append(hex.AppendEncode(dst, space[:]), "; Path=/; HttpOnly; SameSite=Lax"...)
	if over {
		dst = append(dst, "; Max-Age=0"...)
	}
	if c.peer.proto == "https" {
		dst = append(dst, "; Secure"...)
	}
	return append(dst, crlf...)
}
