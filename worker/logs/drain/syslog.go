package drain

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"time"

	"berth/core"
)

// syslog sends messages of RFC 5424 over TLS, each behind its length (RFC 5425). The protocol has no receipt: what was
// under way when a connection broke may be missing.
type syslog struct {
	address string
	dialer  tls.Dialer
	conn    net.Conn
	ended   chan struct{} // closed when the server has ended the connection
}

const syslogPatience = 30 * time.Second

func (s *syslog) send(ctx context.Context, lines []core.LogRecord) error {
	if err := s.connect(ctx); err != nil {
		return unreachable(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = s.conn.SetWriteDeadline(time.Now().Add(syslogPatience))
	var frames []byte
	for _, l := range lines {
		message := appendSyslog(nil, l)
		frames = strconv.AppendInt(frames, int64(len(message)), 10)
		frames = append(append(frames, ' '), message...)
	}
	if _, err := s.conn.Write(frames); err != nil {
		s.close()
		return unreachable(err)
	}
	return nil
}

// connect goes on with a connection that the server has not ended.
func (s *syslog) connect(ctx context.Context) error {
	if s.conn != nil {
		select {
		case <-s.ended:
			s.close()
		default:
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, syslogPatience)
	defer cancel()
	conn, err := s.dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, conn)
	}()
	s.conn, s.ended = conn, ended
	return nil
}

func (s *syslog) close() {
	if s.conn != nil {
		s.conn.Close()
		<-s.ended
		s.conn = nil
	}
}

// severities of RFC 5424, of the facility "user".
var severities = map[core.LogLevel]int{core.LogError: 3, core.LogWarn: 4, core.LogInfo: 6, core.LogDebug: 7, "": 6}

const user = 1

// appendSyslog appends a message: from the tenant as host, of the app, its instance as process, its stream as kind of
// message. The time to the nanosecond and what else is known are structured data, under the number for examples.
func appendSyslog(b []byte, l core.LogRecord) []byte {
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(8*user+severities[l.Level]), 10)
	b = append(b, ">1 "...)
	b = l.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	for _, field := range [...]struct {
		value string
		most  int
	}{{l.TenantID, 255}, {l.AppID, 48}, {l.Instance, 128}, {l.Stream, 32}} {
		b = appendName(append(b, ' '), field.value, field.most)
	}
	b = append(b, ` [berth@32473 time="`...)
	b = strconv.AppendInt(b, l.Time.UnixNano(), 10)
	b = append(b, `" version="`...)
	b = appendParam(b, l.Version)
	if l.Part {
		b = append(b, `" part="true`...)
	}
	b = append(b, `"] `...)
	return append(b, l.Line...)
}

// appendName appends printable ASCII without spaces, or "-" when there is none.
func appendName(b []byte, name string, most int) []byte {
	from := len(b)
	for i := 0; i < len(name) && len(b)-from < most; i++ {
		if name[i] > ' ' && name[i] < 0x7f {
			b = append(b, name[i])
		}
	}
	if len(b) == from {
		return append(b, '-')
	}
	return b
}

// appendParam appends a value of structured data.
func appendParam(b []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c == '"' || c == '\\' || c == ']' {
			b = append(b, '\\')
		}
		b = append(b, value[i])
	}
	return b
}
