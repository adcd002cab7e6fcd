package handover

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// What is said over the socket: a line of JSON each.
type (
	// request is the first word of the newer process.
	request struct {
		Addresses []string `json:"addresses"` // that it is going to listen on
	}
	// offer comes with one descriptor for each address.
	offer struct {
		Addresses []string `json:"addresses"`
		More      bool     `json:"more"` // another follows
	}
	// word is all else.
	word struct {
		Say string `json:"say"` // "ready" by the newer, "released" by the older process
	}
)

const (
	maxMessage  = 64 << 10
	perMessage  = 100              // descriptors; the kernel passes 253 at most
	answerLimit = 10 * time.Second // for a word that is ready to be said
	readyLimit  = time.Minute      // for the newer process to serve
)

// Offer hands over what is open to whoever asks at a socket of the file system, which only this user can reach.
type Offer struct {
	Listeners *Listeners
	Path      string
	Flush     func() // saves what the newer process will read, before it gets anything; nil is nothing

	listener  *net.UnixListener
	leave     func()
	mu        sync.Mutex
	successor *net.UnixConn
}

// Start begins to offer, until ctx ends. leave is called once, when a newer process serves: this one is to end, and
// offers nothing from then on. It fails when another process offers at the same path.
func (o *Offer) Start(ctx context.Context, leave func()) error {
	if err := removeStale(o.Path); err != nil {
		return err
	}
	l, err := listenPrivately(o.Path)
	if err != nil {
		return err
	}
	o.listener, o.leave = l, leave
	context.AfterFunc(ctx, func() {
		l.Close()
		if !o.Succeeded() {
			os.Remove(o.Path)
		}
	})
	go o.serve()
	return nil
}

// Released tells the newer process, if there is one, that it may open what only one can have: this one has let go of it.
func (o *Offer) Released() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.successor != nil {
		_ = say(o.successor, word{"released"}) // it has gone, or hears of it by the end of the connection
		o.successor.Close()
	}
}

// Succeeded reports whether a newer process serves.
func (o *Offer) Succeeded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.successor != nil
}

func (o *Offer) serve() {
	for {
		c, err := o.listener.AcceptUnix()
		if err != nil {
			return
		}
		if !o.hand(c) {
			c.Close()
		}
	}
}

// hand gives everything to the process at the other end, and reports whether that serves now.
func (o *Offer) hand(c *net.UnixConn) bool {
	log := o.Listeners.log
	var r request
	c.SetDeadline(time.Now().Add(answerLimit))
	if err := hear(c, &r); err != nil {
		return false
	}
	if o.Flush != nil {
		o.Flush()
	}
	if err := o.send(c, r.Addresses); err != nil {
		log.Error("what is listened on could not be handed over", "error", err)
		return false
	}
	c.SetDeadline(time.Now().Add(readyLimit))
	var w word
	if err := hear(c, &w); err != nil || w.Say != "ready" {
		log.Error("the newer process did not come up; this one goes on", "error", err)
		return false
	}
	c.SetDeadline(time.Time{})
	o.mu.Lock()
	o.successor = c
	o.mu.Unlock()
	log.Info("a newer process serves; this one ends what is under way")
	o.listener.Close() // before it is left: the newer one makes another there
	o.leave()
	return true
}

// send passes the descriptors of what is open, if the newer process is going to listen on any of it: one that does not
// is another of the same data folder, and no successor.
func (o *Offer) send(c *net.UnixConn, wanted []string) error {
	all := o.Listeners.addresses()
	if !common(all, wanted) {
		return say(c, offer{})
	}
	for len(all) > 0 {
		some := all[:min(perMessage, len(all))]
		all = all[len(some):]
		if err := o.sendSome(c, some, len(all) > 0); err != nil {
			return err
		}
	}
	return nil
}

func (o *Offer) sendSome(c *net.UnixConn, addresses []string, more bool) error {
	var fds []int
	var given []string
	defer func() {
		for _, fd := range fds {
			syscall.Close(fd)
		}
	}()
	for _, address := range addresses {
		if fd, err := o.Listeners.dup(address); err == nil { // one that closed meanwhile is left out
			fds, given = append(fds, fd), append(given, address)
		}
	}
	line, err := json.Marshal(offer{given, more})
	if err != nil {
		return err
	}
	_, _, err = c.WriteMsgUnix(append(line, '\n'), syscall.UnixRights(fds...), nil)
	return err
}

// dup returns another descriptor of an open listener.
func (l *Listeners) dup(address string) (fd int, err error) {
	l.mu.Lock()
	opened := l.open[address]
	l.mu.Unlock()
	if opened == nil {
		return 0, net.ErrClosed
	}
	raw, err := opened.SyscallConn()
	if err != nil {
		return 0, err
	}
	err2 := raw.Control(func(own uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if fd, err = syscall.Dup(int(own)); err == nil {
			syscall.CloseOnExec(fd)
		}
	})
	return fd, errors.Join(err, err2)
}

func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// removeStale removes a socket that nobody answers at.
func removeStale(path string) error {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return errors.New("another process of this data folder hands over at " + path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// listenPrivately makes a socket that nobody else can ever have reached.
func listenPrivately(path string) (*net.UnixListener, error) {
	temporary := path + ".new"
	os.Remove(temporary)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(temporary, 0o600), os.Rename(temporary, path)); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
