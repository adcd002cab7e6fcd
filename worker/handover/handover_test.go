package handover

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// process is one of those that hand over to each other.
type process struct {
	listeners *Listeners
	offer     *Offer
	left      chan struct{}
	cancel    context.CancelFunc
}

func begin(t *testing.T, path string, listeners *Listeners) *process {
	t.Helper()
	p := &process{listeners: listeners, left: make(chan struct{})}
	p.offer = &Offer{Listeners: listeners, Path: path}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	t.Cleanup(cancel)
	must(t, p.offer.Start(ctx, func() { close(p.left) }))
	return p
}

// echo answers every line with a name until its listener is closed.
func echo(l net.Listener, name string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if _, err := bufio.NewReader(c).ReadString('\n'); err == nil {
				fmt.Fprintln(c, name)
			}
		}()
	}
}

// Connections are made without end while one process after another takes over: none is lost.
func TestNoConnectionIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.sock")
	current := begin(t, path, New(quiet()))
	l, err := current.listeners.Listen("127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	// Its port is known only now, so it is asked for by this name from here on.
	must(t, l.Close())
	l, err = current.listeners.Listen(address)
	must(t, err)
	go echo(l, "0")

	stop := make(chan struct{})
	var load sync.WaitGroup
	var asked, failed atomic.Int64
	for range 8 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				asked.Add(1)
				if err := ask(address); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	for n := range 10 {
		before := asked.Load()
		eventually(t, "there is load", func() bool { return asked.Load() > before+200 })
		newer := New(quiet())
		from, err := newer.TakeOver(path, []string{address, "127.0.0.1:1"})
		must(t, err)
		if from == nil {
			t.Fatal("there is nobody to take over from")
		}
		next, err := newer.Listen(address)
		must(t, err)
		go echo(next, fmt.Sprint(n+1))
		must(t, from.Ready())
		<-current.left
		l.Close()
		current.offer.Released()
		must(t, from.Released(t.Context()))
		current, l = begin(t, path, newer), next
	}
	close(stop)
	load.Wait()
	l.Close()
	if failed.Load() > 0 {
		t.Errorf("%d of %d connections failed", failed.Load(), asked.Load())
	}
	t.Logf("%d connections", asked.Load())
}

func ask(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		return err
	}
	_, err = bufio.NewReader(c).ReadString('\n')
	return err
}

// A newer process that does not come up changes nothing, and one with other addresses is no successor.
func TestWhoDoesNotComeUpChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.sock")
	p := begin(t, path, New(quiet()))
	l, err := p.listeners.Listen("127.0.0.1:0")
	must(t, err)
	go echo(l, "old")
	other := New(quiet())
	if from, err := other.TakeOver(path, []string{"127.0.0.1:1"}); from != nil || err != nil {
		t.Errorf("%v %v", from, err)
	}
	newer := New(quiet())
	from, err := newer.TakeOver(path, []string{"127.0.0.1:0"})
	must(t, err)
	from.Abandon()
	newer.CloseRest()
	must(t, ask(l.Addr().String()))
	select {
	case <-p.left:
		t.Error("it left")
	default:
	}
	if err := (&Offer{Listeners: newer, Path: path}).Start(t.Context(), func() {}); err == nil {
		t.Error("two processes offer at one path")
	}
	again, err := New(quiet()).TakeOver(path, []string{"127.0.0.1:0"})
	must(t, err)
	must(t, again.Ready())
	<-p.left
}

// More descriptors than one message carries.
func TestManyListeners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.sock")
	p := begin(t, path, New(quiet()))
	var addresses []string
	for range 2*perMessage + 1 {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		addresses = append(addresses, free.Addr().String())
		must(t, free.Close())
		l, err := p.listeners.Listen(addresses[len(addresses)-1])
		must(t, err)
		t.Cleanup(func() { l.Close() })
	}
	newer := New(quiet())
	from, err := newer.TakeOver(path, addresses)
	must(t, err)
	for _, a := range addresses {
		l, err := newer.Listen(a) // would fail if it were opened anew
		must(t, err)
		t.Cleanup(func() { l.Close() })
	}
	must(t, from.Ready())
	<-p.left
	p.offer.Released()
	must(t, from.Released(t.Context()))
}

func TestOnlyThisUserReachesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.sock")
	must(t, os.WriteFile(path, nil, 0o644)) // left by one that was killed
	begin(t, path, New(quiet()))
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
