package web

import (
	"context"
	"io"
	"sync"

	"berth/core"
	"berth/handlers"
)

// fakeService answers just enough to see what the transport does with it; what it lacks panics. The real service is
// driven in real_test.go.
type fakeService struct {
	handlers.Service

	mu       sync.Mutex
	users    map[string]core.Actor // by user id
	tokens   map[string]core.Actor // by secret
	apps     map[string]core.App
	failure  error // of App, when set
	changes  chan core.Change
	lines    chan core.LogLine
	imported int64 // bytes that ImportVersion read
}

func newFake() *fakeService {
	member := core.Actor{Kind: core.ActorUser, ID: "ada", UserID: "ada", Name: "Ada",
		Roles: map[string]core.Role{"tea": core.RoleDeveloper}}
	token := member
	token.Kind, token.ID, token.UserID = core.ActorToken, "token-1", ""
	return &fakeService{
		users:   map[string]core.Actor{"ada": member},
		tokens:  map[string]core.Actor{"good": token},
		apps:    map[string]core.App{"shop": {ID: "shop", TenantID: "tea", Name: "Shop", State: core.AppRunning}},
		changes: make(chan core.Change),
		lines:   make(chan core.LogLine),
	}
}

func (f *fakeService) ActorOfUser(_ context.Context, id string) (core.Actor, core.User, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.users[id]
	if !ok {
		return a, core.User{}, core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
	}
	return a, core.User{ID: id, Name: a.Name}, nil
}

func (f *fakeService) ActorOfToken(_ context.Context, secret string) (core.Actor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.tokens[secret]
	if !ok {
		return a, core.Errorf(core.EUNAUTHORIZED, "error.token_wrong")
	}
	return a, nil
}

func (f *fakeService) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = err
}

func (f *fakeService) App(ctx context.Context, id string) (core.App, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.apps[id]
	switch {
	case f.failure != nil:
		return core.App{}, f.failure
	case !ok || !core.ActorFrom(ctx).SeesTenant(a.TenantID):
		return core.App{}, core.NotFound()
	}
	return a, nil
}

func (f *fakeService) OwnTenants(context.Context) ([]core.Tenant, error) {
	return []core.Tenant{{ID: "tea", Name: "Tea"}}, nil
}

func (f *fakeService) RegistrationOpen() bool { return false }

func (f *fakeService) CheckSetup(context.Context, string) (core.SetupLink, error) {
	return core.SetupLink{}, core.Errorf(core.EGONE, "error.setup_link_gone")
}

func (f *fakeService) MailEnabled() bool { return false }

func (f *fakeService) SignIn(context.Context, string, string, string) (core.SignedIn, error) {
	return core.SignedIn{}, core.Errorf(core.EUNAUTHORIZED, "error.sign_in_wrong")
}

func (f *fakeService) Instances(context.Context, string) ([]core.Instance, error) { return nil, nil }

func (f *fakeService) Health(context.Context, string) (map[string][]core.HealthAnswer, error) {
	return nil, nil
}

func (f *fakeService) URL(id string) string { return "http://" + id + ".localhost:8000" }

func (f *fakeService) Subscribe(context.Context) <-chan core.Change { return f.changes }

func (f *fakeService) ActiveSupport(context.Context, string) ([]core.SupportSession, error) {
	return nil, nil
}

func (f *fakeService) MayReadLogs(ctx context.Context, id string) error {
	_, err := f.App(ctx, id)
	return err
}

func (f *fakeService) SearchLogs(_ context.Context, q core.LogSearch) ([]core.LogRecord, bool, error) {
	return nil, false, q.Validate()
}

func (f *fakeService) StreamLogs(ctx context.Context, v core.LogView, write func(core.LogLine) error) error {
	if v.Cursor == "rubbish" {
		return core.Errorf(core.EINVALID, "error.cursor_malformed")
	}
	if v.PastOnly {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, open := <-f.lines:
			if !open {
				return nil
			}
			if err := write(line); err != nil {
				return err
			}
		}
	}
}

func (f *fakeService) ImportVersion(ctx context.Context, app, label string, _ int64, archive io.Reader) (core.Version, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActDeploy, "tea"); err != nil {
		return core.Version{}, err
	}
	n, err := io.Copy(io.Discard, archive)
	f.mu.Lock()
	f.imported = n
	f.mu.Unlock()
	return core.Version{AppID: app, Label: label, Source: core.SourceUpload, Size: core.Bytes(n)}, err
}
