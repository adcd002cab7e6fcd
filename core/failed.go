package core

import "time"

// FailedRequest is a request that the gateway had to answer instead of an instance, or whose answer broke off.
type FailedRequest struct {
	Time     time.Time
	Domain   string
	Method   string
	Path     string // as in AccessLine
	Status   int    // what the client got; of an answer that broke off, what stood at its beginning
	Fault    Fault
	Instance string // address; "" when it went to none
	Version  string // label
}

// MaxFailedRequests is how many failed requests of a switch are kept.
const MaxFailedRequests = 20
