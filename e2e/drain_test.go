package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// TestLogsAreNotForwardedIntoPrivateNetworks has logs forwarded to this machine: nothing arrives, and the tenant is told.
func TestLogsAreNotForwardedIntoPrivateNetworks(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	b, app := online(t, testenv.ImageOptions{}, nil)
	var tenants struct{ Items []struct{ ID string } }
	b.do("GET", "/api/v1/tenants", nil, &tenants)
	drains := "/api/v1/tenants/" + tenants.Items[0].ID + "/log-drains"
	var made map[string]any
	b.do("POST", drains, map[string]any{"name": "Inside", "kind": "http", "url": strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}, &made)
	b.eventually(time.Minute, func() error {
		b.get(app, "/log?line="+url.QueryEscape("a secret line"))
		var list struct {
			Items []struct {
				Fault string
				Sent  int
			}
		}
		b.do("GET", drains, nil, &list)
		if len(list.Items) != 1 || list.Items[0].Sent > 0 || !strings.Contains(list.Items[0].Fault, "private network") {
			return fmt.Errorf("the drain says %+v", list)
		}
		return nil
	})
	if asked.Load() > 0 {
		t.Error("a server of this machine was asked")
	}
}
