package core

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AlertChannel is a way to tell people.
type AlertChannel struct {
	ID        string
	TenantID  string
	Name      string
	Kind      ChannelKind
	Language  string // of what it tells; "" is English
	Shows     string // of its target what may be read: addresses of email, the host of a hook
	Author    string
	CreatedAt time.Time

	Fault  Text      // why the last try failed; zero when it did not
	UsedAt time.Time // of the last try
}

// ChannelKind says how a channel tells.
type ChannelKind string

// The kinds of channels. All but the first are addresses that a message is posted to.
const (
	ChannelEmail    ChannelKind = "email"
	ChannelWebhook  ChannelKind = "webhook" // JSON, signed
	ChannelSlack    ChannelKind = "slack"
	ChannelDingTalk ChannelKind = "dingtalk"
	ChannelWeCom    ChannelKind = "wecom"
	ChannelFeishu   ChannelKind = "feishu"
)

// Signed reports whether what goes to a channel of this kind can be signed with a secret.
func (k ChannelKind) Signed() bool {
	return k == ChannelWebhook || k == ChannelDingTalk || k == ChannelFeishu
}

// ChannelKinds are all of them.
var ChannelKinds = []ChannelKind{ChannelEmail, ChannelWebhook, ChannelSlack, ChannelDingTalk, ChannelWeCom, ChannelFeishu}

// AdminsChannel is the channel of a tenant that has none of its own: an email to each of its admins.
const AdminsChannel = "admins"

// AlertTarget is where a channel leads. It lies sealed in the store and is shown to nobody.
type AlertTarget struct {
	To     []string `json:"to,omitempty"`     // addresses of email
	URL    string   `json:"url,omitempty"`    // of the others; it may hold a token
	Secret string   `json:"secret,omitempty"` // that a webhook, a DingTalk or a Feishu robot is signed with
}

const maxRecipients = 20

// Shows returns what may be read of t.
func (t AlertTarget) Shows() string {
	if u, err := url.Parse(t.URL); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host + "/…"
	}
	return strings.Join(t.To, ", ")
}

// Validate reports every fault of c itself. Errors: EINVALID at "name", "language".
func (c AlertChannel) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", c.Name))
	if c.Language != "" && c.Language != "en" && c.Language != "zh-Hans" {
		f.Add("language", "error.channel_language")
	}
	return f.Err()
}

// Validate reports every fault of a target for a kind of channel; networks are the private ones that a hook may lead to.
// Errors: EINVALID at "kind", "to", "url", "secret".
func (t AlertTarget) Validate(kind ChannelKind, networks []netip.Prefix) error {
	var f Faults
	switch {
	case !slices.Contains(ChannelKinds, kind):
		f.Add("kind", "error.channel_kind")
	case kind == ChannelEmail:
		t.validateEmail(&f)
	default:
		t.validateHook(&f, kind, networks)
	}
	return f.Err()
}

func (t AlertTarget) validateEmail(f *Faults) {
	if t.URL != "" || t.Secret != "" {
		f.Add("url", "error.channel_email_url")
	}
	if len(t.To) == 0 || len(t.To) > maxRecipients {
		f.Add("to", "error.channel_recipients", "max", itoa(maxRecipients))
	}
	for _, to := range t.To {
		if ValidateEmail(to) != nil {
			f.Add("to", "error.email_malformed")
			break
		}
	}
}

func (t AlertTarget) validateHook(f *Faults, kind ChannelKind, networks []netip.Prefix) {
	if len(t.To) > 0 {
		f.Add("to", "error.channel_hook_to")
	}
	u, err := url.Parse(t.URL)
	switch {
	case err != nil || len(t.URL) > 2000 || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		strings.ContainsFunc(t.URL, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		f.Add("url", "error.channel_url")
	case literal(u.Hostname()).IsValid() && !MayDial(literal(u.Hostname()), networks):
		f.Add("url", "error.channel_private")
	}
	switch {
	case kind == ChannelWebhook && (len(t.Secret) < 16 || len(t.Secret) > 200):
		f.Add("secret", "error.channel_secret")
	case len(t.Secret) > 200:
		f.Add("secret", "error.text_long", "max", "200")
	case t.Secret != "" && !kind.Signed():
		f.Add("secret", "error.channel_unsigned")
	}
}

func literal(host string) netip.Addr {
	ip, _ := netip.ParseAddr(host)
	return ip
}

// AlertSender hands messages to channels.
type AlertSender interface {
	// Try sends a message that says that it is a try. Errors: EUNREACHABLE, with why in words.
	Try(ctx context.Context, c AlertChannel, t AlertTarget) error
}
