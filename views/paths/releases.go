package paths

import "strconv"

// Release is all about one release of an app.
func Release(app string, number int) string { return App(app) + "/releases/" + strconv.Itoa(number) }

// Releases stands for any of them in a route.
func Releases(app, number string) string { return App(app) + "/releases/" + number }
