package image

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	repositorymw "github.com/distribution/distribution/v3/registry/middleware/repository"
	"github.com/sirupsen/logrus"

	"berth/core"
)

// middleware is the name under which the registry finds the wrapper of pushes.
const middleware = "berth"

// newApp makes the registry's HTTP part. It knows no users: the door in front of it does.
func newApp(s *Store) (app *handlers.App, err error) {
	registerMiddleware()
	quiet(s.log)
	defer func() {
		if r := recover(); r != nil { // its constructor panics on a configuration that it does not like
			err = fmt.Errorf("image registry: %v", r)
		}
	}()
	return handlers.NewApp(context.Background(), configurationOf(s)), nil
}

func configurationOf(s *Store) *configuration.Configuration {
	c := &configuration.Configuration{
		Version: configuration.CurrentVersion,
		Storage: configuration.Storage{
			"filesystem": {"rootdirectory": s.opts.Dir},
			"delete":     {"enabled": true},
			// Uploads that were given up go with the garbage.
			"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
		},
		Middleware: map[string][]configuration.Middleware{
			"repository": {{Name: middleware, Options: configuration.Parameters{"store": s}}},
		},
	}
	c.HTTP.Secret = s.opts.Secret
	if c.HTTP.Secret == "" {
		c.HTTP.Secret = core.NewSecret()
	}
	// Addresses without a host: what a client says its host is cannot send it elsewhere.
	c.HTTP.RelativeURLs = true
	c.Catalog.MaxEntries = maxPage
	c.Tags.MaxTags = maxPage
	return c
}

// registerMiddleware tells the distribution project's table of middlewares, which a process has one of, about ours.
// What is registered holds nothing: the store comes with the options.
var registerMiddleware = sync.OnceFunc(func() {
	err := repositorymw.Register(middleware, func(_ context.Context, r distribution.Repository, o map[string]any) (distribution.Repository, error) {
		store, ok := o["store"].(*Store)
		if !ok {
			return nil, fmt.Errorf("no store")
		}
		return pushedRepository{r, store}, nil
	})
	if err != nil {
		panic(err)
	}
})

// quiet sends what the registry says to its own logger, a line for every request, to Berth's at debug level.
func quiet(log *slog.Logger) {
	l := logrus.StandardLogger()
	l.SetOutput(io.Discard)
	l.ReplaceHooks(logrus.LevelHooks{})
	l.AddHook(logHook{log})
}

type logHook struct{ log *slog.Logger }

func (h logHook) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel, logrus.WarnLevel}
}

func (h logHook) Fire(e *logrus.Entry) error {
	h.log.Debug("registry: "+e.Message, "error", e.Data["error"], "detail", e.Data["err.detail"])
	return nil
}
