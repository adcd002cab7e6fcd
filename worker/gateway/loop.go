package gateway

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop serves the sockets of many connections on one goroutine, as an event loop does: it asks the system which are
// ready, and has the tasks go on that wait for them. Client and instance of an exchange are sockets of one loop, so an
// exchange stays on one processor, and the runtime has no goroutine to wake for it.
type loop struct {
	number int // from 1
	epoll  int
	alarm  int // wakes the loop

	links  []*link // by place
	free   []int32
	agenda agenda
	again  []*task // that gave way to others

	tasks    int
	stopping bool
	held     atomic.Int32 // links that are not closed yet

	mu     sync.Mutex
	posted []func() // by others, for the loop to call
	asleep bool
	ended  bool
}

const (
	batch = 128
	// turns is how many reads and writes a task may do before others have their turn.
	turns = 64
)

func newLoop(number int) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("gateway: epoll: %w", err)
	}
	alarm, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, alarm, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1})
	}
	if err != nil {
		unix.Close(epoll)
		unix.Close(alarm)
		return nil, fmt.Errorf("gateway: eventfd: %w", err)
	}
	return &loop{number: number, epoll: epoll, alarm: alarm}, nil
}

// post has the loop call f, soon. Anybody may call it.
func (l *loop) post(f func()) {
	l.mu.Lock()
	l.posted = append(l.posted, f)
	if l.asleep && !l.ended {
		unix.Write(l.alarm, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
	l.asleep = false
	l.mu.Unlock()
}

// run serves until stop is called, and then until nothing is left.
func (l *loop) run() {
	defer l.end()
	var events [batch]unix.EpollEvent
	for !l.stopping || l.tasks > 0 || l.held.Load() > 0 {
		n := l.ready(events[:])
		if n == 0 && l.sleeps() {
			n = l.wait(events[:])
		}
		for i := range events[:n] {
			l.dispatch(&events[i])
		}
		l.callPosted()
		l.goOn()
		l.agenda.expire(int64(time.Since(epoch)))
		runtime.Gosched()
	}
}

// ready asks what is ready. The scheduler is not told of a call that does not wait.
func (l *loop) ready(events []unix.EpollEvent) int {
	n, _, err := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), 0, 0, 0)
	if err != 0 {
		return 0
	}
	return int(n)
}

func (l *loop) wait(events []unix.EpollEvent) int {
	n, err := unix.EpollWait(l.epoll, events, l.agenda.wait())
	l.mu.Lock()
	l.asleep = false
	l.mu.Unlock()
	if err != nil {
		return 0
	}
	return n
}

// sleeps reports whether there is nothing to do but to wait. From then on post wakes the loop.
func (l *loop) sleeps() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asleep = len(l.posted) == 0 && len(l.again) == 0
	return l.asleep
}

func (l *loop) dispatch(e *unix.EpollEvent) {
	if e.Fd < 0 {
		var space [8]byte
		unix.Read(l.alarm, space[:])
		return
	}
	k := l.links[e.Fd]
	if k == nil || k.stamp != e.Pad { // closed by what was ready before it
		return
	}
	if e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		k.in.ended.Store(true)
		e.Events |= unix.EPOLLIN
	}
	if e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		k.out.wake()
	}
	if e.Events&unix.EPOLLIN != 0 {
		k.in.wake()
	}
}

func (l *loop) callPosted() {
	l.mu.Lock()
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, f := range posted {
		f()
	}
}

func (l *loop) goOn() {
	again := l.again
	l.again = nil
	for _, t := range again {
		t.resume()
	}
}

// stop closes all links, and has the loop end when their tasks have.
func (l *loop) stop() {
	l.post(func() {
		l.stopping = true
		for _, k := range l.links {
			if k != nil {
				k.Close()
			}
		}
	})
}

func (l *loop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	unix.Close(l.alarm)
	unix.Close(l.epoll)
}

// add has the loop tell a link when it is ready. It fails for one that is closed.
func (l *loop) add(k *link) error {
	if k.closed.Load() || l.stopping {
		return net.ErrClosed
	}
	if n := len(l.free); n > 0 {
		k.place, l.free = l.free[n-1], l.free[:n-1]
	} else {
		k.place = int32(len(l.links))
		l.links = append(l.links, nil)
	}
	l.links[k.place] = k
	err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, k.fd, &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff, Fd: k.place, Pad: k.stamp})
	if err != nil {
		l.remove(k)
	}
	return err
}

func (l *loop) remove(k *link) {
	if k.place >= 0 {
		l.links[k.place] = nil
		l.free = append(l.free, k.place)
		k.place = -1
	}
}
