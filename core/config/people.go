package config

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
)

// mail checks what mail goes through. Without a server the rest means nothing, so that it is a fault.
func (f *faults) mail(c Config) {
	f.oneOf("smtp-tls", c.SMTPTLS, "starttls", "tls", "none")
	if c.SMTPServer == "" {
		for setting, value := range map[string]string{"smtp-user": c.SMTPUser, "smtp-password": c.SMTPPassword, "smtp-from": c.SMTPFrom} {
			if value != "" {
				f.add(setting, "is set without smtp-server; name the server, or leave it out")
			}
		}
		return
	}
	f.address("smtp-server", c.SMTPServer)
	host, _, err := net.SplitHostPort(c.SMTPServer)
	if err == nil && host == "" {
		f.add("smtp-server", "%q names no host; write host:port, such as mail.example.com:587", c.SMTPServer)
	}
	if a, err := mail.ParseAddress(c.SMTPFrom); err != nil || strings.ContainsAny(c.SMTPFrom, "\r\n") || a.Address == "" {
		f.add("smtp-from", "%q is not an email address; write berth@example.com or Berth <berth@example.com>", c.SMTPFrom)
	}
	if (c.SMTPUser == "") != (c.SMTPPassword == "") {
		f.add("smtp-password", "goes with smtp-user; set both, or neither for a server that asks for nothing")
	}
	if c.SMTPTLS == "none" && c.SMTPUser != "" && !isLoopback(host) {
		f.add("smtp-tls", "is none, which would send smtp-password in the clear; use starttls or tls, or a server on this machine")
	}
}

// oidc checks the provider that people may sign in with.
func (f *faults) oidc(c Config) {
	f.oneOf("oidc-register", c.OIDCRegister, "on", "off")
	if c.OIDCIssuer == "" {
		for setting, value := range map[string]string{"oidc-client-id": c.OIDCClientID, "oidc-client-secret": c.OIDCClientSecret, "oidc-name": c.OIDCName} {
			if value != "" {
				f.add(setting, "is set without oidc-issuer; name the provider, or leave it out")
			}
		}
		return
	}
	u, err := url.Parse(c.OIDCIssuer)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" {
		f.add("oidc-issuer", "%q is not the address of a provider; write it as the provider does, with https://", c.OIDCIssuer)
	}
	if c.OIDCClientID == "" {
		f.add("oidc-client-id", "is empty; the provider says what Berth is called there")
	}
	if c.OIDCClientSecret == "" {
		f.add("oidc-client-secret", "is empty; the provider gives it with the client's id")
	}
}

// isLoopback reports whether a host is this machine, as far as its name says.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
