package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// BenchmarkUpload measures by how much the program's memory grows while it takes in an archive of 1 GiB: in one
// request of the API, and in chunks by the protocol of the browser's uploads.
func BenchmarkUpload(b *testing.B) {
	archive := testenv.Archive(b, testenv.ImageOptions{Extra: core.GiB})
	for name, upload := range map[string]func(b *Berth, app, tenant, archive string){
		"post":   func(b *Berth, app, _, archive string) { b.uploadFile(app, "1.0", archive) },
		"chunks": func(b *Berth, _, tenant, archive string) { b.uploadInChunks(tenant, archive) },
	} {
		b.Run(name, func(b *testing.B) {
			berth := start(b)
			tenant := berth.tenant("Acme")
			app := berth.app(tenant, "Shop")
			time.Sleep(2 * time.Second) // at rest
			for range b.N {
				began, grown := time.Now(), berth.growth()
				upload(berth, app, tenant, archive)
				b.ReportMetric(1024/time.Since(began).Seconds(), "MiB/s")
				b.ReportMetric(grown(), "MiB-growth")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// uploadInChunks sends a file as the browser does.
func (b *Berth) uploadInChunks(tenant, archive string) {
	b.t.Helper()
	const chunk = 16 << 20
	f, err := os.Open(archive)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.t.Fatal(err)
	}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	at := b.tus("POST", "/uploads/", nil, "Upload-Length", fmt.Sprint(info.Size()),
		"Upload-Metadata", "filename "+encode("shop.tar")+",tenant "+encode(tenant)).Header.Get("Location")
	for offset := int64(0); offset < info.Size(); offset += chunk {
		piece := io.NewSectionReader(f, offset, min(chunk, info.Size()-offset))
		b.tus("PATCH", at, piece, "Upload-Offset", fmt.Sprint(offset), "Content-Type", "application/offset+octet-stream")
	}
}

// tus sends a request of the upload protocol; kv alternates names and values of headers.
func (b *Berth) tus(method, path string, body *io.SectionReader, kv ...string) *http.Response {
	b.t.Helper()
	var reader io.Reader = http.NoBody
	if body != nil {
		reader = body
	}
	req, err := http.NewRequest(method, b.Portal+path, reader)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		req.ContentLength = body.Size()
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i+1 < len(kv); i += 2 {
		req.Header.Set(kv[i], kv[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if answer, _ := io.ReadAll(res.Body); res.StatusCode >= 300 {
		b.t.Fatal(method, " ", path, ": ", res.Status, " ", strings.TrimSpace(string(answer)))
	}
	return res
}
