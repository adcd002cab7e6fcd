package core

import "strings"

// DNSRecord is one that a person sets at the provider of a domain.
type DNSRecord struct {
	Type    string // "TXT", "CNAME", "A" or "AAAA"
	Name    string // whole: "_berth.www.example.com"
	Value   string
	Purpose RecordPurpose
}

// RecordPurpose says what a record is for.
type RecordPurpose string

// What records are for.
const (
	RecordVerifies RecordPurpose = "verifies"
	RecordLeads    RecordPurpose = "leads"
	RecordBoth     RecordPurpose = "both"
)

// Records returns what may be set for d: the one record that both verifies and leads here, where there can be one, and
// the others, which do the same together. base is the base domain, addresses are those of the gateways.
func (d Domain) Records(base string, addresses []string) []DNSRecord {
	var records []DNSRecord
	if target := d.Target(base); target != "" {
		records = append(records, DNSRecord{"CNAME", d.Name, target, RecordBoth})
	}
	records = append(records, DNSRecord{"TXT", d.TXTName(), d.Challenge, RecordVerifies},
		DNSRecord{"CNAME", d.Name, d.AppID + "." + base, RecordLeads})
	for _, a := range addresses {
		kind := "A"
		if strings.Contains(a, ":") {
			kind = "AAAA"
		}
		records = append(records, DNSRecord{kind, d.Name, a, RecordLeads})
	}
	return records
}

// DomainState is a domain with all that people are shown of it.
type DomainState struct {
	Domain      Domain
	Certificate Certificate // zero when there is none; never with its key
	Records     []DNSRecord
	URL         string // that a visitor opens; "" for a wildcard
	HTTPS       bool   // the gateways of this Berth speak it
	Automatic   bool   // certificates are asked for by Berth
}
