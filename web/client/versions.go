package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// Versions returns the versions of an app, newest first.
func (c *Client) Versions(ctx context.Context, app string) (Answer[List[Version]], error) {
	return all[Version](ctx, c, appPath(app, "/versions"), nil, 0)
}

// Version returns the version of a label.
func (c *Client) Version(ctx context.Context, app, label string) (Answer[Version], error) {
	return ask[Version](ctx, c, http.MethodGet, appPath(app, "/versions/"+segment(label)), nil, nil)
}

// Push sends an image archive as a stream and returns the version that it became. size is the archive's, -1 when it
// is not known; label "" takes the next free one. The archive is not touched before the server wants it.
func (c *Client) Push(ctx context.Context, app, label string, archive io.Reader, size int64) (Answer[Version], error) {
	query := url.Values{}
	if label != "" {
		query.Set("label", label)
	}
	req, err := c.request(ctx, http.MethodPost, appPath(app, "/versions"), query, io.NopCloser(archive))
	if err != nil {
		return Answer[Version]{}, err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Expect", "100-continue")
	return send[Version](c, req)
}
