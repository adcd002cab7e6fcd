package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/e2e/testenv"
)

const tcpFrom, tcpRange, tcpEach = 30100, 400, 5

// tcpPorts is how many were given away: a Berth listens only when a port is opened, so that looking does not show them.
var tcpPorts atomic.Int32

// withTCP gives a Berth ports for TCP that nothing else has.
func withTCP(t testing.TB) option {
	for from := tcpFrom + int(tcpPorts.Add(tcpEach))%tcpRange; ; from += tcpEach {
		free := true
		for p := from; p < from+tcpEach && free; p++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
			if free = err == nil; free {
				l.Close()
			}
		}
		if free {
			return withArgs("--gateway-tcp", fmt.Sprintf("127.0.0.1:%d-%d", from, from+tcpEach-1))
		}
		if from > tcpFrom+2*tcpRange {
			t.Fatal("no ports are free for TCP")
		}
	}
}

// openPort opens a TCP port and returns its address on this machine, and its path in the API.
func (b *Berth) openPort(app string, in map[string]any) (address, path string) {
	b.t.Helper()
	var port struct {
		Port       int
		ServerName string `json:"server_name"`
	}
	b.do("POST", "/api/v1/apps/"+app+"/ports", in, &port)
	path = fmt.Sprintf("/api/v1/apps/%s/ports/%d", app, port.Port)
	if port.ServerName != "" {
		path += "?server_name=" + port.ServerName
	}
	return fmt.Sprintf("127.0.0.1:%d", port.Port), path
}

// redis is a client of a Redis server, just enough of one.
type redis struct {
	net.Conn
	in *bufio.Reader
}

func dialRedis(address, password string) (redis, error) {
	c, err := net.DialTimeout("tcp", address, 3*time.Second)
	if err != nil {
		return redis{}, err
	}
	r := redis{c, bufio.NewReader(c)}
	if got, err := r.do("AUTH " + password); got != "+OK" {
		c.Close()
		return redis{}, fmt.Errorf("AUTH: %q, %w", got, errors.Join(err, errors.New("refused")))
	}
	return r, nil
}

// do sends a command of one line and returns the first line of the answer, or the string that it announces.
func (r redis) do(command string) (string, error) {
	r.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(r, "%s\r\n", command); err != nil {
		return "", err
	}
	line, err := r.in.ReadString('\n')
	if strings.HasPrefix(line, "$") && err == nil {
		line, err = r.in.ReadString('\n')
	}
	return strings.TrimSpace(line), err
}

func (b *Berth) password(service string) string {
	b.t.Helper()
	var connection struct{ Values map[string]string }
	b.do("GET", "/api/v1/apps/"+service+"/connection", nil, &connection)
	return connection.Values["password"]
}

