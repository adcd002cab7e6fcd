package core

import (
	"context"
	"time"
)

// SwitchCount counts the requests of an app from the moment at which a release began to serve until the last instance of
// the one before it was gone. It is kept while it is counted, so that a worker that starts anew goes on counting.
type SwitchCount struct {
	AppID    string
	Release  int
	BegunAt  time.Time
	EndedAt  time.Time // zero while it is counted
	Served   int64     // requests
	Failed   int64
	Failures []FailedRequest       // the first MaxFailedRequests of them
	Marks    map[string]SwitchMark // what each process of a gateway had counted when it was asked last
}

// SwitchMark is what a process had counted of the app.
type SwitchMark struct {
	Requests int64     `json:"requests"`
	Failed   int64     `json:"failed"`
	Failure  time.Time `json:"failure,omitzero"` // the last failed request that was taken
}

// SwitchCountStore keeps switches. Unless said otherwise, methods return ENOTFOUND for apps that the actor does not see.
type SwitchCountStore interface {
	// Put writes a switch in place of the one of the same release. Only the system calls it.
	Put(ctx context.Context, s SwitchCount) error
	// Get returns that of a release. Errors: ENOTFOUND when there was none.
	Get(ctx context.Context, appID string, release int) (SwitchCount, error)
}

// BeginSwitchCount returns a switch whose counts begin at what the processes have counted now.
func BeginSwitchCount(appID string, release int, now time.Time, counts []ProcessTraffic) SwitchCount {
	s := SwitchCount{AppID: appID, Release: release, BegunAt: now, Marks: map[string]SwitchMark{}}
	for _, c := range counts {
		s.Marks[c.Process] = markOf(c, now)
	}
	return s
}

func markOf(c ProcessTraffic, failure time.Time) SwitchMark {
	return SwitchMark{Requests: c.Requests, Failed: c.Failed, Failure: failure}
}

// Count adds what the processes counted since they were asked last. One that began after the switch counts whole;
// of one that was not known at its beginning, only what comes from now on does. It reports whether anything is new.
func (s *SwitchCount) Count(counts []ProcessTraffic) bool {
	changed := false
	for _, c := range counts {
		mark, known := s.Marks[c.Process]
		if !known && c.Since.Before(s.BegunAt) {
			s.Marks[c.Process] = markOf(c, s.BegunAt)
			changed = true
			continue
		}
		if c.Requests < mark.Requests {
			mark = SwitchMark{Failure: mark.Failure} // the app was forgotten meanwhile, and counted anew
		}
		next := SwitchMark{Requests: c.Requests, Failed: c.Failed, Failure: mark.Failure}
		s.Served += c.Requests - mark.Requests
		s.Failed += max(c.Failed-mark.Failed, 0)
		for _, f := range c.Failures {
			if f.Time.After(next.Failure) && !f.Time.Before(s.BegunAt) {
				next.Failure = f.Time
				s.keep(f)
			}
		}
		if next != mark || !known {
			s.Marks[c.Process] = next
			changed = true
		}
	}
	return changed
}

func (s *SwitchCount) keep(f FailedRequest) {
	if len(s.Failures) < MaxFailedRequests {
		s.Failures = append(s.Failures, f)
	}
}
