package gateway

import (
	"net/http"
	"strconv"

	"berth/core"
)

// answer answers instead of an instance. It reports whether another request may follow.
func (c *conn) answer(status int, header string, html []byte) bool {
	whole := c.upload.complete // else nobody has read the body, or all of it
	closes := c.closes() || !whole
	c.linger = closes && !(c.req.close && whole)
	header += c.connectionLine(closes)
	c.tally.answered(status)
	c.tally.out = int64(len(html))
	c.out.out = appendPage(c.out.room(), status, header, html, c.req.isHead)
	return c.out.flush() == nil && !closes
}

// refuse answers a request that breaks the rules, and has the connection closed.
func (c *conn) refuse(r *refusal) bool {
	c.refused[r.reason].Add(1)
	c.linger = true
	c.tally.answered(r.status)
	header := r.header + "Connection: close\r\n"
	c.out.out = appendPage(c.out.room(), r.status, header, []byte(r.text+"\n"), c.req.isHead)
	c.out.flush()
	return false
}

// page shows a page about an app.
func (c *conn) page(k PageKind, appID string) bool { return c.pageWith(k, appID, "", "") }

// pageWith shows a page with words of the app's owner, and further lines in its head.
func (c *conn) pageWith(k PageKind, appID, text, header string) bool {
	status, html := c.Pages(k, c.lang, appID, text)
	if status == 0 {
		status = pageStatus[k]
	}
	if s := retryAfter[k]; s > 0 {
		header += "Retry-After: " + strconv.Itoa(s) + "\r\n"
	}
	return c.answer(status, header, html)
}

func (c *conn) answerUnknown() bool {
	if !c.table.loaded.Load() { // the registry has not been reached yet: it may be known
		return c.page(PageUnavailable, "")
	}
	c.unknown.Add(1)
	return c.page(PageUnknownHost, "")
}

// fail answers a request that no instance has answered.
func (c *conn) fail(r *route, err error) bool {
	if refused, ok := err.(*refusal); ok {
		return c.refuse(refused)
	}
	if err == errGone {
		return false
	}
	c.tally.failed(err)
	c.Log.Debug("request failed", "app", r.app.id, "err", err)
	return c.page(pageOf(r, err), r.app.id)
}

func pageOf(r *route, err error) PageKind {
	absent := err == errNoInstance || err == errNotSent
	switch {
	case absent && r.state == core.RouteStopped:
		return PageStopped
	case absent && (r.wakes || r.state == core.RouteStarting):
		return PageStarting
	case err == errNoInstance:
		return PageUnavailable
	case err == errSlow:
		return PageTimeout
	}
	return PageFailed
}

// closes reports whether the connection ends with this exchange for a reason of the client's or the gateway's own.
func (c *conn) closes() bool { return c.req.close || c.draining.Load() }

func (c *conn) connectionLine(closes bool) string {
	switch {
	case closes:
		return "Connection: close\r\n"
	case c.req.old:
		return "Connection: keep-alive\r\n"
	}
	return ""
}

// appendPage appends a whole response. Nothing in it comes from a request.
func appendPage(dst []byte, status int, header string, html []byte, forHead bool) []byte {
	dst = append(strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(status), 10), ' ')
	dst = append(append(dst, http.StatusText(status)...), "\r\nContent-Type: text/html; charset=utf-8\r\n"...)
	dst = append(dst, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nVary: Accept-Language\r\n"...)
	dst = append(dst, header...)
	dst = strconv.AppendInt(append(dst, "Content-Length: "...), int64(len(html)), 10)
	dst = append(dst, "\r\n\r\n"...)
	if forHead {
		return dst
	}
	return append(dst, html...)
}
