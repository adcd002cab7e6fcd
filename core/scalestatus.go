package core

import (
	"context"
	"time"
)

// ScaleStatus is what was last decided for an app. The worker writes it, pages show it.
type ScaleStatus struct {
	AppID    string               `json:"-"`
	TenantID string               `json:"-"`
	Release  int                  `json:"release"`  // whose scaling it was
	Replicas int                  `json:"replicas"` // in force
	Wanted   int                  `json:"wanted"`   // what was asked for, whatever there is room for
	Asleep   bool                 `json:"asleep,omitempty"`
	Rule     string               `json:"rule,omitempty"`  // the one that won, by its String; "" when none did
	Why      Text                 `json:"why,omitzero"`    // in a sentence
	Limit    Text                 `json:"limit,omitzero"`  // what keeps Replicas from Wanted
	Acted    map[string]ScaleMove `json:"acted,omitempty"` // what each rule did last
	At       time.Time            `json:"at"`
}

// ScaleMove is a change of the number of instances.
type ScaleMove struct {
	From int       `json:"from"`
	To   int       `json:"to"`
	At   time.Time `json:"at"`
}

// ScalingStore keeps what was decided. Every method is scoped by the actor.
type ScalingStore interface {
	// Put adds or overwrites the status of an app. Workers alone call it. Errors: ENOTFOUND.
	Put(ctx context.Context, s ScaleStatus) error
	// Get returns the status of an app. Errors: ENOTFOUND, also when nothing was decided yet.
	Get(ctx context.Context, appID string) (ScaleStatus, error)
	// On returns the ids of the apps whose release has a scaling. Workers alone call it.
	On(ctx context.Context) ([]string, error)
}
