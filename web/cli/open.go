package cli

import (
	"net/url"
	"os/exec"
	"runtime"
)

type openCmd struct {
	App string `arg:"" complete:"app" help:"Id of an app."`
}

func (c openCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	app, err := api.App(s.ctx, c.App)
	if err != nil {
		return err
	}
	if app.Value.URL == "" {
		return failed("%s is a service and has no address for browsers. See: berth credentials %s", c.App, c.App)
	}
	return s.answer(app.JSON, func() error {
		if err := s.say("%s", inert(app.Value.URL, false)); err != nil {
			return err
		}
		s.browse(app.Value.URL)
		return nil
	})
}

// browse opens an address in a browser when there is somebody to see it. Only addresses of the web are passed on:
// the desktop would start other things for others.
func (s *session) browse(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !isTerminal(s.stdout) {
		return
	}
	opener := map[string]string{"darwin": "open", "linux": "xdg-open", "freebsd": "xdg-open"}[runtime.GOOS]
	if opener == "xdg-open" && s.environ["DISPLAY"] == "" && s.environ["WAYLAND_DISPLAY"] == "" {
		return
	}
	program, err := exec.LookPath(opener)
	if err != nil {
		return
	}
	if err := exec.Command(program, u.String()).Start(); err != nil {
		s.note("The browser could not be opened: %v", err)
	}
}
