// Package resolve asks the DNS, record by record: what a name's owner has set, not where a chain of names ends.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"

	"berth/core"
)

// Resolver asks recursive servers. It is safe for concurrent use.
type Resolver struct {
	servers []string // "host:port"; empty takes those of the system at each question
}

// New returns a Resolver that asks the servers in order, or the system's when there are none.
func New(servers ...string) *Resolver { return &Resolver{servers: servers} }

const (
	systemConfig = "/etc/resolv.conf"
	answerIn     = 3 * time.Second // of one server
)

// TXT returns the texts of a name; none when it has none or does not exist. Errors: EUNREACHABLE.
func (r *Resolver) TXT(ctx context.Context, name string) (texts []string, err error) {
	answer, err := r.ask(ctx, name, dns.TypeTXT)
	for _, rr := range answer {
		if t, ok := rr.(*dns.TXT); ok {
			texts = append(texts, strings.Join(t.Txt, ""))
		}
	}
	return texts, err
}

// CNAME returns the name that a name stands for, lower case; "" when it has no such record. Errors: EUNREACHABLE.
func (r *Resolver) CNAME(ctx context.Context, name string) (string, error) {
	answer, err := r.ask(ctx, name, dns.TypeCNAME)
	for _, rr := range answer {
		if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(c.Hdr.Name, dns.Fqdn(name)) {
			return strings.ToLower(strings.TrimSuffix(c.Target, ".")), nil
		}
	}
	return "", err
}

// Addresses returns the IPv4 and IPv6 addresses of a name; none when it has none or does not exist.
// Errors: EUNREACHABLE.
func (r *Resolver) Addresses(ctx context.Context, name string) (addresses []netip.Addr, err error) {
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		answer, err := r.ask(ctx, name, kind)
		if err != nil {
			return nil, err
		}
		for _, rr := range answer {
			var ip net.IP
			switch rr := rr.(type) {
			case *dns.A:
				ip = rr.A
			case *dns.AAAA:
				ip = rr.AAAA
			}
			if a, ok := netip.AddrFromSlice(ip); ok {
				addresses = append(addresses, a.Unmap())
			}
		}
	}
	return addresses, nil
}

// ask returns the answer of the first server that gives one. That a name does not exist is an answer.
func (r *Resolver) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	servers, err := r.list()
	for _, server := range servers {
		var answer *dns.Msg
		if answer, err = exchange(ctx, server, name, kind); err == nil {
			return answer.Answer, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err == nil {
		err = errors.New("no DNS server is configured")
	}
	return nil, core.Wrap(err, core.EUNREACHABLE, "error.dns_unreachable", "domain", name)
}

func exchange(ctx context.Context, server, name string, kind uint16) (*dns.Msg, error) {
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), kind)
	question.SetEdns0(1232, false)
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	var answer *dns.Msg
	var err error
	for _, network := range []string{"udp", "tcp"} {
		client := &dns.Client{Net: network, Timeout: answerIn}
		if answer, _, err = client.ExchangeContext(ctx, question, server); err == nil && !answer.Truncated {
			break
		}
	}
	switch {
	case err != nil:
		return nil, err
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("%s answers %s", server, dns.RcodeToString[answer.Rcode])
	}
	return answer, nil
}

func (r *Resolver) list() ([]string, error) {
	if len(r.servers) > 0 {
		return r.servers, nil
	}
	config, err := dns.ClientConfigFromFile(systemConfig)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var servers []string
	for _, s := range config.Servers {
		servers = append(servers, net.JoinHostPort(s, config.Port))
	}
	return servers, nil
}
