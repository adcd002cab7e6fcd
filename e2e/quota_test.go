package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// quotaInfo is what the API says of a quota.
type quotaInfo struct {
	Limits, Used, Surge map[string]any
	Requests            []struct{ ID, Status string }
}

func (b *Berth) quota(tenant string) (q quotaInfo) {
	b.t.Helper()
	b.do("GET", "/api/v1/tenants/"+tenant+"/quota", nil, &q)
	return q
}

// refused sends a request that must not be carried out, and returns why.
func (b *Berth) refused(status int, method, path string, body any) string {
	b.t.Helper()
	got, err := b.call(method, path, body, nil)
	if got != status || err == nil {
		b.t.Fatalf("%s %s: %d %v, want %d", method, path, got, err, status)
	}
	return err.Error()
}

// TestQuota is a team's life under a quota: what does not fit is refused with the sentence that says what would help,
// a switch reserves what it needs and gives it back, and images are held to the room there is before they are read.
func TestQuota(t *testing.T) {
	t.Parallel()
	b := start(t)
	team := b.tenant("Acme")
	b.do("PUT", "/api/v1/tenants/"+team+"/quota", map[string]any{"memory": "256MiB", "images": "40MiB"}, nil)
	shop, blog := b.app(team, "Shop"), b.app(team, "Blog")
	b.upload(shop, "1.0", testenv.ImageOptions{})
	b.upload(shop, "2.0", testenv.ImageOptions{Files: map[string]string{"/new": "1"}})
	b.upload(blog, "1.0", testenv.ImageOptions{})
	b.deploy(shop, map[string]any{"version": "1.0", "memory": "100MiB"})

	var check struct {
		Fits          bool
		SwitchSeconds int `json:"switch_seconds"`
		Blocks        []struct{ Resource, Detail string }
	}
	b.do("POST", "/api/v1/apps/"+blog+"/releases/check", map[string]any{"version": "1.0", "memory": "200MiB"}, &check)
	if check.Fits || len(check.Blocks) != 1 || !strings.Contains(check.Blocks[0].Detail, "Stop or shrink Shop, which uses 100 MB") {
		t.Errorf("%+v", check)
	}
	why := b.refused(http.StatusConflict, "POST", "/api/v1/apps/"+blog+"/releases", map[string]any{"version": "1.0", "memory": "200MiB"})
	if !strings.Contains(why, "This needs 200 MB more memory, and 156 MB of 256 MB is left") || !strings.Contains(why, "Stop or shrink Shop") {
		t.Error(why)
	}

	op := b.release(shop, map[string]any{"version": "2.0"}).Operation
	if q := b.quota(team); q.Used["memory"] != "200MiB" {
		t.Errorf("while it switches %v is used", q.Used)
	}
	b.succeeds(op)
	b.eventually(30*time.Second, func() error {
		if q := b.quota(team); q.Used["memory"] != "100MiB" {
			return fmt.Errorf("after the switch %v is used", q.Used)
		}
		return nil
	})
	b.quotaOfImages(team, shop)
	b.do("DELETE", "/api/v1/apps/"+shop, map[string]any{"name": shop}, nil)
	b.eventually(time.Minute, func() error {
		if q := b.quota(team); q.Used["memory"] != nil {
			return fmt.Errorf("after its end %v is used", q.Used)
		}
		return nil
	})
}

// quotaOfImages has 40 MiB of room, of which three small images are taken.
func (b *Berth) quotaOfImages(team, app string) {
	b.t.Helper()
	body := &counted{size: 64 << 20}
	req, err := http.NewRequest("POST", b.Portal+"/api/v1/apps/"+app+"/versions?label=9.0", body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.ContentLength = body.size
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 30 * time.Second}}
	res, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge || body.read != 0 {
		b.t.Errorf("an upload over the quota: %s after %d bytes", res.Status, body.read)
	}

	tag := strings.TrimPrefix(b.Portal, "http://") + "/" + app + ":9.0"
	testenv.Load(b.t, testenv.Archive(b.t, testenv.ImageOptions{Tag: tag, Version: "9.0", Extra: 64 * core.MiB}))
	config := b.t.TempDir()
	login := exec.Command("docker", "--config", config, "login", "-u", "somebody", "--password-stdin", strings.TrimPrefix(b.Portal, "http://"))
	login.Stdin = strings.NewReader(b.token)
	run(b.t, login)
	out, err := exec.Command("docker", "--config", config, "push", tag).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("denied: This needs")) || !bytes.Contains(out, []byte("more space for images")) {
		b.t.Errorf("a push over the quota: %v\n%s", err, out)
	}
}

// counted is a body that says how much of it was read.
type counted struct{ size, read int64 }

func (c *counted) Read(p []byte) (int, error) {
	if c.read >= c.size {
		return 0, errors.New("all was read")
	}
	c.read += int64(len(p))
	return len(p), nil
}
