package core

import "context"

// Change says that something a page may show has changed; the page reads the truth again.
type Change struct {
	TenantID string
	AppID    string
	Kind     string // "app", "version", "release", "operation", "event", "upload", "host", "quota"
	ID       string // of the operation or upload, when it is about one
}

// Notifier carries changes from those who make them to the pages that show them, inside one process. A page also
// looks by itself now and then, so that changes of another process arrive a little later.
type Notifier interface {
	Notify(c Change)
	// Subscribe returns the changes from now on until ctx ends. A slow reader loses changes, never blocks.
	Subscribe(ctx context.Context) <-chan Change
}

// Waker has the worker look at an app soon. Losing a wake costs time, never correctness.
type Waker interface {
	Wake(appID string)
}

// TenantWaker is a Waker that also looks at a tenant, which may have no app left, while that is deleted.
type TenantWaker interface {
	WakeTenant(tenantID string)
}
