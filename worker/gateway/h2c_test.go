package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"berth/core"
)

// h2cServer starts a server that speaks nothing but HTTP/2 without TLS, and returns its address.
func h2cServer(t testing.TB, h http.HandlerFunc) string {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.Listener.Addr().String()
}

// h2cApp publishes instances at "app.test" that speak HTTP/2.
func (f *fixture) h2cApp(addresses ...string) {
	f.t.Helper()
	for _, a := range addresses {
		f.publish("app", "1", a)
	}
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1": 100}, Rules: &core.Rules{Protocol: core.ProtocolH2C}})
}

// Clients of HTTP/1.1 and HTTP/2 reach an instance that speaks HTTP/2 alone.
func TestInstanceOfHTTP2(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.h2cApp(h2cServer(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/long" {
			io.WriteString(w, "first ")
			w.(http.Flusher).Flush()
		}
		w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
		fmt.Fprintf(w, "%s %s%s|%s|%s|%d|%s", r.Proto, r.Host, r.RequestURI, r.UserAgent(), r.Header.Get("X-Forwarded-Proto"), r.ContentLength, content)
	}))
	for proto, c := range map[string]*http.Client{"http": s.httpClient(), "https": s.http2Client()} {
		for _, x := range []struct {
			method, path, body, want string
		}{
			{"GET", "/a|b//c?d=%zz", "", "HTTP/2.0 app.test/a|b//c?d=%zz||" + proto + "|0|"},
			{"GET", "/long", "", "first HTTP/2.0 app.test/long||" + proto + "|0|"},
			{"POST", "//x", "hello", "HTTP/2.0 app.test//x||" + proto + "|5|hello"},
			{"HEAD", "/", "", ""},
		} {
			r := newRequest(t, x.method, proto+"://app.test/", strings.NewReader(x.body))
			r.URL.Opaque = x.path
			if strings.HasPrefix(x.path, "//") {
				r.URL.Opaque, r.URL.Path = "", x.path
			}
			r.Header["User-Agent"] = nil
			res, got := s.do(c, r)
			if got != x.want || res.StatusCode != 200 {
				t.Errorf("%s %s %s: %d %q, want %q", proto, x.method, x.path, res.StatusCode, got, x.want)
			}
			if res.Header.Get("Connection") != "" || x.path == "/long" && res.Trailer.Get("X-Sum") != "42" {
				t.Errorf("%s %s %s: header %v, trailer %v", proto, x.method, x.path, res.Header, res.Trailer)
			}
		}
	}
	if n := s.counts().Failed; n != 0 {
		t.Errorf("%d failures are counted", n)
	}
}

// One instance is gone, another speaks HTTP/1.1 only: what can be sent elsewhere is, and the rest is told.
func TestInstanceOfHTTP2Fails(t *testing.T) {
	f := start(t, Options{})
	gone := listen(t)
	gone.Close()
	f.h2cApp(gone.Addr().String(), h2cServer(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "well") }))
	for range 4 {
		if res, content := f.ask(get); res.StatusCode != 200 || content != "well" {
			t.Errorf("%d %q", res.StatusCode, content)
		}
	}
	f.publish("old", "1", server(t, func(http.ResponseWriter, *http.Request) {}))
	f.route(core.Route{Domain: "old.test", AppID: "old", Rules: &core.Rules{Protocol: core.ProtocolH2C}})
	if res, _ := f.ask("GET / HTTP/1.1\r\nHost: old.test\r\n\r\n"); res.StatusCode != 502 {
		t.Errorf("an instance of HTTP/1.1: %d", res.StatusCode)
	}
}

func TestInstanceOfHTTP2BreaksOff(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	s.h2cApp(h2cServer(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	for proto, c := range map[string]*http.Client{"http": s.httpClient(), "https": s.http2Client()} {
		res, err := c.Get(proto + "://app.test/")
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil || string(content) != "half" {
			t.Errorf("%s: %q, %v", proto, content, err)
		}
	}
}

// grpcEcho is a gRPC service without generated code: Say answers once, Chat answers every message.
var grpcEcho = grpc.ServiceDesc{ServiceName: "test.Echo", HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Say", Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in wrapperspb.StringValue
		if err := decode(&in); err != nil {
			return nil, err
		}
		if in.Value == "fail" {
			return nil, status.Error(codes.FailedPrecondition, "as asked")
		}
		grpc.SetTrailer(ctx, metadata.Pairs("x-sum", "42"))
		return wrapperspb.String("said " + in.Value), nil
	}}},
	Streams: []grpc.StreamDesc{{StreamName: "Chat", ServerStreams: true, ClientStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		for {
			var in wrapperspb.StringValue
			if err := stream.RecvMsg(&in); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(wrapperspb.String("heard " + in.Value)); err != nil {
				return err
			}
		}
	}}},
}

func TestGRPC(t *testing.T) {
	s := startSecure(t, Options{}, "app.test")
	origin, l := grpc.NewServer(), listen(t)
	origin.RegisterService(&grpcEcho, nil)
	go origin.Serve(l)
	t.Cleanup(origin.Stop)
	s.h2cApp(l.Addr().String())
	client, err := grpc.NewClient("passthrough:///app.test", grpc.WithTransportCredentials(credentials.NewTLS(s.clientTLS("app.test"))),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", s.gateway.SecureAddr().String())
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	t.Run("unary", func(t *testing.T) {
		var out wrapperspb.StringValue
		var trailer metadata.MD
		if err := client.Invoke(ctx, "/test.Echo/Say", wrapperspb.String("hi"), &out, grpc.Trailer(&trailer)); err != nil || out.Value != "said hi" {
			t.Errorf("%q, %v", out.Value, err)
		}
		if fmt.Sprint(trailer["x-sum"]) != "[42]" {
			t.Errorf("trailer %v", trailer)
		}
	})
	t.Run("error", func(t *testing.T) {
		err := client.Invoke(ctx, "/test.Echo/Say", wrapperspb.String("fail"), &wrapperspb.StringValue{})
		if status.Code(err) != codes.FailedPrecondition || status.Convert(err).Message() != "as asked" {
			t.Error(err)
		}
		if err := client.Invoke(ctx, "/test.Echo/None", wrapperspb.String(""), &wrapperspb.StringValue{}); status.Code(err) != codes.Unimplemented {
			t.Error(err)
		}
	})
	t.Run("both ways at once", func(t *testing.T) {
		chat, err := client.NewStream(ctx, &grpcEcho.Streams[0], "/test.Echo/Chat")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			var in wrapperspb.StringValue
			said := fmt.Sprintf("%d %s", i, repeat("x", i*1000))
			if err := chat.SendMsg(wrapperspb.String(said)); err != nil {
				t.Fatal(err)
			}
			if err := chat.RecvMsg(&in); err != nil || in.Value != "heard "+said {
				t.Fatalf("%d bytes, %v", len(in.Value), err)
			}
		}
		chat.CloseSend()
		if err := chat.RecvMsg(&wrapperspb.StringValue{}); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
	if n := s.counts(); n.Failed != 0 || n.Requests != 4 {
		t.Errorf("%d requests, %d failures are counted", n.Requests, n.Failed)
	}
}
