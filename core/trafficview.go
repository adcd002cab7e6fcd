package core

import "time"

// TrafficRange is how far a look at the traffic goes back.
type TrafficRange string

const (
	RangeLive  TrafficRange = "10s"
	RangeHour  TrafficRange = "hour"
	RangeDay   TrafficRange = "day"
	RangeMonth TrafficRange = "month" // 30 days
)

// TrafficRanges are all of them, the shortest first.
var TrafficRanges = []TrafficRange{RangeLive, RangeHour, RangeDay, RangeMonth}

// Length returns how long the range is.
func (r TrafficRange) Length() time.Duration {
	switch r {
	case RangeHour:
		return time.Hour
	case RangeDay:
		return 24 * time.Hour
	case RangeMonth:
		return 30 * 24 * time.Hour
	}
	return 10 * time.Second
}

// Step returns the place in TrafficSteps of the steps that the range is shown by.
func (r TrafficRange) Step() int {
	switch r {
	case RangeDay:
		return 1
	case RangeMonth:
		return 2
	}
	return 0
}

// TrafficView is what happened to an app in a range.
type TrafficView struct {
	Range    TrafficRange
	Sum      TrafficStep   // of the whole range
	Steps    []TrafficStep // oldest first, without a gap; of the live range none
	Recent   []int64       // requests in each of the last 60 whole seconds
	Active   int64         // requests under way now
	Gateways []GatewayState
}

// Away returns the ids of the gateways whose counts are missing.
func (v TrafficView) Away() []string {
	var ids []string
	for _, g := range v.Gateways {
		if g.Away {
			ids = append(ids, g.ID)
		}
	}
	return ids
}
