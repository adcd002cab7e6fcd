package domain

import (
	"net/netip"
	"testing"
	"time"

	"berth/core"
)

const (
	base   = "apps.example"
	secret = "aaaabbbbccccddddeeeeffff"
)

var (
	here      = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	elsewhere = []netip.Addr{netip.MustParseAddr("198.51.100.9")}
	noon      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// claim is a domain as it was left by what was seen before.
func claim(change func(*core.Domain)) core.Domain {
	d := core.Domain{Name: "www.shop.example", AppID: "shop", Challenge: secret, CreatedAt: noon.Add(-10 * time.Hour)}
	if change != nil {
		change(&d)
	}
	return d
}

func verified(d *core.Domain) {
	d.Verified, d.VerifiedAt, d.Leads = true, noon.Add(-9*time.Hour), core.LeadsHere
}

func lost(since time.Duration) func(*core.Domain) {
	return func(d *core.Domain) {
		verified(d)
		d.LostAt = noon.Add(-since)
	}
}

func unverified(d *core.Domain) { d.VerifiedAt = noon.Add(-200 * time.Hour) }

// Every answer of the DNS, and every silence, on every state.
func TestDecide(t *testing.T) {
	txt := Seen{TXT: []string{"other", secret}, Addresses: here[:1], Gateways: here}
	cname := Seen{CNAME: claim(nil).Target(base), Addresses: here[1:], Gateways: here}
	nothing := Seen{Addresses: here[:1], Gateways: here}
	silent := Seen{Silent: true, NoLead: true, Gateways: here}
	for name, x := range map[string]struct {
		before   func(*core.Domain)
		seen     Seen
		verified bool
		lost     time.Duration // before noon; 0 for not
		leads    core.Lead
		problem  string
		event    string
		next     time.Duration
	}{
		"new, TXT":                    {nil, txt, true, 0, core.LeadsHere, "", "domain_verified", 12 * time.Hour},
		"new, CNAME":                  {nil, cname, true, 0, core.LeadsHere, "", "domain_verified", 12 * time.Hour},
		"new, nothing":                {nil, nothing, false, 0, core.LeadsHere, "domain.no_proof", "", 10 * time.Minute},
		"new, another TXT":            {nil, Seen{TXT: []string{"v=spf1"}, Addresses: here, Gateways: here}, false, 0, core.LeadsHere, "domain.wrong_txt", "", 10 * time.Minute},
		"new, the CNAME of the app":   {nil, Seen{CNAME: "shop." + base, Addresses: here, Gateways: here}, false, 0, core.LeadsHere, "domain.no_proof_cname", "", 10 * time.Minute},
		"new, the secret of another":  {nil, Seen{TXT: []string{"aaaabbbbccccddddeeeefffg"}, Gateways: here}, false, 0, core.LeadsNowhere, "domain.wrong_txt", "", 10 * time.Minute},
		"new, silence":                {nil, silent, false, 0, core.LeadsUnknown, "domain.dns_silent", "", 10 * time.Minute},
		"new, proof but no addresses": {nil, Seen{TXT: []string{secret}, Gateways: here}, true, 0, core.LeadsNowhere, "domain.leads_nowhere", "domain_verified", 5 * time.Second},
		"new, proof, leads elsewhere": {nil, Seen{TXT: []string{secret}, Addresses: elsewhere, Gateways: here}, true, 0, core.LeadsElsewhere, "domain.leads_elsewhere", "domain_verified", 5 * time.Second},
		"new, proof, addresses silent": {nil, Seen{TXT: []string{secret}, NoLead: true, Gateways: here}, true, 0, core.LeadsUnknown, "", "domain_verified",
			5 * time.Second},
		"new, proof, base unknown": {nil, Seen{TXT: []string{secret}, Addresses: elsewhere}, true, 0, core.LeadsUnknown, "", "domain_verified", 5 * time.Second},
		"verified, still":          {verified, txt, true, 0, core.LeadsHere, "", "", 12 * time.Hour},
		"verified, silence":        {verified, silent, true, 0, core.LeadsUnknown, "domain.dns_silent", "", 10 * time.Minute},
		"verified, half silent":    {verified, Seen{Silent: true, Addresses: here, Gateways: here}, true, 0, core.LeadsHere, "domain.dns_silent", "", 12 * time.Hour},
		"verified, record gone":    {verified, nothing, true, time.Nanosecond, core.LeadsHere, "domain.lost", "domain_lost", 5 * time.Second},
		"missed, silence":          {lost(71 * time.Hour), silent, true, 71 * time.Hour, core.LeadsUnknown, "domain.dns_silent", "", time.Hour},
		"missed for long, silence": {lost(1000 * time.Hour), silent, true, 1000 * time.Hour, core.LeadsUnknown, "domain.dns_silent", "", time.Hour},
		"missed, within the grace": {lost(Grace - time.Second), nothing, true, Grace - time.Second, core.LeadsHere, "domain.lost", "", time.Hour},
		"missed, after the grace":  {lost(Grace), nothing, false, 0, core.LeadsHere, "domain.no_proof", "domain_unverified", time.Hour},
		"missed, back":             {lost(Grace + time.Hour), txt, true, 0, core.LeadsHere, "", "", 12 * time.Hour},
		"missed in the future":     {lost(-time.Hour), nothing, true, time.Nanosecond, core.LeadsHere, "domain.lost", "domain_lost", 5 * time.Second},
		"taken, nothing":           {unverified, nothing, false, 0, core.LeadsHere, "domain.no_proof", "", time.Hour},
		"taken, silence":           {unverified, silent, false, 0, core.LeadsUnknown, "domain.dns_silent", "", time.Hour},
		"taken, back":              {unverified, cname, true, 0, core.LeadsHere, "", "domain_verified", 12 * time.Hour},
	} {
		before := claim(x.before)
		d, event := Decide(before, x.seen, base, noon)
		wantLost := time.Time{}
		if x.lost > 0 {
			wantLost = noon.Add(-x.lost.Truncate(time.Second))
		}
		if d.Verified != x.verified || !d.LostAt.Equal(wantLost) || d.Leads != x.leads || d.Problem.Key != x.problem || event != x.event {
			t.Errorf("%s: verified %v, lost %v, leads %q, problem %q, event %q; want %+v", name, d.Verified, d.LostAt, d.Leads, d.Problem.Key, event, x)
		}
		if next := d.NextCheck.Sub(noon); next != x.next || !d.CheckedAt.Equal(noon) {
			t.Errorf("%s: looked at in %v, want %v", name, next, x.next)
		}
		if d.Verified && !before.Verified && !d.VerifiedAt.Equal(noon) {
			t.Errorf("%s: verified at %v", name, d.VerifiedAt)
		}
	}
}

// A name server that is silent changes nothing of whose a name is, whatever was before and however long it lasts.
func TestSilenceTakesNothingAway(t *testing.T) {
	for _, change := range []func(*core.Domain){nil, verified, unverified, lost(0), lost(time.Hour), lost(Grace), lost(10000 * time.Hour)} {
		d := claim(change)
		for at := noon; at.Before(noon.Add(100 * 24 * time.Hour)); at = d.NextCheck {
			before := d
			var event string
			d, event = Decide(d, Seen{Silent: true, TXT: []string{"x"}, CNAME: "y", NoLead: at.Day()%2 == 0, Gateways: here}, base, at)
			if d.Verified != before.Verified || !d.LostAt.Equal(before.LostAt) || !d.VerifiedAt.Equal(before.VerifiedAt) || event != "" {
				t.Fatalf("%+v became %+v", before, d)
			}
			if !d.NextCheck.After(at) || d.NextCheck.After(at.Add(24*time.Hour)) {
				t.Fatalf("looked at next %v after", d.NextCheck.Sub(at))
			}
		}
	}
}
