// Package gateway is the HTTP reverse proxy in front of the apps. It reads the registry and nothing else: when the
// portal, the database or the registry is down, it goes on serving what it knows.
//
// A request passes these files in order: conn (one client's connection) reads and checks the head (head, request),
// finds the route (host, table, route), writes the head that the instance gets (forward), finds an instance and a
// connection to it (send, group, instance, upstream), passes the body on (upload, body, chunks), and relays the
// response (response, reply) or becomes a tunnel (tunnel, frames).
//
// Event loops, one for each processor, carry connections (serve, loop, agenda): a connection is a coroutine (task) that
// reads and writes as if it waited, over sockets (link, side) of its loop. What waits for anything else is done by
// goroutines meanwhile, and so are WebSockets, HTTP/2, and bodies that are sent over TLS.
//
// Secure connections (secure) present a certificate by the name that the client asks for (certificates). HTTP/2 is
// turned into HTTP/1.1 at the edges, so that all between is one code: a client's stream looks like a connection with one
// request (http2, stream, streamin, streamout), and so does an exchange with an instance that speaks HTTP/2 (h2c).
//
// It has its own loop over a connection instead of fasthttp's or net/http's server, because a proxy needs what these
// keep to themselves: the head as it came, to refuse what two parsers may read differently; interim responses and
// trailers; the moment at which nothing has been sent yet; and bodies that are passed on without being collected.
package gateway
