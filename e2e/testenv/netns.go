package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// NetNS is a network namespace: a machine of its own, as far as the network goes, joined to this one by a cable.
type NetNS struct {
	Name    string
	Address string // of it, as this machine reaches it
	Gateway string // of this machine, as it reaches this one
	Cable   string // this machine's end
}

// StartNetNS makes a network namespace until the test ends. It needs root.
func StartNetNS(t testing.TB) *NetNS {
	t.Helper()
	n := &NetNS{Name: fmt.Sprintf("berth-test-%08x", rand.Uint32())}
	n.Cable = "btc" + n.Name[len(n.Name)-8:]
	run(t, "ip", "netns", "add", n.Name)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", n.Name).Run() }) // the cable goes with it
	run(t, "ip", "link", "add", n.Cable, "type", "veth", "peer", "name", "eth0", "netns", n.Name)
	subnet := freePair(t)
	n.Gateway, n.Address = fmt.Sprintf("%s.%d", subnet, 1), fmt.Sprintf("%s.%d", subnet, 2)
	run(t, "ip", "addr", "add", n.Gateway+"/30", "dev", n.Cable)
	run(t, "ip", "link", "set", n.Cable, "up")
	for _, args := range []string{"link set lo up", "addr add " + n.Address + "/30 dev eth0", "link set eth0 up",
		"route add default via " + n.Gateway} {
		run(t, "ip", append([]string{"-n", n.Name}, strings.Fields(args)...)...)
	}
	return n
}

// Command returns a command that runs in the namespace. It sees this machine's files.
func (n *NetNS) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--net=" + n.path(), "--", name}, args...)...)
}

// Enter takes the test's goroutine, and nothing that it starts, into the namespace until the test ends.
func (n *NetNS) Enter(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	check(t, err)
	other, err := os.Open(n.path())
	check(t, err)
	defer other.Close()
	check(t, unix.Setns(int(other.Fd()), unix.CLONE_NEWNET))
	t.Cleanup(func() {
		defer own.Close()
		if unix.Setns(int(own.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread() // else the thread ends with the goroutine
		}
	})
}

func (n *NetNS) path() string { return "/run/netns/" + n.Name }

// freePair returns the first three numbers of a network of this machine that nothing uses.
func freePair(t testing.TB) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	check(t, err)
	for range 100 {
		subnet := fmt.Sprintf("10.214.%d", rand.IntN(256))
		used := false
		for _, a := range addrs {
			used = used || strings.HasPrefix(a.String(), subnet+".")
		}
		if !used {
			return subnet
		}
	}
	t.Fatal("no free network")
	return ""
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}
