package handlers_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"berth/core"
	"berth/core/catalog"
	"berth/core/service"
	"berth/core/store"
	"berth/e2e/testenv"
	"berth/handlers"
	"berth/static"
	"berth/views/i18n"
	"berth/web"
	"berth/worker/image"
)

// browser is a person's browser without JavaScript, at a portal on the real service, database and image store. Only
// the workers are missing, so what is accepted stays accepted.
type browser struct {
	t       *testing.T
	url     string
	service *service.Service
	client  *http.Client
}

// answer is the page that a request ended on.
type answer struct {
	t      *testing.T
	status int
	path   string // with the query
	body   string
}

type asleep struct{}

func (asleep) Wake(string) {}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	s, images := openStore(t), openImages(t)
	entries, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	messages, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	use := service.New(service.Deps{Store: s, Images: images, Catalog: entries, Waker: asleep{}, Notifier: service.NewNotifier(),
		PortalURL: origin, BaseDomain: "localhost", GatewayURL: "http://localhost:8000", TempDir: t.TempDir()})
	files := static.New()
	server.Config.Handler = web.New(web.Options{
		Handlers: &handlers.Handlers{Service: use, Messages: messages, Asset: files.Path, PortalURL: origin,
			BaseDomain: "localhost", GatewayURL: "http://localhost:8000"},
		Sessions: s.Sessions(), Registry: images.Handler(use), Uploads: http.NotFoundHandler(), Static: files,
		Metrics: http.NotFoundHandler(), Ready: func(context.Context) map[string]web.Part { return nil },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	server.Start()
	t.Cleanup(server.Close)
	return &browser{t: t, url: origin, service: use, client: &http.Client{Jar: jar(t)}}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	o := store.Options{Dir: t.TempDir(), Key: bytes.Repeat([]byte{7}, 32)}
	if err := store.Migrate(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openImages(t *testing.T) *image.Store {
	t.Helper()
	images, err := image.New(image.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { images.Close() })
	return images
}

func jar(t *testing.T) http.CookieJar {
	t.Helper()
	j, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// setUp makes the person the operator, by the link of the first start.
func (b *browser) setUp() {
	b.t.Helper()
	secret, _, err := b.service.NewSetupLink(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	b.post("/setup/"+secret, "name", "Operator", "email", "operator@example.com", "password", "three words here", "tenant", "Northwind Tea").
		on(200, "/")
}

func (b *browser) get(path string, header ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, header...)
}

// post sends a form; kv alternates names and values.
func (b *browser) post(path string, kv ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		form.Add(kv[i], kv[i+1])
	}
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

func (b *browser) do(method, path string, body io.Reader, header ...string) answer {
	b.t.Helper()
	r, err := http.NewRequest(method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Origin", b.url)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{b.t, resp.StatusCode, resp.Request.URL.RequestURI(), string(page)}
}

// upload sends the test app's image file as a plain form does.
func (b *browser) upload(o testenv.ImageOptions, kv ...string) answer {
	b.t.Helper()
	archive, err := os.ReadFile(testenv.Archive(b.t, o))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.uploadBytes("shop-1.0.tar", archive, kv...)
}

func (b *browser) uploadBytes(name string, archive []byte, kv ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(kv); i += 2 {
		if err := form.WriteField(kv[i], kv[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := part.Write(archive); err != nil {
		b.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, "/new/upload", &body, "Content-Type", form.FormDataContentType())
}

// on checks where a request ended; path may end with "*".
func (a answer) on(status int, path string) answer {
	a.t.Helper()
	prefix, open := strings.CutSuffix(path, "*")
	if a.status != status || a.path != path && !(open && strings.HasPrefix(a.path, prefix)) {
		a.t.Fatalf("ended on %d %s, want %d %s\n%s", a.status, a.path, status, path, a.text())
	}
	return a
}

// says checks that the page holds each of the texts.
func (a answer) says(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.t.Errorf("%s does not say %q\n%s", a.path, text, a.text())
		}
	}
	return a
}

func (a answer) hides(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			a.t.Errorf("%s says %q", a.path, text)
		}
	}
	return a
}

var tags = regexp.MustCompile(`(<[^>]*>|\s)+`)

// text is the main part of the page, for messages.
func (a answer) text() string {
	_, main, found := strings.Cut(a.body, "<main id=\"main\">")
	if !found {
		main = a.body
	}
	main = tags.ReplaceAllString(main, " ")
	return main[:min(len(main), 1500)]
}

// operator is the actor behind calls of the service that a test makes itself.
func operator() context.Context { return core.WithActor(context.Background(), core.System()) }
