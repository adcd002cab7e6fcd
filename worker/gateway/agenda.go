package gateway

import (
	"container/heap"
	"time"
)

// agenda is the sides whose deadlines a loop watches; the next is first. A side may stand there for earlier than its
// deadline, which moves on with every request and hardly ever passes, but never for later.
type agenda []*side

// put has s looked at when by has come, or earlier.
func (a *agenda) put(s *side, by int64) {
	switch {
	case s.place == 0:
		s.due = by
		heap.Push(a, s)
	case by < s.due:
		s.due = by
		heap.Fix(a, s.place-1)
	}
}

func (a *agenda) remove(s *side) {
	if s.place != 0 {
		heap.Remove(a, s.place-1)
	}
}

// expire wakes the tasks that wait for a side whose deadline has come.
func (a *agenda) expire(now int64) {
	for len(*a) > 0 && (*a)[0].due <= now {
		s := (*a)[0]
		a.remove(s)
		switch by := s.by.Load(); {
		case !s.waiting.Load() || by == 0:
		case by > now:
			a.put(s, by)
		default:
			s.look()
		}
	}
}

// wait returns how long the loop may sleep, in milliseconds; -1 for as long as it likes.
func (a agenda) wait() int {
	if len(a) == 0 {
		return -1
	}
	left := time.Duration(a[0].due) - time.Since(epoch)
	return int(max(0, left+time.Millisecond-1) / time.Millisecond)
}

// Len implements heap.Interface.
func (a agenda) Len() int { return len(a) }

// Less implements heap.Interface.
func (a agenda) Less(i, j int) bool { return a[i].due < a[j].due }

// Swap implements heap.Interface.
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (a *agenda) Push(s any) {
	*a = append(*a, s.(*side))
	s.(*side).place = len(*a)
}

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	s := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	s.place = 0
	return s
}
