package client

import (
	"context"
	"net/http"
	"net/url"
)

// Me returns whose token the client has.
func (c *Client) Me(ctx context.Context) (Answer[Me], error) {
	return ask[Me](ctx, c, http.MethodGet, "/me", nil, nil)
}

// Tenants returns the teams that the token's owner sees.
func (c *Client) Tenants(ctx context.Context) (Answer[List[Tenant]], error) {
	return all[Tenant](ctx, c, "/tenants", nil, 0)
}

// Apps returns the apps and services of a team, or of all when tenant is "". kind is "app", "service" or "" for both.
func (c *Client) Apps(ctx context.Context, tenant, kind, search string) (Answer[List[AppSummary]], error) {
	query := url.Values{}
	for name, value := range map[string]string{"tenant": tenant, "kind": kind, "search": search} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return all[AppSummary](ctx, c, "/apps", query, 0)
}

// NewApp is what an app or a service is made from.
type NewApp struct {
	Tenant  string `json:"tenant"`
	Name    string `json:"name"`
	ID      string `json:"id,omitempty"`
	Service string `json:"service,omitempty"`
	Version string `json:"version,omitempty"`
	Plan    string `json:"plan,omitempty"`
}

// CreateApp makes an app, or a service of the catalogue, which is deployed at once.
func (c *Client) CreateApp(ctx context.Context, in NewApp) (Answer[CreatedApp], error) {
	return ask[CreatedApp](ctx, c, http.MethodPost, "/apps", nil, in)
}

// App returns an app with its instances.
func (c *Client) App(ctx context.Context, id string) (Answer[App], error) {
	return ask[App](ctx, c, http.MethodGet, appPath(id, ""), nil, nil)
}

// DeleteApp deletes an app, and its storage unless that is to be kept.
func (c *Client) DeleteApp(ctx context.Context, id string, keepData bool) (Answer[Accepted], error) {
	var query url.Values
	if keepData {
		query = url.Values{"keep_data": {"true"}}
	}
	return ask[Accepted](ctx, c, http.MethodDelete, appPath(id, ""), query, nil)
}

// StopApp stops every instance.
func (c *Client) StopApp(ctx context.Context, id string) (Answer[Accepted], error) {
	return ask[Accepted](ctx, c, http.MethodPost, appPath(id, "/stop"), nil, nil)
}

// StartApp starts a stopped app.
func (c *Client) StartApp(ctx context.Context, id string) (Answer[Accepted], error) {
	return ask[Accepted](ctx, c, http.MethodPost, appPath(id, "/start"), nil, nil)
}

// RestartApp replaces every instance by a new one.
func (c *Client) RestartApp(ctx context.Context, id string) (Answer[Accepted], error) {
	return ask[Accepted](ctx, c, http.MethodPost, appPath(id, "/restart"), nil, nil)
}

// Events returns what happened to an app, newest first, at most so many.
func (c *Client) Events(ctx context.Context, app string, most int) (Answer[List[Event]], error) {
	return all[Event](ctx, c, appPath(app, "/events"), nil, most)
}

// Connection returns how a service is reached, with its credentials.
func (c *Client) Connection(ctx context.Context, app string) (Answer[Connection], error) {
	return ask[Connection](ctx, c, http.MethodGet, appPath(app, "/connection"), nil, nil)
}

// Catalog returns the services that can be had.
func (c *Client) Catalog(ctx context.Context) (Answer[List[CatalogEntry]], error) {
	return all[CatalogEntry](ctx, c, "/catalog", nil, 0)
}

func appPath(id, rest string) string { return "/apps/" + segment(id) + rest }
