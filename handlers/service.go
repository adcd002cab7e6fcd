package handlers

import (
	"context"
	"io"

	"berth/core"
)

// Service is what the pages and the API ask of core/service. The actor is in every context; each method authorises
// it, validates, writes in one transaction, and wakes the worker. What is answered is accepted, not yet running.
type Service interface {
	TrafficService
	DiagnosisService
	TenantService
	ProfileService
	QuotaService
	DraftService
	RolloutService
	SupportService
	AuditService
	TokenService
	DrainService
	DomainService
	PortService
	ScalingService
	AlertService

	// People.

	NeedsSetup(ctx context.Context) (bool, error)
	CheckSetup(ctx context.Context, secret string) (core.SetupLink, error)         // EGONE
	Setup(ctx context.Context, in core.SetupInput) (core.User, error)              // EGONE, EINVALID
	ActorOfUser(ctx context.Context, userID string) (core.Actor, core.User, error) // EUNAUTHORIZED
	ActorOfToken(ctx context.Context, secret string) (core.Actor, error)           // EUNAUTHORIZED
	SetPreferences(ctx context.Context, language, theme string) error

	// Apps.

	CreateApp(ctx context.Context, in core.NewApp) (core.App, core.Operation, error) // Operation is zero but for services
	App(ctx context.Context, id string) (core.App, error)
	Apps(ctx context.Context, f core.AppFilter) (apps []core.AppSummary, next string, err error)
	RenameApp(ctx context.Context, id, name string) error
	StopApp(ctx context.Context, id string) (core.Operation, error)
	StartApp(ctx context.Context, id string) (core.Operation, error)
	RestartApp(ctx context.Context, id string) (core.Operation, error)
	DeleteApp(ctx context.Context, id, typedName string, keepData bool) (core.Operation, error)
	URL(appID string) string
	SuggestIDs(ctx context.Context, id string) ([]string, error) // free ones near a taken one
	Instances(ctx context.Context, appID string) ([]core.Instance, error)
	Traffic(ctx context.Context, appID string) (core.TrafficCounts, error)

	Metrics(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error)
	HostMetrics(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error) // operator
	MetricsFault() error

	// Versions and uploads.

	Versions(ctx context.Context, appID string) ([]core.Version, error)
	Version(ctx context.Context, appID, label string) (core.Version, error)
	ImportVersion(ctx context.Context, appID, label string, size int64, archive io.Reader) (core.Version, error) // label "" takes the next free
	FetchVersion(ctx context.Context, appID, label string, src core.ImageSource) (core.Operation, error)
	DeleteVersion(ctx context.Context, appID, label string) error
	BeginUpload(ctx context.Context, u core.Upload) (core.Upload, error) // FileName, Size, TenantID or AppID
	UploadProgress(ctx context.Context, id string, received core.Bytes) error
	FinishUpload(ctx context.Context, id string, archive io.Reader) (core.Upload, error) // inspects
	Upload(ctx context.Context, id string) (core.Upload, error)
	Uploads(ctx context.Context, tenantID string) ([]core.Upload, error) // that are still on their way
	CancelUpload(ctx context.Context, id string) error
	UseUpload(ctx context.Context, id, appID, label string) (core.Version, error)

	// Releases and operations.

	Release(ctx context.Context, appID string, in core.NewRelease) (core.Release, core.Operation, error)
	Rollback(ctx context.Context, appID string, number int) (core.Release, core.Operation, error)
	Scale(ctx context.Context, appID string, replicas int) (core.Release, core.Operation, error)
	Releases(ctx context.Context, appID string, before, limit int) ([]core.Release, error)
	Revisions(ctx context.Context, appID string, before, limit int) ([]core.Revision, error)
	Compare(ctx context.Context, appID string, number, other int) (core.Revision, error) // other 0: the one before
	CurrentRelease(ctx context.Context, appID string) (core.Release, error)              // ENOTFOUND before the first; secrets masked
	Operation(ctx context.Context, id string) (core.Operation, error)
	Operations(ctx context.Context, appID string, limit int) ([]core.Operation, error)
	Events(ctx context.Context, f core.EventFilter) ([]core.Event, error)

	// Services.

	Catalog(ctx context.Context) ([]core.CatalogEntry, error)
	Connection(ctx context.Context, appID string) (core.Connection, error)
	UsedBy(ctx context.Context, appID string) ([]core.App, error) // apps with a binding to this service

	// Logs, live changes, hosts.

	MayReadLogs(ctx context.Context, appID string) error
	SearchLogs(ctx context.Context, q core.LogSearch) (lines []core.LogRecord, more bool, err error)
	LogsAround(ctx context.Context, q core.LogSearch, at core.LogPosition, n int) ([]core.LogRecord, error)
	StreamLogs(ctx context.Context, v core.LogView, f func(core.LogLine) error) error
	Subscribe(ctx context.Context) <-chan core.Change       // of the tenants that the actor sees
	Hosts(ctx context.Context) ([]core.HostSummary, error)  // operator
	CollectGarbage(ctx context.Context) (core.Bytes, error) // operator
}
