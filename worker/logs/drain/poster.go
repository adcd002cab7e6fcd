package drain

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/worker/outbound"
)

// poster posts lines in one of several forms.
type poster struct {
	url, header, secret string
	form                form
	client              *http.Client
}

// form is how lines are written for a kind of server.
type form struct {
	kind   string // of the content
	encode func(lines []core.LogRecord) []byte
	// read looks into the answer that takes the lines; nil for nothing to see there.
	read func(answer []byte) error
}

var forms = map[core.DrainKind]form{
	core.DrainHTTP:          {"application/x-ndjson", jsonLines, nil},
	core.DrainLoki:          {"application/json", lokiPush, nil},
	core.DrainElasticsearch: {"application/x-ndjson", bulk, readBulk},
}

const postPatience = 30 * time.Second

func newPoster(o Options, kind core.DrainKind, target core.DrainTarget, trust *tls.Config) *poster {
	client := outbound.Client(o.Dial, postPatience)
	client.Transport.(*http.Transport).TLSClientConfig = trust
	return &poster{url: endpoint(kind, target.URL), header: target.Header, secret: target.Secret, form: forms[kind], client: client}
}

// endpoint adds what every server of a kind has: Loki the path to push to, unless another is named, and Elasticsearch
// an index and the end of the path.
func endpoint(kind core.DrainKind, target string) string {
	u, _ := url.Parse(target) // it was validated
	path := strings.TrimSuffix(u.Path, "/")
	switch {
	case kind == core.DrainLoki && path == "":
		u.Path = "/loki/api/v1/push"
	case kind == core.DrainElasticsearch && path == "":
		u.Path = "/berth-logs/_bulk"
	case kind == core.DrainElasticsearch:
		u.Path = path + "/_bulk"
	}
	return u.String()
}

func (p *poster) close() { p.client.CloseIdleConnections() }

// mostAnswer is how much of an answer is read, in bytes: a bulk of lines is answered line by line.
const mostAnswer = 1 << 20

func (p *poster) send(ctx context.Context, lines []core.LogRecord) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.form.encode(lines)))
	if err != nil {
		return unreachable(err)
	}
	req.Header.Set("Content-Type", p.form.kind)
	req.Header.Set("User-Agent", "berth")
	if p.header != "" {
		req.Header.Set(p.header, p.secret)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return unreachable(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return unreachable(err)
	}
	if err := judge(res.StatusCode); err != nil || p.form.read == nil {
		return err
	}
	return p.form.read(answer)
}

// judge says what an answer means: some say that these lines are wrong, all others may be different the next time. What
// the server says besides is not shown: it is not for this server to have Berth tell of other servers.
func judge(status int) error {
	text := strings.TrimSpace(http.StatusText(status))
	code := [...]string{"status", strconv.Itoa(status), "text", text}
	switch {
	case status < 300:
		return nil
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity:
		return &refusal{core.T("drain.refused", code[:]...)}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return core.Errorf(core.EUNREACHABLE, "drain.unauthorized", code[:]...)
	case status < 400:
		return core.Errorf(core.EUNREACHABLE, "drain.moved", code[:]...)
	}
	return core.Errorf(core.EUNREACHABLE, "drain.answered", code[:]...)
}

// lineJSON is a line as it is sent.
type lineJSON struct {
	Time     time.Time     `json:"time"`
	Tenant   string        `json:"tenant"`
	App      string        `json:"app"`
	Instance string        `json:"instance"`
	Version  string        `json:"version"`
	Stream   string        `json:"stream"`
	Level    core.LogLevel `json:"level,omitempty"`
	Line     string        `json:"line"`
	Part     bool          `json:"part,omitempty"`
}

func jsonLines(lines []core.LogRecord) []byte {
	var b bytes.Buffer
	to := encoder(&b)
	for _, l := range lines {
		_ = to.Encode(lineJSON{l.Time.UTC(), l.TenantID, l.AppID, l.Instance, l.Version, l.Stream, l.Level, l.Line, l.Part})
	}
	return b.Bytes()
}

// encoder writes JSON into memory, which cannot fail, one value a line.
func encoder(b *bytes.Buffer) *json.Encoder {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e
}
