package traffic

import (
	"bufio"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"berth/core"
)

// Remote asks gateways of other processes.
type Remote struct {
	Secret string
	Client *http.Client
}

const (
	maxCounts = 64 << 20 // bytes that a gateway may answer
	maxPage   = 8 << 20
	maxFollow = 64 << 10 // of one line
)

func newRemote(secret string) Remote {
	return Remote{Secret: secret, Client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 5 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the secret goes nowhere else
	}}
}

func (o Remote) get(ctx context.Context, address, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+o.Secret)
	res, err := o.Client.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("the gateway at %s answered %s", address, res.Status)
	}
	return res.Body, nil
}

func (o Remote) stats(ctx context.Context, address string, since time.Time) (s Stats, err error) {
	path := "/counts"
	if !since.IsZero() {
		path += "?since=" + strconv.FormatInt(since.Unix(), 10)
	}
	body, err := o.get(ctx, address, path)
	if err != nil {
		return s, err
	}
	defer body.Close()
	err = gob.NewDecoder(bufio.NewReader(io.LimitReader(body, maxCounts))).Decode(&s)
	if err == nil && s.Process == "" {
		err = fmt.Errorf("the gateway at %s tells nothing", address)
	}
	return s, err
}

func (o Remote) search(ctx context.Context, address, appID string, q core.AccessQuery) (page core.AccessPage, err error) {
	body, err := o.get(ctx, address, "/access?"+o.query(appID, q))
	if err != nil {
		return page, err
	}
	defer body.Close()
	return page, json.NewDecoder(io.LimitReader(body, maxPage)).Decode(&page)
}

// follow calls f with every line until ctx ends or the connection does.
func (o Remote) follow(ctx context.Context, address, appID string, q core.AccessQuery, f func(core.AccessLine, int) error) error {
	body, err := o.get(ctx, address, "/follow?"+o.query(appID, q))
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxFollow)
	for lines.Scan() {
		var got followed
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			return err
		}
		if got.Line != nil {
			if err := f(*got.Line, got.Missed); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}
