// Package handover lets one process take over what another listens on, so that a restart misses no connection: both
// share the queue of those that wait to be accepted, and the older one leaves when the newer one serves.
package handover

import (
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// Listeners opens what a process listens on, and knows it all by address. What an older process or the service manager
// has open already is used instead of being opened anew. Make it with New.
type Listeners struct {
	log *slog.Logger

	mu        sync.Mutex
	inherited map[string]net.Listener // not asked for yet
	reserved  map[string]net.Listener
	open      map[string]*listener
}

// New returns Listeners that have what the service manager has opened for this process (LISTEN_FDS).
func New(log *slog.Logger) *Listeners {
	return &Listeners{log: log, inherited: activated(), reserved: map[string]net.Listener{}, open: map[string]*listener{}}
}

// Listen returns the listener of an address, "ip:port". It is open until it is closed; asking again before that fails.
func (l *Listeners) Listen(address string) (net.Listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	inner := l.inherit(address)
	if inner == nil {
		var err error
		if inner, err = net.Listen("tcp", address); err != nil {
			return nil, err
		}
	}
	tcp, ok := inner.(*net.TCPListener)
	if !ok {
		return inner, nil
	}
	opened := &listener{TCPListener: tcp, of: l, address: address}
	l.open[address] = opened
	return opened, nil
}

// Reserve opens an address that Listen is to return later.
func (l *Listeners) Reserve(address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	inner := l.inherit(address)
	if inner == nil {
		var err error
		if inner, err = net.Listen("tcp", address); err != nil {
			return err
		}
	}
	l.reserved[address] = inner
	return nil
}

// CloseRest closes what was inherited and nobody has asked for.
func (l *Listeners) CloseRest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for address, inner := range l.inherited {
		l.log.Info("nobody listens here any more", "address", address)
		inner.Close()
	}
	clear(l.inherited)
}

// inherit takes what is reserved or inherited for an address; mu is held.
func (l *Listeners) inherit(address string) net.Listener {
	for _, all := range []map[string]net.Listener{l.reserved, l.inherited} {
		for _, key := range []string{address, resolved(address)} {
			if inner, ok := all[key]; ok {
				delete(all, key)
				return inner
			}
		}
	}
	return nil
}

// addresses returns all that is open, in a stable order.
func (l *Listeners) addresses() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.open))
}

// listener is one that Listeners knows until it is closed.
type listener struct {
	*net.TCPListener
	of      *Listeners
	address string
}

func (l *listener) Close() error {
	l.of.mu.Lock()
	if l.of.open[l.address] == l {
		delete(l.of.open, l.address)
	}
	l.of.mu.Unlock()
	return l.TCPListener.Close()
}

// resolved is an address as a listener says it.
func resolved(address string) string {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil || a.Port == 0 {
		return ""
	}
	return spoken(a)
}

// spoken writes all of the ways to say "every address" alike.
func spoken(a *net.TCPAddr) string {
	if a.IP == nil || a.IP.IsUnspecified() {
		return net.JoinHostPort("", strconv.Itoa(a.Port))
	}
	return a.String()
}

// firstActivated is the first descriptor that a service manager passes (sd_listen_fds(3)).
const firstActivated = 3

// activated returns what the service manager has opened, and has children of this process not take it for theirs.
func activated() map[string]net.Listener {
	all := map[string]net.Listener{}
	pid, _ := strconv.Atoi(os.Getenv("LISTEN_PID"))
	count, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if pid != os.Getpid() {
		return all
	}
	os.Unsetenv("LISTEN_PID")
	os.Unsetenv("LISTEN_FDS")
	for fd := firstActivated; fd < firstActivated+count; fd++ {
		syscall.CloseOnExec(fd)
		if l, err := listenerOf(fd); err == nil {
			if a, ok := l.Addr().(*net.TCPAddr); ok {
				all[spoken(a)] = l
			}
		}
	}
	return all
}

// listenerOf makes a listener of a descriptor, which it takes.
func listenerOf(fd int) (net.Listener, error) {
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	return net.FileListener(f)
}
