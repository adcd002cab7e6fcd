package paths

// Trial is where the form of a trial is sent, Switch that of a release beside another one.
func Trial(app string) string  { return App(app) + "/trial" }
func Switch(app string) string { return App(app) + "/switch" }
