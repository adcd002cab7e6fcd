package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// looping returns a loop that runs until the test ends.
func looping(t testing.TB) *loop {
	t.Helper()
	l, err := newLoop(1)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { l.run(); close(ended) }()
	t.Cleanup(func() {
		l.stop()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("the loop does not end")
		}
	})
	return l
}

// linked returns a link of a loop, and the other end of its connection.
func linked(t testing.TB, l *loop) (*link, *net.TCPConn) {
	t.Helper()
	at := listen(t)
	defer at.Close()
	near, err := net.Dial("tcp", at.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := at.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	far.SetDeadline(time.Now().Add(time.Minute))
	k, err := newLink(l, near.(*net.TCPConn))
	if err != nil {
		t.Fatal(err)
	}
	added := make(chan error)
	l.post(func() { added <- l.add(k) })
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	k.SetDeadline(time.Now().Add(time.Minute))
	return k, far.(*net.TCPConn)
}

// each runs a test of a link once with a goroutine that waits for it, and once with a task.
func each(t *testing.T, f func(t *testing.T, k *link, far *net.TCPConn)) {
	t.Run("goroutine", func(t *testing.T) {
		k, far := linked(t, looping(t))
		f(t, k, far)
	})
	t.Run("task", func(t *testing.T) {
		l := looping(t)
		k, far := linked(t, l)
		done := make(chan struct{})
		l.post(func() {
			l.start(func(task *task) {
				defer close(done)
				k.give(task)
				f(t, k, far)
			})
		})
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("the task does not end")
		}
	})
}

// Whatever is asked is answered, be the answer there before the wait for it begins or not, and longer than what there
// is room for; and the end is noticed.
func TestLinkReadsWhatComes(t *testing.T) {
	each(t, func(t *testing.T, k *link, far *net.TCPConn) {
		go func() {
			question := make([]byte, 3)
			for range 1000 {
				io.ReadFull(far, question)
				far.Write(append(question, "ed"...))
			}
			io.ReadFull(far, question)
			far.Close()
		}()
		for range 1000 {
			if _, err := k.Write([]byte("ask")); err != nil {
				t.Error(err)
				return
			}
			var answer []byte
			for p := make([]byte, 4); len(answer) < 5; {
				n, err := k.Read(p)
				if err != nil {
					t.Error(err)
					return
				}
				answer = append(answer, p[:n]...)
			}
			if string(answer) != "asked" {
				t.Errorf("%q", answer)
				return
			}
		}
		k.Write([]byte("ask"))
		for range 2 {
			if n, err := k.Read(make([]byte, 4)); n != 0 || err != io.EOF {
				t.Errorf("%d, %v", n, err)
			}
		}
	})
}

// The end may come together with the last bytes, or after them.
func TestLinkReadsToTheEnd(t *testing.T) {
	each(t, func(t *testing.T, k *link, far *net.TCPConn) {
		far.Write([]byte("last words"))
		far.Close()
		if got, err := io.ReadAll(k); err != nil || string(got) != "last words" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// More than a socket takes at once is written whole, in one piece or three.
func TestLinkWritesAll(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	for _, write := range []func(k *link) error{
		func(k *link) error { _, err := k.Write(sent); return err },
		func(k *link) error { return k.writev(sent[:5], sent[5:len(sent)-7], sent[len(sent)-7:]) },
		func(k *link) error { return k.writev(nil, sent, nil) },
	} {
		each(t, func(t *testing.T, k *link, far *net.TCPConn) {
			arrived := make(chan []byte)
			go func() {
				got, _ := io.ReadAll(far)
				arrived <- got
			}()
			if err := write(k); err != nil {
				t.Error(err)
			}
			k.Close()
			k.in.task.await(func() {
				if got := <-arrived; !bytes.Equal(got, sent) {
					t.Errorf("%d bytes of %d arrived, or others", len(got), len(sent))
				}
			})
		})
	}
}

// A deadline that passes, that has passed, or that somebody else moves, ends a wait; a later one lets it go on.
func TestLinkDeadlines(t *testing.T) {
	each(t, func(t *testing.T, k *link, far *net.TCPConn) {
		p := make([]byte, 4)
		for _, by := range []time.Time{time.Now().Add(20 * time.Millisecond), longAgo} {
			k.SetReadDeadline(by)
			for range 2 {
				if _, err := k.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%v", err)
				}
			}
		}
		k.SetReadDeadline(time.Now().Add(time.Minute))
		go k.SetReadDeadline(longAgo)
		if _, err := k.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
		k.SetReadDeadline(time.Time{})
		far.Write([]byte("late"))
		if n, err := k.Read(p); err != nil || string(p[:n]) != "late" {
			t.Errorf("%q, %v", p[:n], err)
		}
		k.SetWriteDeadline(longAgo)
		if _, err := k.Write(p); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// Closing ends a wait in either direction, and whatever is tried afterwards; the other side sees it.
func TestLinkIsClosedByAnother(t *testing.T) {
	each(t, func(t *testing.T, k *link, far *net.TCPConn) {
		go k.Close()
		p := make([]byte, 4)
		if _, err := k.Read(p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := k.Write(p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
		if err := errors.Join(k.Close(), k.SetReadDeadline(longAgo), k.CloseWrite()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
		k.in.task.await(func() {
			if _, err := far.Read(p); err != io.EOF {
				t.Errorf("the other side sees %v", err)
			}
		})
	})
}

// While one goroutine reads, another writes, and a third closes.
func TestLinkIsUsedByMany(t *testing.T) {
	l := looping(t)
	for range 50 {
		k, far := linked(t, l)
		go io.Copy(far, far)
		done := make(chan struct{}, 2)
		go func() { io.Copy(io.Discard, k); done <- struct{}{} }()
		go func() { io.Copy(k, zeros(1<<30)); done <- struct{}{} }()
		time.AfterFunc(time.Millisecond, func() { k.Close() })
		<-done
		<-done
	}
}

// A task connects to what listens; what refuses, and what does not answer in time, is told.
func TestTaskConnects(t *testing.T) {
	l := looping(t)
	at := listen(t)
	defer at.Close()
	refusing := listen(t)
	refusing.Close()
	for _, c := range []struct {
		to   string
		want error
	}{{at.Addr().String(), nil}, {refusing.Addr().String(), syscall.ECONNREFUSED}, {deaf(t), os.ErrDeadlineExceeded}} {
		done := make(chan error)
		l.post(func() {
			l.start(func(task *task) {
				k, err := task.connect(netip.MustParseAddrPort(c.to), 100*time.Millisecond)
				if err == nil {
					_, err = k.Write([]byte("hello"))
					k.Close()
				}
				go func() { done <- err }()
			})
		})
		if err := <-done; !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
	c, err := at.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}

// deaf returns an address whose queue of connections is full.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(at.(*unix.SockaddrInet4).Port)).String()
	for { // until one gets no answer
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}
