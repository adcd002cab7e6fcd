package storetest

import (
	"slices"
	"sync"
	"testing"

	"berth/core"
)

const racers = 50

// testRaces lets many at one thing, half of them through each of two handles.
func testRaces(t *testing.T, first, second core.Store) {
	for name, race := range map[string]func(w *world, other core.Store){
		"SameName":       raceSameName,
		"LastPort":       raceLastPort,
		"Ports":          racePorts,
		"SetupLink":      raceSetupLink,
		"ReleaseNumbers": raceReleaseNumbers,
		"Revisions":      raceRevisions,
		"LastUnit":       raceLastUnit,
		"QuotaRequests":  raceQuotaRequests,
		"Canaries":       raceCanaries,
		"Usage":          raceUsage,
		"LastAdmin":      raceLastAdmin,
		"Invitation":     raceInvitation,
		"LastTCPPort":    raceLastTCPPort,
		"TCPPortOfTwo":   raceTCPPortOfTwo,
	} {
		t.Run(name, func(t *testing.T) { race(newWorld(t, first), second) })
	}
}

// atOnce runs f for each racer from a barrier on and returns the errors.
func atOnce(first, second core.Store, f func(s core.Store, i int) error) []error {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, racers)
	ready.Add(racers)
	for i := range racers {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = f([]core.Store{first, second}[i%2], i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// oneWins checks that one error is nil and all others have a code.
func (w *world) oneWins(errs []error, code core.Code) {
	w.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if core.ErrorCode(err) != code {
			w.Errorf("got %v, want %s", err, code)
		}
	}
	same(w, won, 1)
}

func (w *world) allWin(errs []error) {
	w.Helper()
	for _, err := range errs {
		w.ok(err)
	}
}

func raceSameName(w *world, other core.Store) {
	a := core.App{ID: "r" + core.NewInstanceID(), TenantID: w.tenant.ID, Name: "Race"}
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		return s.Transact(w.alice, func(tx core.Store) error { return tx.Apps().Create(w.alice, a) })
	}), core.ECONFLICT)
}

func raceLastPort(w *world, other core.Store) {
	w.host.PortTo = w.host.PortFrom
	w.ok(w.Hosts().Put(w.system, w.host))
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		_, err := s.Hosts().TakePort(w.system, w.host.ID, core.NewInstanceID())
		return err
	}), core.ECONFLICT)
	ports, err := w.Hosts().Ports(w.system, w.host.ID)
	w.ok(err)
	same(w, len(ports), 1)
}

func racePorts(w *world, other core.Store) {
	w.allWin(atOnce(w.Store, other, func(s core.Store, i int) error {
		_, err := s.Hosts().TakePort(w.system, w.host.ID, core.NewInstanceID())
		return err
	}))
	ports, err := w.Hosts().Ports(w.system, w.host.ID)
	w.ok(err)
	same(w, len(ports), racers)
}

func raceSetupLink(w *world, other core.Store) {
	link := core.SetupLink{TokenHash: core.NewSecret()}
	w.ok(w.Setup().Put(w.system, link))
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		return s.Setup().Take(w.nobody, link.TokenHash)
	}), core.EGONE)
}

func raceReleaseNumbers(w *world, other core.Store) {
	numbers := make([]int, racers)
	w.allWin(atOnce(w.Store, other, func(s core.Store, i int) (err error) {
		numbers[i], err = s.Releases().Create(w.alice, core.Release{AppID: w.app.ID, TenantID: w.tenant.ID})
		return err
	}))
	slices.Sort(numbers)
	for i, n := range numbers {
		same(w, n, i+1)
	}
}

// raceRevisions: what a transaction read holds until it commits, so none is stale and no count is lost.
func raceRevisions(w *world, other core.Store) {
	w.allWin(atOnce(w.Store, other, func(s core.Store, i int) error {
		return s.Transact(w.alice, func(tx core.Store) error {
			a, err := tx.Apps().Get(w.alice, w.app.ID)
			if err != nil {
				return err
			}
			a.Restart++
			return tx.Apps().UpdateSpec(w.alice, a)
		})
	}))
	a, err := w.Apps().Get(w.alice, w.app.ID)
	w.ok(err)
	same(w, a.Restart, racers)
}
