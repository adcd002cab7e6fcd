package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// wired returns a wire and the other end of its connection.
func wired(t *testing.T) (*wire, *net.TCPConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	near.SetDeadline(time.Now().Add(time.Minute))
	far.SetDeadline(time.Now().Add(time.Minute))
	return newWire(near), near.(*net.TCPConn), far
}

// What is asked goes out before the wait, and the answer is read, be it longer than what there is room for, or the end.
func TestWireAsks(t *testing.T) {
	w, _, far := wired(t)
	for range 1000 { // the answer may come before or after the wait begins
		w.asked = []byte("ask")
		go func() {
			question := make([]byte, 3)
			io.ReadFull(far, question)
			far.Write(append(question, "ed"...))
		}()
		var answer []byte
		for len(answer) < 5 {
			p := make([]byte, 4)
			n, err := w.read(p)
			if err != nil {
				t.Fatal(err)
			}
			answer = append(answer, p[:n]...)
		}
		if string(answer) != "asked" {
			t.Fatalf("%q", answer)
		}
	}
	w.asked = []byte("ask")
	go func() {
		io.ReadFull(far, make([]byte, 3))
		far.Close()
	}()
	if n, err := w.read(make([]byte, 4)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}

// A wait whose time is over before it begins sends nothing; the next one does.
func TestWireAsksLater(t *testing.T) {
	w, near, far := wired(t)
	near.SetReadDeadline(longAgo)
	w.asked = []byte("ask")
	if _, err := w.read(make([]byte, 4)); !isTimeout(err) {
		t.Fatal(err)
	}
	near.SetReadDeadline(time.Now().Add(time.Minute))
	go io.Copy(far, far)
	p := make([]byte, 4)
	if n, err := w.read(p); err != nil || string(p[:n]) != "ask" {
		t.Errorf("%q, %v", p[:n], err)
	}
}

func TestWireTellsThatNothingWasSent(t *testing.T) {
	w, near, far := wired(t)
	near.CloseWrite()
	w.asked = []byte("ask")
	if _, err := w.read(make([]byte, 4)); err != errUnsent {
		t.Error(err)
	}
	near.Close()
	if _, err := w.read(make([]byte, 4)); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	far.Close()
}

// More than the socket takes at once is written whole.
func TestWireWritesAll(t *testing.T) {
	w, _, far := wired(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	go func() {
		if n, err := w.write(sent); n != len(sent) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%v", err)
	}
}
