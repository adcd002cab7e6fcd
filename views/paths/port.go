package paths

import "net/url"

// Ports are those by which an app is reached from outside.
func Ports(app string) string { return App(app) + "/ports" }

// Port changes who may use a port.
func Port(app, port string) string { return Ports(app) + "/" + url.PathEscape(port) }

// ClosePort takes a port back.
func ClosePort(app, port string) string { return Port(app, port) + "/close" }
