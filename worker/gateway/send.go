package gateway

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

var (
	errNoInstance = errors.New("no instance is there")
	errNotSent    = errors.New("no instance took the request")
	errBroken     = errors.New("the instance closed the connection before it answered")
	errSlow       = errors.New("the instance took too long")
	errGone       = errors.New("the client is gone")
)

// maxTries is how many instances may refuse a connection before the client hears of it.
const maxTries = 4

// maxInterim is how many interim responses may come before the final one.
const maxInterim = 32

// tick is how often a long wait for an instance looks whether the client is still there.
const tick = 5 * time.Second

// send finds an instance, sends the request there and waits for the head of the response. A request that was sent is
// sent again only if it is GET or HEAD, once, and only if nothing of a response has come; one that could not be sent
// goes elsewhere.
func (c *conn) send(r *route) (*upstream, error) {
	if err := c.hold(r); err != nil {
		return nil, err
	}
	var space [maxTries + 1]*instance
	tried := space[:0]
	failure := errNoInstance
	var stale *instance // its connection was, so it may be well itself: asked again when no other is left
	for repeated := false; len(tried) < maxTries; {
		i := c.pick(r, tried)
		if i == nil {
			i, stale = stale, nil
		}
		if i == nil {
			break
		}
		up, err := c.try(i, repeated)
		if err == nil {
			return up, nil
		}
		tried = append(tried, i)
		failure = err
		if err == errNotSent {
			continue
		}
		if err != errBroken || !c.req.replay || repeated {
			break
		}
		repeated = true
		if up.used {
			stale = i
		}
	}
	return nil, failure
}

// try sends the request to one instance, over a new connection if asked. Errors: errNotSent; all others come after it
// was sent, with the connection, closed.
func (c *conn) try(i *instance, anew bool) (*upstream, error) {
	up := c.sendHead(i, anew)
	if up == nil {
		return nil, errNotSent
	}
	c.tally.sent(i)
	c.charge(i)
	c.startUpload(up)
	err := c.awaitHead(up)
	c.note(up, err)
	if err != nil {
		c.drop(up)
	}
	return up, err
}

// sendHead writes what is to be sent at first, and returns nil when nothing could be sent.
func (c *conn) sendHead(i *instance, anew bool) *upstream {
	for {
		up := c.connect(i, anew)
		if up == nil {
			return nil
		}
		if up.out.arm() == nil {
			n, err := up.conn.Write(c.forward)
			if err == nil || n > 0 { // after half of it, an answer may have come all the same
				c.up.Store(up)
				return up
			}
		}
		up.close()
		if !up.used {
			return nil
		}
	}
}

// connect returns a connection that rests, or a new one; nil when there is none to be had.
func (c *conn) connect(i *instance, anew bool) *upstream {
	var up *upstream
	var err error
	if c.speaksHTTP2() {
		up, err = c.connectHTTP2(i, anew)
	} else {
		if !anew {
			up = i.take(c.lane(), c.task.clock(), !c.req.replay)
		}
		if up == nil {
			up, err = c.dial(i)
		}
		if up != nil && up.link != nil {
			up.link.give(c.task)
		}
	}
	if err != nil && i.leaveOut(err) {
		c.Log.Warn("instance cannot be reached", "app", i.AppID, "address", i.Address.Address, "err", err)
	}
	return up
}

func (c *conn) lane() int {
	if c.task == nil {
		return 0
	}
	return c.task.loop.number
}

func (c *conn) dial(i *instance) (*upstream, error) {
	if c.task == nil {
		return i.dial(c.Timeouts.Dial, c.Timeouts.Body)
	}
	to, err := netip.ParseAddrPort(i.Address.Address)
	if err != nil {
		return nil, err
	}
	k, err := c.task.connect(to, c.Timeouts.Dial)
	if err != nil {
		return nil, err
	}
	i.outUntil.Store(0)
	return newUpstream(i, k, c.Timeouts.Body), nil
}

// awaitHead waits for the head of the final response. Errors: errBroken before its first byte, errSlow, errGone,
// errBadResponse, a *refusal for what the client did meanwhile, and others.
func (c *conn) awaitHead(up *upstream) error {
	c.res.reset()
	c.limit, c.endless = c.patience(), false
	begun, interim := false, 0
	for {
		err := c.res.parse(up.in.bytes(), c.req.isHead)
		switch {
		case err == nil && !c.res.interim():
			return nil
		case err == nil && interim == maxInterim:
			return errBadResponse
		case err == nil:
			interim++
			err = c.passInterim(up)
		case err == errMore:
			err = c.wait(&up.in)
			if err != nil && !begun && err != errSlow && !isClients(err) {
				return errBroken
			}
			begun = true
		}
		if err != nil {
			return err
		}
	}
}

// isClients reports whether the client is why an exchange cannot go on.
func isClients(err error) bool {
	_, refused := err.(*refusal)
	return refused || err == errGone
}

// wait waits for bytes of an instance, as long as the client is there. It implements waiter.
func (c *conn) wait(src *source) error {
	for waited := time.Duration(0); ; {
		step := min(tick, c.limit-waited)
		err := src.fill(step)
		waited += step
		switch {
		case err == nil:
			return nil
		case !isTimeout(err):
			return c.upload.blame(err)
		case c.endless && c.draining.Load():
			return errDraining
		case waited >= c.limit:
			return errSlow
		case c.upload.over() && c.left():
			return errGone
		}
	}
}

var errDraining = errors.New("the gateway is stopping")

// left reports whether the client has closed its connection.
func (c *conn) left() bool {
	if x, ok := c.net.(*stream); ok {
		return x.gone()
	}
	if c.socket.look == nil {
		c.socket.open(c.net)
	}
	c.in.by = time.Time{}
	return c.in.arm(c.Timeouts.Idle) != nil || c.socket.peek() == socketEnded
}

// drop ends a connection to an instance that cannot be kept.
func (c *conn) drop(up *upstream) {
	c.endUpload(up)
	c.up.Store(nil)
	up.close()
}

// keep ends an exchange whose connection to the instance may serve another.
func (c *conn) keep(up *upstream) {
	c.up.Store(nil)
	if up.link != nil {
		up.link.give(nil)
	}
	up.instance.put(up, c.task.clock())
}

func closeWrite(c net.Conn) {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
	}
}
