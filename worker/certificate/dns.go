package certificate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mholt/acmez/v3/acme"
	"github.com/miekg/dns"

	"berth/core"
)

// DNS is a name server of the base domain that takes updates (RFC 2136), signed with a shared key (RFC 8945,
// HMAC-SHA256). An authority issues a wildcard only to who can write there.
type DNS struct {
	Server  string        // host:port of the primary
	KeyName string        // of the shared key
	Key     string        // base64
	Spread  time.Duration // until the zone's other servers have what the primary has
}

var errUpdate = errors.New("the name server does not take the record")

// Present implements acmez.Solver.
func (d DNS) Present(ctx context.Context, c acme.Challenge) error {
	return d.update(ctx, c, func(m *dns.Msg, record []dns.RR) {
		m.RemoveRRset(record)
		m.Insert(record)
	})
}

// Wait implements acmez.Waiter.
func (d DNS) Wait(ctx context.Context, _ acme.Challenge) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d.Spread):
		return nil
	}
}

// CleanUp is also called when ctx has ended.
func (d DNS) CleanUp(ctx context.Context, c acme.Challenge) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return d.update(ctx, c, (*dns.Msg).Remove)
}

func (d DNS) update(ctx context.Context, c acme.Challenge, change func(*dns.Msg, []dns.RR)) error {
	name := dns.Fqdn(c.DNS01TXTRecordName())
	zone, err := d.zone(ctx, name)
	if err != nil {
		return fmt.Errorf("%w: %w", errUpdate, err)
	}
	m := new(dns.Msg).SetUpdate(zone)
	change(m, []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60},
		Txt: []string{c.DNS01KeyAuthorization()}}})
	m.SetTsig(dns.Fqdn(d.KeyName), dns.HmacSHA256, 300, time.Now().Unix())
	answer, err := d.ask(ctx, m)
	if err == nil && answer.Rcode != dns.RcodeSuccess {
		err = errors.New(dns.RcodeToString[answer.Rcode])
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUpdate, err)
	}
	return nil
}

// zone returns the zone that a name is in, as the server has it.
func (d DNS) zone(ctx context.Context, name string) (string, error) {
	for _, at := range dns.Split(name) {
		answer, err := d.ask(ctx, new(dns.Msg).SetQuestion(name[at:], dns.TypeSOA))
		if err != nil {
			return "", err
		}
		for _, record := range answer.Answer {
			if soa, ok := record.(*dns.SOA); ok && dns.CanonicalName(soa.Hdr.Name) == dns.CanonicalName(name[at:]) {
				return soa.Hdr.Name, nil
			}
		}
	}
	return "", fmt.Errorf("it has no zone with %s", name)
}

func (d DNS) ask(ctx context.Context, m *dns.Msg) (*dns.Msg, error) {
	client := dns.Client{Net: "tcp", Timeout: 5 * time.Second, TsigSecret: map[string]string{dns.Fqdn(d.KeyName): d.Key}}
	answer, _, err := client.ExchangeContext(ctx, m, d.Server)
	return answer, err
}

// wantBase sees to it that there is a certificate for the base domain to ask for: one that was uploaded stays.
func (l *Loop) wantBase(ctx context.Context) error {
	if l.opts.Authority == nil || l.opts.Authority.DNS == nil {
		return nil
	}
	name := "*." + l.opts.BaseDomain
	c, err := l.opts.Store.Certificates().Get(ctx, "", "")
	if core.ErrorCode(err) != core.ENOTFOUND && (err != nil || c.Domain == name || c.Kind != core.CertificateAutomatic) {
		return err
	}
	now := l.opts.Now()
	return l.opts.Store.Certificates().Put(ctx, core.Certificate{ID: core.BaseCertificateID, Domain: name, Kind: core.CertificateAutomatic,
		NextTry: now, CreatedAt: now})
}
