package paths

// Draft is what is staged for an app.
func Draft(app string) string { return App(app) + "/draft" }

// ReleaseDraft releases it, DiscardDraft forgets it.
func ReleaseDraft(app string) string { return Draft(app) + "/release" }
func DiscardDraft(app string) string { return Draft(app) + "/discard" }

// Unstage takes one change out of it.
func Unstage(app string) string { return Draft(app) + "/unstage" }
