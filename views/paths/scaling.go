package paths

// Scaling is how the number of an app's instances follows its load.
func Scaling(app string) string { return App(app) + "/scaling" }

// ScalingNow is the part that says what is in force, TryScaling replays rules that are not saved yet.
func ScalingNow(app string) string { return Scaling(app) + "/now" }
func TryScaling(app string) string { return Scaling(app) + "/try" }

// CheckCron says what a cron expression means while it is typed.
func CheckCron(app string) string { return Scaling(app) + "/cron" }

// ScalingAccepted is the page after a change was accepted.
func ScalingAccepted(app, operation string) string { return with(Scaling(app), "accepted", operation) }
