package core

import (
	"bytes"
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AccessLine is one request as a gateway saw it.
type AccessLine struct {
	Time     time.Time // of its end, exact to the microsecond
	Domain   string
	Source   string // IP address of the client
	Method   string
	Path     string // without the query, which may carry secrets; cut at MaxAccessPath
	Protocol string // "HTTP/1.1"
	Status   int    // 0 when the client left before it was answered
	In, Out  int64  // bytes of the bodies
	Took     time.Duration
	Instance string // address; "" when it went to none
	Version  string // label
	Fault    Fault  // why it failed
	Agent    string // cut at MaxAccessAgent
}

// What is kept of long values, in bytes.
const (
	MaxAccessPath  = 200
	MaxAccessAgent = 120
)

// Fault is why a request was not answered by an instance, or not to the end.
type Fault string

const (
	FaultNone        Fault = ""
	FaultNoInstance  Fault = "no_instance" // none was there
	FaultUnreachable Fault = "unreachable" // none took the connection
	FaultBroken      Fault = "broken"      // the instance closed the connection before it answered
	FaultSlow        Fault = "slow"        // the instance took too long
	FaultMalformed   Fault = "malformed"   // the answer was no HTTP
	FaultCut         Fault = "cut"         // the answer broke off
	FaultLeft        Fault = "left"        // the client left; no fault of the app's
)

// accessFields is how many fields a line has: microseconds since 1970, domain, source, method, path, protocol, status,
// bytes in, bytes out, microseconds taken, instance, version, fault, agent; with a tab between two.
const accessFields = 14

// ParseAccessLine reads a line as gateways write them, without its end. What is not UTF-8 is replaced. It reports
// whether it is one: a file may end in half of one.
func ParseAccessLine(line []byte) (AccessLine, bool) {
	var at [accessFields]string
	rest := line
	for i := range at {
		field, more, found := bytes.Cut(rest, []byte{'\t'})
		if found != (i < accessFields-1) {
			return AccessLine{}, false
		}
		at[i], rest = strings.ToValidUTF8(string(field), "\uFFFD"), more
	}
	l := AccessLine{Domain: at[1], Source: at[2], Method: at[3], Path: at[4], Protocol: at[5], Instance: at[10], Version: at[11],
		Fault: Fault(at[12]), Agent: at[13]}
	var n [5]int64
	for i, field := range []string{at[0], at[6], at[7], at[8], at[9]} {
		v, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return AccessLine{}, false
		}
		n[i] = v
	}
	l.Time, l.Status, l.In, l.Out, l.Took = time.UnixMicro(n[0]), int(n[1]), n[2], n[3], time.Duration(n[4])*time.Microsecond
	return l, true
}

// AccessQuery narrows an access log. The zero value asks for the newest lines of all.
type AccessQuery struct {
	Status string    // "404", "5xx", "failed" for those with a fault of the app's; "" for all
	Path   string    // a part of it
	Source string    // an address or a network
	Before time.Time // ended before; zero for the newest
	After  time.Time // ended at or after; zero for all that are kept
	Limit  int       // at most so many, and those that ended in the same microsecond as the last; 1 to MaxAccessLines
}

// MaxAccessLines is how many lines are answered at once.
const MaxAccessLines = 1000

// Validate reports every fault of q. Errors: EINVALID at "status", "path", "source".
func (q AccessQuery) Validate() error {
	var f Faults
	if q.Status != "" && q.Status != "failed" && !statusWord(q.Status) {
		f.Add("status", "error.access_status")
	}
	if len(q.Path) > MaxAccessPath || !utf8.ValidString(q.Path) {
		f.Add("path", "error.access_path")
	}
	if _, err := accessNetwork(q.Source); q.Source != "" && err != nil {
		f.Add("source", "error.access_source")
	}
	return f.Err()
}

func statusWord(s string) bool {
	if len(s) != 3 || s[0] < '1' || s[0] > '5' {
		return false
	}
	return s[1:] == "xx" || s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9'
}

// Within reports whether q asks for what ended at t.
func (q AccessQuery) Within(t time.Time) bool {
	return (q.Before.IsZero() || t.Before(q.Before)) && !t.Before(q.After)
}

func accessNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// Match returns what tells whether a line is one that is asked for; q must be valid.
func (q AccessQuery) Match() func(AccessLine) bool {
	network, _ := accessNetwork(q.Source)
	return func(l AccessLine) bool {
		if !q.matchStatus(l) || !strings.Contains(l.Path, q.Path) {
			return false
		}
		if q.Source == "" {
			return true
		}
		a, err := netip.ParseAddr(l.Source)
		return err == nil && network.Contains(a.Unmap())
	}
}

func (q AccessQuery) matchStatus(l AccessLine) bool {
	switch {
	case q.Status == "":
		return true
	case q.Status == "failed":
		return l.Fault != FaultNone && l.Fault != FaultLeft
	case q.Status[1] == 'x':
		return l.Status/100 == int(q.Status[0]-'0')
	}
	return strconv.Itoa(l.Status) == q.Status
}

// AccessPage is a part of an access log, newest first.
type AccessPage struct {
	Lines []AccessLine
	Until time.Time // older lines were not looked at: ask for those Before; zero when all were
	Lost  int64     // lines that gateways could not keep since they started, because too many came at once
	Away  []string  // ids of gateways that did not answer: their lines are missing
}

// AccessLog is what gateways keep of the requests of apps. core/service checks the actor before calling it.
type AccessLog interface {
	// Search returns the lines that match, newest first. Errors: EINVALID.
	Search(ctx context.Context, appID string, q AccessQuery) (AccessPage, error)
	// Follow calls f for the lines to come that match, until ctx ends or f fails. A reader slower than the requests
	// misses some; the number is passed with the next.
	Follow(ctx context.Context, appID string, q AccessQuery, f func(line AccessLine, missed int) error) error
}
