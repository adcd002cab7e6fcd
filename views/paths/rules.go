package paths

// Rules is what the gateway does with the requests of an app.
func Rules(app string) string { return App(app) + "/rules" }

// RulesAccepted is the same after a change was accepted.
func RulesAccepted(app, operation string) string { return with(Rules(app), "accepted", operation) }
