package paths

// Scaling is the page that says how the number of an app's instances follows its load.
func Scaling(app string) string { return App(app) + "/scaling" }
