// Package oidc lets people sign in at an OpenID Connect provider: the authorization code flow with PKCE.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"berth/core"
)

// patience is for how long the provider may take for one answer.
const patience = 10 * time.Second

// Options say which provider, and what Berth is there.
type Options struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Name         string // what people call it
	Callback     string // the address at which it sends browsers back
	Log          *slog.Logger
}

// Provider signs people in. It asks the provider for nothing before somebody wants to, so that a provider that is down
// keeps nobody else from anything.
type Provider struct {
	o      Options
	client *http.Client

	mu    sync.Mutex
	known *known // nil until the provider has answered
}

// known is what the provider says of itself.
type known struct {
	verifier *oidc.IDTokenVerifier
	config   oauth2.Config
}

// New returns a Provider.
func New(o Options) *Provider {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Provider{o: o, client: &http.Client{Timeout: patience, CheckRedirect: sameSite}}
}

// sameSite keeps what is sent to the provider, its client's secret above all, from going anywhere else.
func sameSite(r *http.Request, via []*http.Request) error {
	if len(via) > 3 || r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host {
		return errors.New("oidc: the provider leads elsewhere")
	}
	return nil
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.o.Name }

// Begin returns where a browser is to go, and what ties its way back to it. Errors: EUNREACHABLE.
func (p *Provider) Begin(ctx context.Context) (address string, flow core.ProviderFlow, err error) {
	k, err := p.discover(ctx)
	if err != nil {
		return "", core.ProviderFlow{}, err
	}
	flow = core.ProviderFlow{State: core.NewSecret(), Nonce: core.NewSecret(), Verifier: oauth2.GenerateVerifier()}
	return k.config.AuthCodeURL(flow.State, oidc.Nonce(flow.Nonce), oauth2.S256ChallengeOption(flow.Verifier)), flow, nil
}

// Finish returns who came back with code. Errors: EUNREACHABLE, EFORBIDDEN for an answer that cannot be verified or is
// not for this flow.
func (p *Provider) Finish(ctx context.Context, flow core.ProviderFlow, code string) (core.Claims, error) {
	k, err := p.discover(ctx)
	if err != nil {
		return core.Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := k.config.Exchange(ctx, code, oauth2.VerifierOption(flow.Verifier))
	if err != nil {
		if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < http.StatusInternalServerError {
			return core.Claims{}, p.unverified(errors.New(refused.ErrorCode))
		}
		return core.Claims{}, p.unreachable(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return core.Claims{}, p.unverified(errors.New("no id_token"))
	}
	token, err := k.verifier.Verify(ctx, raw)
	if err != nil {
		return core.Claims{}, p.unverified(err)
	}
	if flow.Nonce == "" || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(flow.Nonce)) != 1 {
		return core.Claims{}, p.unverified(errors.New("another nonce"))
	}
	return p.claims(token)
}

// claims reads what the token says. Some providers write truth as a text.
func (p *Provider) claims(token *oidc.IDToken) (core.Claims, error) {
	var said struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"`
		Name     string `json:"name"`
	}
	if err := token.Claims(&said); err != nil {
		return core.Claims{}, p.unverified(err)
	}
	text, _ := said.Verified.(string)
	return core.Claims{Issuer: token.Issuer, Subject: token.Subject, Email: said.Email, Name: said.Name,
		EmailVerified: said.Verified == true || strings.EqualFold(text, "true")}, nil
}

// discover asks the provider what it is, once it has answered never again.
func (p *Provider) discover(ctx context.Context) (*known, error) {
	p.mu.Lock()
	k := p.known
	p.mu.Unlock()
	if k != nil {
		return k, nil
	}
	// Its keys are fetched with this context later on, when this request is long over.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.o.Issuer)
	if err != nil {
		return nil, p.unreachable(err)
	}
	k = &known{verifier: found.Verifier(&oidc.Config{ClientID: p.o.ClientID}),
		config: oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.o.Callback,
			Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}}
	p.mu.Lock()
	p.known = k
	p.mu.Unlock()
	return k, nil
}

func (p *Provider) unreachable(err error) error {
	p.o.Log.Warn("the sign-in provider does not answer", "issuer", p.o.Issuer, "error", err)
	return core.Wrap(err, core.EUNREACHABLE, "error.provider_unreachable")
}

func (p *Provider) unverified(err error) error {
	p.o.Log.Warn("an answer of the sign-in provider is refused", "issuer", p.o.Issuer, "error", err)
	return core.Wrap(err, core.EFORBIDDEN, "error.provider_answer")
}
