package scale

import (
	"math"
	"testing"
	"time"

	"berth/core"
)

// day is a past of a day, a minute a step, with so many requests a second in each hour.
func day(requests func(hour int) float64) Past {
	p := Past{From: now, Step: time.Minute, Values: [][]float64{nil}}
	for i := range 24 * 60 {
		v := requests(i / 60)
		p.Requests, p.Values[0] = append(p.Requests, v), append(p.Values[0], v)
	}
	return p
}

func TestReplay(t *testing.T) {
	p := core.Scaling{Min: 1, Max: 6, Rules: []core.ScaleRule{target(core.ScaleRequests, 25)}}
	busy := func(hour int) float64 {
		switch hour {
		case 9, 15:
			return 100
		case 12:
			return 45
		}
		return 10
	}
	r := Replay(p, day(busy), Unlimited)
	if r.Acted != 6 || r.Most != 4 || r.StoppedByQuota != 0 || !r.Measured {
		t.Errorf("%+v", r)
	}
	short := Replay(p, day(busy), Room{Quota: 3, Hosts: 100})
	if short.Most != 3 || short.StoppedByQuota != 2 || short.StoppedByHosts != 0 {
		t.Errorf("%+v", short)
	}
	if full := Replay(p, day(busy), Room{Quota: 100, Hosts: 2}); full.Most != 2 || full.StoppedByHosts != 2 {
		t.Errorf("%+v", full)
	}
	none := Replay(p, day(func(int) float64 { return math.NaN() }), Unlimited)
	if none.Measured || none.Acted != 0 || len(none.Points) != 1 {
		t.Errorf("%+v", none)
	}
	p.Idle = core.Duration(time.Hour)
	slept := Replay(p, day(func(hour int) float64 {
		if hour >= 3 && hour < 8 {
			return 0
		}
		return 10
	}), Unlimited)
	if slept.Acted != 2 || slept.Points[1].Replicas != 0 || slept.Points[2].Replicas != 1 {
		t.Errorf("%+v", slept)
	}
}
