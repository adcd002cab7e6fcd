package testenv

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Zone is a DNS server of a test: every name leads to this machine but for those that say otherwise. What it says is
// changed in Set.
type Zone struct {
	Address string // host:port, by UDP and TCP
	TXT     map[string]string
	CNAME   map[string]string
	Nowhere map[string]bool // names without an address
	Silent  bool            // it answers nothing but that it failed

	mu sync.Mutex
}

// StartZone runs one until the test ends.
func StartZone(t testing.TB) *Zone {
	t.Helper()
	z := &Zone{TXT: map[string]string{}, CNAME: map[string]string{}, Nowhere: map[string]bool{}}
	udp, tcp := listenBoth(t)
	z.Address = udp.LocalAddr().String()
	for _, s := range []*dns.Server{{PacketConn: udp, Handler: z}, {Listener: tcp, Handler: z}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go s.ActivateAndServe()
		<-started
		t.Cleanup(func() { s.Shutdown() })
	}
	return z
}

// listenBoth listens on a port that is free for UDP and for TCP.
func listenBoth(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		if udp, err := net.ListenPacket("udp", tcp.Addr().String()); err == nil {
			return udp, tcp
		}
		tcp.Close()
	}
}

// Set changes what the zone says, between two answers.
func (z *Zone) Set(change func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	change()
}

// ServeDNS answers a question.
func (z *Zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.mu.Lock()
	defer z.mu.Unlock()
	answer := new(dns.Msg)
	answer.SetReply(q)
	name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
	head := dns.RR_Header{Name: q.Question[0].Name, Class: dns.ClassINET, Rrtype: q.Question[0].Qtype, Ttl: 1}
	switch kind := q.Question[0].Qtype; {
	case z.Silent:
		answer.Rcode = dns.RcodeServerFailure
	case kind == dns.TypeTXT && z.TXT[name] != "":
		answer.Answer = append(answer.Answer, &dns.TXT{Hdr: head, Txt: []string{"something else"}}, &dns.TXT{Hdr: head, Txt: []string{z.TXT[name]}})
	case kind == dns.TypeCNAME && z.CNAME[name] != "":
		answer.Answer = append(answer.Answer, &dns.CNAME{Hdr: head, Target: dns.Fqdn(z.CNAME[name])})
	case kind == dns.TypeA && !z.Nowhere[name] && !strings.HasPrefix(name, "_"):
		answer.Answer = append(answer.Answer, &dns.A{Hdr: head, A: net.IPv4(127, 0, 0, 1)})
	}
	w.WriteMsg(answer)
}
