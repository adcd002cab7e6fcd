package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"berth/core"
)

// A use case that changes something begins with its note and ends it by defer, so that whatever it returns leaves an
// entry:
//
//	func (s *Service) RenameApp(ctx context.Context, id, name string) (err error) {
//		note := core.AuditEntry{Action: "app.rename", AppID: id}
//		defer s.attempted(ctx, &note, &err)
//
// and calls s.note in its transaction, or does all of it by s.audited. The note learns tenant, before and after as the
// use case does. Object is never what somebody typed and nobody checked: a password lands in the wrong field easily.

// audited carries out change in one transaction with the entry that says so. change fills in what it learns: tenant,
// before, after. What is refused or fails is undone and noted by itself.
func (s *Service) audited(ctx context.Context, note *core.AuditEntry, change func(tx core.Store) error) error {
	err := s.store.Transact(ctx, func(tx core.Store) error {
		if err := change(tx); err != nil {
			return err
		}
		return s.note(ctx, tx, note)
	})
	if err != nil {
		s.refused(ctx, note, err)
	}
	return err
}

// attempted is deferred by a use case: when that returns an error, its note becomes the entry of an attempt.
func (s *Service) attempted(ctx context.Context, note *core.AuditEntry, err *error) {
	if *err != nil {
		s.refused(ctx, note, *err)
	}
}

// note appends an entry of what was done, as a part of the transaction that does it.
func (s *Service) note(ctx context.Context, tx core.Store, note *core.AuditEntry) error {
	e := s.signed(ctx, *note)
	e.Outcome = core.AuditDone
	return tx.Audit().Append(asSystem(ctx), e)
}

// noted is note for what is no transaction of the store's. That it cannot be written is no reason to undo it.
func (s *Service) noted(ctx context.Context, note *core.AuditEntry) {
	if err := s.note(context.WithoutCancel(ctx), s.store, note); err != nil {
		s.log.Error("an audit entry is lost", "action", note.Action, "actor", core.ActorFrom(ctx).ID, "error", err)
	}
}

// refused appends an entry of an attempt that changed nothing, once a note. Strangers leave none: they would fill
// the audit; see strange.
func (s *Service) refused(ctx context.Context, note *core.AuditEntry, cause error) {
	if core.ActorFrom(ctx).Kind == core.ActorNobody {
		return
	}
	s.strange(ctx, note, cause)
}

// strange is refused for an attempt that strangers may leave, such as a sign-in that fails: so many a minute.
func (s *Service) strange(ctx context.Context, note *core.AuditEntry, cause error) {
	if note.Outcome != "" || errors.Is(cause, context.Canceled) {
		return
	}
	note.Outcome = core.AuditRefused
	switch core.ErrorCode(cause) {
	case core.EINTERNAL, core.EUNAVAILABLE, core.EINSUFFICIENT, core.EUNREACHABLE:
		note.Outcome = core.AuditFailed
	}
	ctx, cancel := s.toNote(ctx, cause)
	defer cancel()
	aim := *note
	s.aim(ctx, &aim)
	e := s.signed(ctx, aim)
	e.Before, e.After, e.Reason = nil, nil, auditReason(cause)
	switch left := s.attempts.take(s.now(), e.ActorID+"|"+e.Peer); {
	case left < 0:
		return
	case left == 0:
		e.Reason = core.T("audit.many_attempts")
		s.log.Warn("further attempts of this minute are not in the audit", "actor", e.ActorID, "peer", e.Peer)
	}
	if err := s.store.Audit().Append(asSystem(ctx), e); err != nil {
		s.log.Error("an audit entry is lost", "action", e.Action, "actor", e.ActorID, "error", err)
	}
}

// toNote is the context in which an attempt is noted: whoever asked may be gone. A database that has just not answered
// is not waited for again.
func (s *Service) toNote(ctx context.Context, cause error) (context.Context, context.CancelFunc) {
	ctx = context.WithoutCancel(ctx)
	switch core.ErrorCode(cause) {
	case core.EUNAVAILABLE, core.EINSUFFICIENT:
		return context.WithTimeout(ctx, 500*time.Millisecond)
	}
	return ctx, func() {}
}

