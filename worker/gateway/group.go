package gateway

import (
	"slices"
	"sync/atomic"

	"berth/core"
)

// group is instances that take turns.
type group struct {
	list []*instance
	turn atomic.Uint32
}

// next returns the instance whose turn it is, leaving out those tried, and those that refuse connections or keep failing
// at now (Unix nanoseconds); nil when none is left.
func (g *group) next(now int64, tried []*instance) *instance {
	if g == nil || len(g.list) == 0 {
		return nil
	}
	first := g.turn.Add(1)
	for n := range uint32(len(g.list)) {
		i := g.list[(first+n)%uint32(len(g.list))]
		if !i.out(now) && !slices.Contains(tried, i) {
			return i
		}
	}
	return nil
}

// instances are those of an app at one moment. They are never changed, but replaced.
type instances struct {
	all      group
	versions map[string]*group // by label
}

var noInstances = &instances{}

// with returns the instances at the addresses, keeping those that stay, and those that are gone.
func (s *instances) with(addresses []core.Address) (next *instances, gone []*instance) {
	old := make(map[core.Address]*instance, len(s.all.list))
	for _, i := range s.all.list {
		old[i.Address] = i
	}
	next = &instances{versions: map[string]*group{}}
	for _, a := range addresses {
		i := old[a]
		if i == nil {
			i = &instance{Address: a, tag: tagOf(a.AppID, a.Version, a.ContainerID)}
		}
		delete(old, a)
		next.add(i)
	}
	for _, i := range old {
		gone = append(gone, i)
	}
	return next, gone
}

func (s *instances) add(i *instance) {
	s.all.list = append(s.all.list, i)
	g := s.versions[i.Version]
	if g == nil {
		g = &group{}
		s.versions[i.Version] = g
	}
	g.list = append(g.list, i)
}
