package paths

// Why says why an app does not answer.
func Why(app string) string { return App(app) + "/why" }