// aim says whose an attempt is. What is aimed at a tenant that the actor does not see, or at nothing that exists, is
// for the operators: nobody fills another tenant's audit, and no tenant reads the names of another's people.
func (s *Service) aim(ctx context.Context, e *core.AuditEntry) {
	a := core.ActorFrom(ctx)
	if e.AppID != "" && e.TenantID == "" && core.ValidateSlug("id", e.AppID) == nil {
		if app, err := s.store.Apps().Get(asSystem(ctx), e.AppID); err == nil {
			e.TenantID = app.TenantID
		}
	}
	if e.TenantID == "" || a.SeesTenant(e.TenantID) && s.tenantExists(ctx, e.TenantID) {
		return
	}
	if e.Object == "" && e.AppID == "" {
		e.Object = e.TenantID
	}
	e.TenantID = ""
}

// tenantExists asks only for those who see every tenant: the others' exist.
func (s *Service) tenantExists(ctx context.Context, id string) bool {
	if !core.ActorFrom(ctx).AllTenants() {
		return true
	}
	_, err := s.store.Tenants().Get(asSystem(ctx), id)
	return err == nil
}

// signed fills in who, when and from where, and bounds what somebody sent.
func (s *Service) signed(ctx context.Context, e core.AuditEntry) core.AuditEntry {
	a, o := core.ActorFrom(ctx), core.OriginFrom(ctx)
	e.CreatedAt = s.now()
	e.ID = s.auditIDs.At(e.CreatedAt)
	if e.ActorKind == "" {
		e.ActorKind, e.ActorID, e.UserID, e.ActorName = a.Kind, a.ID, a.UserID, a.Name
	}
	e.Peer, e.Agent, e.Object, e.ActorName = o.Peer, shown(o.Agent), shown(e.Object), shown(e.ActorName)
	if e.AppID != "" && core.ValidateSlug("id", e.AppID) != nil {
		e.AppID = "" // no app has it
	}
	e.Before, e.After = bounded(e.Before), bounded(e.After)
	return e
}

const (
	maxAuditValues = 100 // changes that an entry shows
	maxAuditValue  = 200 // characters of one
)

// bounded keeps an entry small enough to be read, whatever changed.
func bounded(values map[string]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	kept := make(map[string]string, min(len(values), maxAuditValues))
	for _, name := range sortedKeys(values) {
		if len(kept) == maxAuditValues {
			kept["…"] = "…"
			break
		}
		value := strings.ToValidUTF8(values[name], "�")
		if r := []rune(value); len(r) > maxAuditValue {
			value = string(r[:maxAuditValue]) + "…"
		}
		kept[name] = value
	}
	return kept
}

func sortedKeys(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// plain are the values of a message that are never what somebody typed.
var plain = map[string]bool{"min": true, "max": true, "sum": true, "size": true, "limit": true, "left": true,
	"resource": true, "wanted": true}

// auditReason is what an error says, but for what may repeat a secret that was typed where it does not belong: of
// such a fault only the field is named.
func auditReason(err error) core.Text {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != core.EINVALID {
		return core.ErrorMessage(err)
	}
	message := e.Message
	if len(e.Fields) == 1 {
		message = e.Fields[0].Message
	}
	safe := len(e.Fields) < 2
	for name := range message.Args {
		safe = safe && plain[name]
	}
	if safe {
		return message
	}
	var fields []string
	for _, f := range e.Fields {
		if name, _, _ := strings.Cut(f.Field, "."); name != "" && !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	if len(fields) == 0 {
		return core.T("error.invalid_input")
	}
	return core.T("audit.invalid", "fields", strings.Join(fields, ", "))
}

// attempts bounds how many refused attempts one actor leaves in a minute, in memory.
type attempts struct {
	mu    sync.Mutex
	since time.Time
	seen  map[string]int
}

const (
	maxAttempts    = 100 // of one actor at one address in a minute
	maxAttemptKeys = 5_000
)

func newAttempts() *attempts { return &attempts{seen: map[string]int{}} }

// take returns how many more the key may leave after this one: 0 for the last, less for too many.
func (a *attempts) take(now time.Time, key string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.since).Abs() >= time.Minute {
		a.since = now
		clear(a.seen)
	}
	if _, known := a.seen[key]; !known && len(a.seen) >= maxAttemptKeys {
		return -1
	}
	a.seen[key]++
	return maxAttempts - a.seen[key]
}

// first reports whether the key takes for the first time in this minute.
func (a *attempts) first(now time.Time, key string) bool { return a.take(now, key) == maxAttempts-1 }
