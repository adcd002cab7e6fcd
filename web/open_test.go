package web

import (
	"bufio"
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

func TestHomeLives(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	r, _ := http.NewRequest(http.MethodGet, p.url+"/live?tenant=tea", nil)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Encoding", "gzip")
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || lines.Text() != "event: message" {
		t.Fatalf("%q", lines.Text())
	}
	p.must(201, http.MethodPost, "/apps", object{"tenant": "tea", "name": "Brand new"}, nil)
	begin := time.Now()
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Brand new") {
			if took := time.Since(begin); took > 1900*time.Millisecond {
				t.Errorf("it shows after %v", took)
			}
			return
		}
	}
	t.Error("it never shows")
}

// A form without JavaScript, and with a file that is none.
func TestPlainUpload(t *testing.T) {
	p := newRealPortal(t)
	client := p.setUp()
	archive, err := os.ReadFile(testenv.Archive(t, testenv.ImageOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{string(archive), "this is a text named .tar"} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		form.WriteField("tenant", "tea")
		form.WriteField("app", "")
		file, _ := form.CreateFormFile("file", "<img src=x onerror=alert(1)>\r\n.tar")
		file.Write([]byte(content))
		form.Close()
		got := p.ask(client, http.MethodPost, "/new/upload", body.String(), "Content-Type", form.FormDataContentType())
		if got.status != http.StatusSeeOther {
			t.Fatalf("%d %s", got.status, got.body)
		}
		page := p.ask(client, http.MethodGet, got.header.Get("Location"), "")
		if page.status != http.StatusOK || strings.Contains(page.body, "<img src=x") {
			t.Errorf("%d %s", page.status, page.body)
		}
	}
	if got := p.ask(client, http.MethodPost, "/new/upload", "x=1", "Content-Type", formType); got.status != 422 {
		t.Errorf("no file: %d", got.status)
	}
	if got := p.ask(nil, http.MethodPost, "/new/upload", "x=1", "Content-Type", formType); got.status != http.StatusSeeOther {
		t.Errorf("nobody: %d", got.status)
	}
}
