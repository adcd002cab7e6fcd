package cli

import (
	"context"

	"berth/web/client"
)

type scaleCmd struct {
	App    string `arg:"" complete:"app" help:"Id of an app."`
	N      int    `arg:"" help:"How many instances are to run."`
	Detach bool   `help:"Do not wait until they are online."`
}

func (c scaleCmd) Run(s *session) error {
	return s.change(c.App, c.Detach, "", func(ctx context.Context, api *client.Client) (client.Answer[client.Accepted], error) {
		return api.Scale(ctx, c.App, c.N)
	})
}

type stopCmd struct {
	App    string `arg:"" complete:"app" help:"Id of an app or a service."`
	Detach bool   `help:"Do not wait until it has stopped."`
}

func (c stopCmd) Run(s *session) error {
	return s.change(c.App, c.Detach, c.App+" is stopped.", func(ctx context.Context, api *client.Client) (client.Answer[client.Accepted], error) {
		return api.StopApp(ctx, c.App)
	})
}

type startCmd struct {
	App    string `arg:"" complete:"app" help:"Id of an app or a service."`
	Detach bool   `help:"Do not wait until it is online."`
}

func (c startCmd) Run(s *session) error {
	return s.change(c.App, c.Detach, "", func(ctx context.Context, api *client.Client) (client.Answer[client.Accepted], error) {
		return api.StartApp(ctx, c.App)
	})
}

type restartCmd struct {
	App    string `arg:"" complete:"app" help:"Id of an app or a service."`
	Detach bool   `help:"Do not wait until it is online again."`
}

func (c restartCmd) Run(s *session) error {
	return s.change(c.App, c.Detach, "", func(ctx context.Context, api *client.Client) (client.Answer[client.Accepted], error) {
		return api.RestartApp(ctx, c.App)
	})
}

// change asks for a change and follows it.
func (s *session) change(app string, detach bool, done string, ask func(context.Context, *client.Client) (client.Answer[client.Accepted], error)) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	accepted, err := ask(s.ctx, api)
	if err != nil {
		return err
	}
	return s.carry(api, work{app: app, accepted: accepted, detach: detach, done: done})
}
