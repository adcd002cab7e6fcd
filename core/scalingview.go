package core

import "time"

// ScalingView is the scaling of an app as people look at it.
type ScalingView struct {
	Scaling
	Release  int         // the newest
	Runs     int         // the release whose scaling is in force: the one before when the newest has failed
	Replicas int         // in force; 0 when it is asleep
	Asleep   bool        // nothing runs until a request comes
	Ready    int         // instances that answer
	Status   ScaleStatus // zero before anything was decided by it
	Schedule int         // of Schedules, the one in force; -1 when none is
	Memory   Bytes       // of one instance
	CPU      MilliCPU    // of one instance; 0 is no limit
	Storage  bool        // it has storage, so one instance is all there may be
	Room     Room        // for how many of the most there is room now
}

// ScaleReplay is what a scaling would have done in the past, by what was measured then.
type ScaleReplay struct {
	From, To       time.Time     // of what was measured
	Measured       bool          // anything was
	Acted          int           // how often the number would have changed
	Most           int           // instances at one time
	StoppedByQuota int           // how often it wanted more than the quota has room for now
	StoppedByHosts int           // than the machines have room for now
	Room           int           // what there is room for now
	RoomText       Text          // what there is too little of
	Step           time.Duration // between two Points
	Points         []ScalePoint  // where anything changes
	Load           []float64     // requests a second, at each step from From on; -1 where none were measured
}

// ScalePoint is from when on how many would have run.
type ScalePoint struct {
	At       time.Time
	Replicas int
	Wanted   int
}