// A real Redis is reached from outside, by whom the lists let in, for as long as its port is open.
func TestRedisThroughATCPPort(t *testing.T) {
	t.Parallel()
	b := start(t, withArgs("--catalog", redisCatalog(t)), withTCP(t))
	tenant := b.tenant("Acme")
	cache := b.service(tenant, "Shop cache", "redis")
	password := b.password(cache)
	address, path := b.openPort(cache, map[string]any{"allow": []string{"127.0.0.1"}})

	var client redis
	b.eventually(10*time.Second, func() (err error) {
		client, err = dialRedis(address, password)
		return err
	})
	if got, err := client.do("SET tea oolong"); got != "+OK" {
		t.Fatal(got, err)
	}
	if got, err := client.do("GET tea"); got != "oolong" {
		t.Fatal(got, err)
	}
	if cli, err := exec.LookPath("redis-cli"); err == nil {
		_, port, _ := net.SplitHostPort(address)
		out, err := exec.Command(cli, "-h", "localhost", "-p", port, "--no-auth-warning", "-a", password, "GET", "tea").CombinedOutput()
		if strings.TrimSpace(string(out)) != "oolong" {
			t.Errorf("redis-cli: %s, %v", out, err)
		}
	}

	// Whoever is taken off the list is cut, and refused.
	b.do("PUT", path, map[string]any{"allow": []string{"192.0.2.1"}}, nil)
	b.eventually(10*time.Second, func() error {
		if got, err := client.do("PING"); err == nil {
			return fmt.Errorf("still let in: %s", got)
		}
		return nil
	})
	if _, err := dialRedis(address, password); err == nil {
		t.Error("let in again")
	}
	var ports struct {
		Items []struct {
			Traffic struct {
				Listening                      bool
				Connections, Refused, BytesOut int64
			}
		}
	}
	b.do("GET", "/api/v1/apps/"+cache+"/ports", nil, &ports)
	if len(ports.Items) != 1 || !ports.Items[0].Traffic.Listening || ports.Items[0].Traffic.Connections < 1 || ports.Items[0].Traffic.Refused < 1 {
		t.Errorf("counts: %+v", ports)
	}

	// The deny list goes first.
	b.do("PUT", path, map[string]any{"everybody": true, "deny": []string{"127.0.0.0/8"}}, nil)
	b.eventually(10*time.Second, func() error {
		if _, err := dialRedis(address, password); err == nil {
			return errors.New("let in in spite of the deny list")
		}
		return nil
	})
	b.do("PUT", path, map[string]any{"everybody": true}, nil)
	b.eventually(10*time.Second, func() (err error) {
		client, err = dialRedis(address, password)
		return err
	})

	// The port goes with a stop, comes back with a start, and a restarted Redis is reached as before.
	b.succeeds(b.act(cache, "stop"))
	b.eventually(10*time.Second, func() error {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return errors.New("the port of a stopped service is open")
		}
		return nil
	})
	b.succeeds(b.act(cache, "start"))
	b.eventually(10*time.Second, func() (err error) {
		client, err = dialRedis(address, password)
		return err
	})
	if got, err := client.do("GET tea"); got != "oolong" {
		t.Error(got, err)
	}
	b.do("DELETE", path, nil, nil)
	b.eventually(10*time.Second, func() error {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return errors.New("a port that was closed is open")
		}
		return nil
	})
}

// TestAnInstanceBehindAPortIsKilled: connections to the others go on, and new ones reach those that live.
func TestAnInstanceBehindAPortIsKilled(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2}, withTCP(t))
	address, _ := b.openPort(app, map[string]any{"everybody": true})
	var kept []*visitor
	b.eventually(20*time.Second, func() error { // one to each
		for _, v := range kept {
			v.Close()
		}
		kept = []*visitor{{}, {}}
		for _, v := range kept {
			if err := v.connect(address); err != nil {
				return err
			}
		}
		if kept[0].instance == kept[1].instance {
			return fmt.Errorf("both are at %s", kept[0].instance)
		}
		return nil
	})
	killed, lives := kept[0], kept[1]
	for _, i := range b.containers(c, app) {
		if i.Labels["berth.instance"] == killed.instance {
			if err := c.ContainerKill(t.Context(), i.ID, "KILL"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := killed.ask(); err == nil {
		t.Error("a killed instance answers")
	}
	for range 20 {
		var fresh visitor
		if err := fresh.connect(address); err != nil {
			t.Errorf("a new connection: %v", err)
		}
		fresh.Close()
		if err := lives.ask(); err != nil {
			t.Fatalf("the connection to the other instance: %v", err)
		}
	}
	b.eventually(10*time.Second, func() error { return b.ready(app, 2) })
	if err := lives.ask(); err != nil {
		t.Errorf("the connection to the other instance: %v", err)
	}
}

// visitor has a connection to an instance of the test app through a TCP port, which is HTTP as well.
type visitor struct {
	net.Conn
	in       *bufio.Reader
	instance string // that answered last
}

func (v *visitor) Close() {
	if v.Conn != nil {
		v.Conn.Close()
	}
}

func (v *visitor) connect(address string) (err error) {
	if v.Conn, err = net.DialTimeout("tcp", address, 3*time.Second); err != nil {
		return err
	}
	v.in = bufio.NewReader(v.Conn)
	return v.ask()
}

// ask has the instance say its name.
func (v *visitor) ask() error {
	v.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := v.Write([]byte("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")); err != nil {
		return err
	}
	res, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	_, name, _ := strings.Cut(string(body), "instance ")
	v.instance = strings.TrimSpace(name)
	return err
}
