package core

// Traffic counts what the gateway of this process did, in memory.
type Traffic interface {
	// App returns the counts of an app since the gateway started, and of the last 60 whole seconds by second.
	App(appID string) TrafficCounts
}

// TrafficCounts are counts of requests.
type TrafficCounts struct {
	Requests  int64
	Failed    int64            // answered 502, 503 or 504 by the gateway itself, or broken off by an instance
	Recent    []int64          // requests in each of the last 60 whole seconds, oldest first
	Instances map[string]int64 // requests by instance address
}
