package image

import "time"

// SetClock has a store live at another time.
func SetClock(s *Store, now func() time.Time) { s.now = now }
