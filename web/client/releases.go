package client

import (
	"context"
	"net/http"
	"strconv"

	"berth/core"
)

// NewRelease says what changes; what is left out stays as the release before has it.
type NewRelease struct {
	Version  string            `json:"version,omitempty"`
	Replicas *int              `json:"replicas,omitempty"`
	Memory   *core.Bytes       `json:"memory,omitempty"`
	CPU      *core.MilliCPU    `json:"cpu,omitempty"`
	Port     *int              `json:"port,omitempty"`
	Env      *[]core.EnvVar    `json:"env,omitempty"` // replaces all; a secret without a value keeps its own
	Bindings *[]string         `json:"bindings,omitempty"`
	Health   *core.HealthCheck `json:"health,omitempty"`
}

// Releases returns the releases of an app, newest first, at most so many.
func (c *Client) Releases(ctx context.Context, app string, most int) (Answer[List[Release]], error) {
	return all[Release](ctx, c, appPath(app, "/releases"), nil, most)
}

// Release returns one release.
func (c *Client) Release(ctx context.Context, app string, number int) (Answer[Release], error) {
	return ask[Release](ctx, c, http.MethodGet, appPath(app, "/releases/"+strconv.Itoa(number)), nil, nil)
}

// CreateRelease brings a version online, or changes how it runs.
func (c *Client) CreateRelease(ctx context.Context, app string, in NewRelease) (Answer[Accepted], error) {
	return ask[Accepted](ctx, c, http.MethodPost, appPath(app, "/releases"), nil, in)
}

// Rollback releases an old release again.
func (c *Client) Rollback(ctx context.Context, app string, number int) (Answer[Accepted], error) {
	return ask[Accepted](ctx, c, http.MethodPost, appPath(app, "/rollback"), nil, map[string]int{"release": number})
}

// Scale sets how many instances are wanted.
func (c *Client) Scale(ctx context.Context, app string, n int) (Answer[Accepted], error) {
	return ask[Accepted](ctx, c, http.MethodPut, appPath(app, "/scaling"), nil, map[string]int{"min": n, "max": n})
}
