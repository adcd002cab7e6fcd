// Package domain finds out whose the names are that customers claim: it looks at their DNS records, often while a claim
// is new, and now and then for as long as it stands.
package domain

import (
	"net/netip"
	"slices"
	"time"

	"berth/core"
)

// Seen is what the DNS says of a domain.
type Seen struct {
	Silent    bool // the question of proof got no answer
	TXT       []string
	CNAME     string
	NoLead    bool // the question of addresses got no answer
	Addresses []netip.Addr
	Gateways  []netip.Addr // those of the name under the base domain
}

// Grace is how long a verified domain goes on serving while its record is missed.
const Grace = 72 * time.Hour

// Decide returns d with the status that follows from what was seen, and the kind of the event to note, "" for none.
func Decide(d core.Domain, seen Seen, base string, now time.Time) (core.Domain, string) {
	d.CheckedAt = now
	d.Leads = lead(seen)
	event := ""
	switch {
	case seen.Silent: // nobody is punished for a server that is down
		d.Problem = core.T("domain.dns_silent", "domain", d.Name)
	case proven(d, seen, base):
		if event = ""; !d.Verified {
			event = "domain_verified"
			d.VerifiedAt = now
		}
		d.Verified, d.LostAt = true, time.Time{}
		d.Problem = leadProblem(d, seen, base)
	case !d.Verified:
		d.Problem = proofProblem(d, seen, base)
	case d.LostAt.IsZero() || d.LostAt.After(now): // the clock may have been set back
		event, d.LostAt = "domain_lost", now
		d.Problem = lostProblem(d, base)
	case now.Sub(d.LostAt) >= Grace:
		event = "domain_unverified"
		d.Verified, d.LostAt = false, time.Time{}
		d.Problem = proofProblem(d, seen, base)
	default:
		d.Problem = lostProblem(d, base)
	}
	d.NextCheck = now.Add(pause(d, now))
	return d, event
}

// proven reports whether one of the records that only the owner of the name can set is there.
func proven(d core.Domain, seen Seen, base string) bool {
	target := d.Target(base)
	return slices.Contains(seen.TXT, d.Challenge) || target != "" && seen.CNAME == target
}

func lead(seen Seen) core.Lead {
	switch {
	case seen.NoLead:
		return core.LeadsUnknown
	case len(seen.Addresses) == 0:
		return core.LeadsNowhere
	case len(seen.Gateways) == 0: // what leads here cannot be told
		return core.LeadsUnknown
	}
	for _, a := range seen.Addresses {
		if slices.Contains(seen.Gateways, a) {
			return core.LeadsHere
		}
	}
	return core.LeadsElsewhere
}

func leadProblem(d core.Domain, seen Seen, base string) core.Text {
	switch d.Leads {
	case core.LeadsNowhere:
		return core.T("domain.leads_nowhere", "domain", d.Name, "target", d.AppID+"."+base)
	case core.LeadsElsewhere:
		return core.T("domain.leads_elsewhere", "domain", d.Name, "target", d.AppID+"."+base, "address", seen.Addresses[0].String())
	}
	return core.Text{}
}

// proofProblem says what is there instead of the record.
func proofProblem(d core.Domain, seen Seen, base string) core.Text {
	switch {
	case seen.CNAME == d.AppID+"."+base:
		return core.T("domain.no_proof_cname", "domain", d.Name, "name", d.TXTName(), "value", d.Challenge)
	case len(seen.TXT) > 0:
		return core.T("domain.wrong_txt", "name", d.TXTName(), "value", d.Challenge, "found", printable(seen.TXT[0]))
	}
	first := d.Records(base, nil)[0]
	return core.T("domain.no_proof", "domain", d.Name, "type", first.Type, "name", first.Name, "value", first.Value)
}

// lostProblem says until when the domain goes on serving.
func lostProblem(d core.Domain, base string) core.Text {
	first := d.Records(base, nil)[0]
	return core.T("domain.lost", "domain", d.Name, "type", first.Type, "name", first.Name, "value", first.Value,
		"until", d.LostAt.Add(Grace).UTC().Format("2006-01-02 15:04"))
}

// printable is a text that a stranger wrote, as it may be shown.
func printable(text string) string {
	var kept []rune
	for _, r := range text {
		if r < ' ' || r > '~' {
			r = '?'
		}
		if kept = append(kept, r); len(kept) == 60 {
			return string(kept) + "…"
		}
	}
	return string(kept)
}

// pause is how long d is left alone: the newer what is waited for, the shorter.
func pause(d core.Domain, now time.Time) time.Duration {
	switch settled := d.Verified && d.LostAt.IsZero(); {
	case settled && d.Leads == core.LeadsHere:
		return 12 * time.Hour
	case settled:
		return paced(now.Sub(d.VerifiedAt), time.Hour)
	case d.Verified:
		return paced(now.Sub(d.LostAt), time.Hour)
	case !d.VerifiedAt.IsZero():
		return time.Hour
	}
	return paced(now.Sub(d.CreatedAt), 24*time.Hour)
}

// paced grows with the age of a question, up to most.
func paced(age, most time.Duration) time.Duration {
	switch {
	case age < 2*time.Minute:
		return 5 * time.Second
	case age < 15*time.Minute:
		return 15 * time.Second
	case age < 2*time.Hour:
		return time.Minute
	case age < 24*time.Hour:
		return 10 * time.Minute
	case age < 7*24*time.Hour:
		return time.Hour
	}
	return most
}
