package testenv

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

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
	Name    string          // that updates are for; none are taken while it is empty
	Updates int             // that were taken

	mu sync.Mutex
}

// The shared key (TSIG, hmac-sha256) that updates of a Zone have to be signed with.
const (
	ZoneKeyName = "berth"
	ZoneKey     = "c2VjcmV0IG9mIHRoZSB6b25lIG9mIHRoZSB0ZXN0cyE="
)

// StartZone runs one until the test ends.
func StartZone(t testing.TB) *Zone {
	t.Helper()
	z := &Zone{TXT: map[string]string{}, CNAME: map[string]string{}, Nowhere: map[string]bool{}}
	udp, tcp := listenBoth(t)
	z.Address = udp.LocalAddr().String()
	keys := map[string]string{dns.Fqdn(ZoneKeyName): ZoneKey}
	accept := func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept } // updates too
	for _, s := range []*dns.Server{
		{PacketConn: udp, Handler: z, TsigSecret: keys, MsgAcceptFunc: accept},
		{Listener: tcp, Handler: z, TsigSecret: keys, MsgAcceptFunc: accept},
	} {
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
	if q.Opcode == dns.OpcodeUpdate {
		answer.Rcode = z.update(name, w.TsigStatus() == nil && q.IsTsig() != nil, q.Ns)
		if q.IsTsig() != nil && w.TsigStatus() == nil {
			answer.SetTsig(dns.Fqdn(ZoneKeyName), dns.HmacSHA256, 300, time.Now().Unix())
		}
		w.WriteMsg(answer)
		return
	}
	head := dns.RR_Header{Name: q.Question[0].Name, Class: dns.ClassINET, Rrtype: q.Question[0].Qtype, Ttl: 1}
	switch kind := q.Question[0].Qtype; {
	case z.Silent:
		answer.Rcode = dns.RcodeServerFailure
	case kind == dns.TypeSOA && name == z.Name:
		answer.Answer = append(answer.Answer, &dns.SOA{Hdr: head, Ns: "ns." + dns.Fqdn(name), Mbox: "host." + dns.Fqdn(name), Serial: 1})
	case kind == dns.TypeTXT && z.TXT[name] != "":
		answer.Answer = append(answer.Answer, &dns.TXT{Hdr: head, Txt: []string{"something else"}}, &dns.TXT{Hdr: head, Txt: []string{z.TXT[name]}})
	case kind == dns.TypeCNAME && z.CNAME[name] != "":
		answer.Answer = append(answer.Answer, &dns.CNAME{Hdr: head, Target: dns.Fqdn(z.CNAME[name])})
	case kind == dns.TypeA && !z.Nowhere[name] && !strings.HasPrefix(name, "_"):
		answer.Answer = append(answer.Answer, &dns.A{Hdr: head, A: net.IPv4(127, 0, 0, 1)})
	}
	w.WriteMsg(answer)
}

// update changes TXT as RFC 2136, 2.5 has it, and returns the code of the answer.
func (z *Zone) update(zone string, signed bool, changes []dns.RR) int {
	switch {
	case zone != z.Name:
		return dns.RcodeNotAuth
	case !signed:
		return dns.RcodeRefused
	}
	for _, change := range changes {
		name := strings.ToLower(strings.TrimSuffix(change.Header().Name, "."))
		if !strings.HasSuffix(name, "."+z.Name) {
			return dns.RcodeNotZone
		}
		if txt, ok := change.(*dns.TXT); ok && change.Header().Class == dns.ClassINET {
			z.TXT[name] = txt.Txt[0]
		} else {
			delete(z.TXT, name)
		}
	}
	z.Updates++
	return dns.RcodeSuccess
}
