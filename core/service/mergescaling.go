package service

import (
	"time"

	"berth/core"
	"berth/core/scale"
)

// scaling takes what the person says of the number of instances.
func (m *merger) scaling(said *core.Scaling) {
	if said == nil {
		return
	}
	m.spec.Scaling = *said
	m.faults.Merge("scaling", scale.Validate(*said, time.Now()))
}
