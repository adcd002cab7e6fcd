package gateway

import (
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// connect makes a connection to an address as a link of the task's loop.
func (t *task) connect(to netip.AddrPort, limit time.Duration) (*link, error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	fd, err := socketFor(to)
	if err != nil {
		return nil, err
	}
	k, at := linkOf(t.loop, fd), sockaddrOf(to)
	err = unix.Connect(fd, at)
	if err == unix.EINPROGRESS || err == unix.EINTR {
		err = k.connected(t, at, limit)
	} else if err == nil {
		err = t.loop.add(k)
	}
	if err == nil && k.meetsItself(to) {
		err = os.NewSyscallError("connect", unix.ECONNREFUSED)
	}
	if err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// meetsItself reports whether a connection to a port of this machine on which nobody listens has been given that very
// port for its own.
func (k *link) meetsItself(to netip.AddrPort) bool {
	own, err := unix.Getsockname(k.fd)
	switch own := own.(type) {
	case *unix.SockaddrInet4:
		return err == nil && netip.AddrPortFrom(netip.AddrFrom4(own.Addr), uint16(own.Port)) == to
	case *unix.SockaddrInet6:
		return err == nil && netip.AddrPortFrom(netip.AddrFrom16(own.Addr), uint16(own.Port)) == to
	}
	return false
}

// connected waits until a link that connects has. The loop is to know it no earlier: a socket that does not connect yet
// looks like one that has ended.
func (k *link) connected(t *task, at unix.Sockaddr, limit time.Duration) error {
	if err := t.loop.add(k); err != nil {
		return err
	}
	k.give(t)
	k.SetWriteDeadline(t.clock().Add(limit))
	defer k.SetWriteDeadline(time.Time{})
	for {
		if err := k.out.await(); err != nil {
			return err
		}
		k.out.ready.Store(false)
		switch err := unix.Connect(k.fd, at); err {
		case nil, unix.EISCONN:
			return nil
		case unix.EALREADY, unix.EINPROGRESS, unix.EINTR:
		default:
			return os.NewSyscallError("connect", err)
		}
	}
}

// socketFor returns a socket for TCP with the options that package net gives its own.
func socketFor(to netip.AddrPort) (fd int, err error) {
	family := unix.AF_INET6
	if to.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	const seconds, probes = 15, 9 // of keeping alive
	for _, option := range [][3]int{{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, seconds},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, probes}} {
		if err := unix.SetsockoptInt(fd, option[0], option[1], option[2]); err != nil {
			unix.Close(fd)
			return -1, os.NewSyscallError("setsockopt", err)
		}
	}
	return fd, nil
}

func sockaddrOf(to netip.AddrPort) unix.Sockaddr {
	if to.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	at := &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	if i, err := net.InterfaceByName(to.Addr().Zone()); err == nil {
		at.ZoneId = uint32(i.Index)
	}
	return at
}
