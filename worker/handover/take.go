package handover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// Predecessor is the process that this one takes over from.
type Predecessor struct{ conn *net.UnixConn }

// TakeOver asks the process that offers at path for what it listens on. addresses are those that this process is going
// to listen on. It returns nil when there is no such process, or it has none of them.
func (l *Listeners) TakeOver(path string, addresses []string) (*Predecessor, error) {
	c, err := net.DialTimeout("unix", path, answerLimit)
	if err != nil {
		return nil, nil
	}
	conn := c.(*net.UnixConn)
	conn.SetDeadline(time.Now().Add(answerLimit))
	taken, err := l.ask(conn, addresses)
	if err != nil || taken == 0 {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return &Predecessor{conn}, nil
}

func (l *Listeners) ask(c *net.UnixConn, addresses []string) (taken int, err error) {
	if err := say(c, request{addresses}); err != nil {
		return 0, err
	}
	for more := true; more; {
		o, fds, err := receive(c)
		if err != nil {
			return taken, err
		}
		if err := l.adopt(o.Addresses, fds); err != nil {
			return taken, err
		}
		taken, more = taken+len(fds), o.More
	}
	return taken, nil
}

// receive reads one offer and its descriptors.
func receive(c *net.UnixConn) (o offer, fds []int, err error) {
	data, rights := make([]byte, maxMessage), make([]byte, syscall.CmsgSpace(4*perMessage))
	n, oobn, _, _, err := c.ReadMsgUnix(data, rights)
	if err != nil {
		return o, nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:oobn])
	if err != nil {
		return o, nil, err
	}
	for _, m := range messages {
		some, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return o, nil, err
		}
		fds = append(fds, some...)
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	for !bytes.HasSuffix(data[:n], []byte("\n")) { // the descriptors came with its beginning
		more, err := c.Read(data[n:])
		if err != nil {
			return o, fds, err
		}
		n += more
	}
	return o, fds, json.Unmarshal(data[:n], &o)
}

func (l *Listeners) adopt(addresses []string, fds []int) error {
	if len(addresses) != len(fds) {
		return fmt.Errorf("%d descriptors came for %d addresses", len(fds), len(addresses))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, fd := range fds {
		inner, err := listenerOf(fd)
		if err != nil {
			return err
		}
		l.inherited[addresses[i]] = inner
	}
	return nil
}

// Ready tells the predecessor that this process serves. It leaves from then on.
func (p *Predecessor) Ready() error { return say(p.conn, word{"ready"}) }

// Released returns when the predecessor has let go of all else, or is gone. Errors: that of ctx.
func (p *Predecessor) Released(ctx context.Context) error {
	defer p.conn.Close()
	stop := context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var w word
	if err := hear(p.conn, &w); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

// Abandon lets the predecessor go on.
func (p *Predecessor) Abandon() { p.conn.Close() }

func say(c net.Conn, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = c.Write(append(line, '\n'))
	return err
}

// hear reads one line, byte by byte: what follows it may carry descriptors.
func hear(c net.Conn, v any) error {
	var line []byte
	for next := make([]byte, 1); ; line = append(line, next[0]) {
		if _, err := c.Read(next); err != nil {
			return err
		}
		if next[0] == '\n' {
			return json.Unmarshal(line, v)
		}
		if len(line) > maxMessage {
			return errors.New("the other process says too much")
		}
	}
}
