package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"berth/core"
	"berth/e2e/testenv"
)

// TestTheFirstJobInABrowser goes the whole way of somebody who was given a file: from the printed link to an app that
// runs, is watched, changed, broken and deleted.
func TestTheFirstJobInABrowser(t *testing.T) {
	t.Parallel()
	b := start(t, withArgs("--catalog", redisCatalog(t)))
	p := b.person()
	p.setUp()
	p.bringsAFile(testenv.Archive(t, testenv.ImageOptions{Extra: 60 * core.MiB}))
	p.namesAndDeploys()
	p.readsItsLog()
	p.getsAPushedVersion()
	p.seesItCrash()
	p.picksRedis()
	p.deletesTheApp()
	p.signsOut()
}

// bringsAFile uploads a large file over a slow line, pauses, goes on, and reads what was found in it.
func (p *person) bringsAFile(archive string) {
	p.t.Helper()
	p.click("An image file")
	p.see("Your image file")
	p.slow(12 << 20)
	p.choose(archive)
	p.until(`/^[\d.]+ MB of 6\d\.?\d* MB, [\d.]+ [KM]B\/s, about \d+ s left$/.test(document.querySelector("[data-upload-text]").innerText)`)
	p.until(`document.querySelector("[data-upload-bar]").value > 5`)
	p.click("Pause")
	p.see("Paused at")
	at, _ := ask[float64](p, `document.querySelector("[data-upload-bar]").value`)
	if at >= 100 {
		p.t.Errorf("paused at %v%%, the file was too small for this test", at)
	}
	p.click("Resume")
	p.slow(-1)
	p.see("This can run here. One thing to know.", "Listens on 8080", "Built for", "Runs as administrator.")
	p.click("Continue")
}

// slow limits what the browser sends in a second; -1 lifts the limit.
func (p *person) slow(upload float64) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: upload}}})
		return err
	}))
}

// namesAndDeploys takes an address that is free after one that is not, and follows the steps to the first answer.
func (p *person) namesAndDeploys() {
	p.t.Helper()
	p.see("Size of one instance")
	p.fill("Name", "Tea shop")
	p.see("http://tea-shop.localhost:")
	p.see("is free.")
	p.fill("Address", "www")
	p.see("www is reserved")
	p.b.app(tenantID, "Shop")
	p.fill("Address", "shop")
	p.see("This address is taken. shop-2, shop-3 and shop-4 are free.")
	p.click("shop-2")
	p.see("http://shop-2.localhost:")
	p.fill("Address", "tea-shop")
	p.see("http://tea-shop.localhost:")
	p.click("Deploy")
	p.at("/operations/")
	p.mark()
	p.see("Tea shop is online", "from your click to the first answer")
	p.unmoved()
	p.inNewTab("Open it", func() { p.see("version 1.0 instance") })
	p.click("See how it runs")
	p.see("Running", "http://tea-shop.localhost:")
}

// inNewTab follows a link that opens a tab, and looks at that.
func (p *person) inNewTab(link string, look func()) {
	p.t.Helper()
	opened := chromedp.WaitNewTarget(p.tab, func(*target.Info) bool { return true })
	p.click(link)
	was := p.tab
	tab, cancel := chromedp.NewContext(was, chromedp.WithTargetID(<-opened))
	defer cancel()
	p.tab = tab
	look()
	p.tab = was
}

// readsItsLog opens the log and sees the line of a request that is made then.
func (p *person) readsItsLog() {
	p.t.Helper()
	p.click("Logs")
	p.see("Connected", "listening")
	p.mark()
	if _, _, err := p.b.get("tea-shop", "/log?line=the+kettle+boils"); err != nil {
		p.t.Fatal(err)
	}
	p.see("the kettle boils")
	p.unmoved()
}

// getsAPushedVersion watches the versions while a developer pushes one, and releases it.
func (p *person) getsAPushedVersion() {
	p.t.Helper()
	p.click("Versions")
	p.see("What you brought.")
	p.mark()
	p.b.push("tea-shop", "2.0")
	p.see("2.0", "Pushed")
	p.unmoved()
	p.click("Deploy…")
	p.see("takes over from 1.0")
	p.click("Deploy")
	p.at("/operations/")
	p.see("Tea shop is online")
	p.b.answers("tea-shop", "version 2.0")
}

// seesItCrash looks at the app while it is made to stop, again and again.
func (p *person) seesItCrash() {
	p.t.Helper()
	p.click("See how it runs")
	p.see("Running", "Release 2")
	p.mark()
	p.b.get("tea-shop", "/crash?code=3")
	p.see("stopped by itself", "The program ended with code 3.", "is back")
	for range 4 {
		p.b.answers("tea-shop", "version 2.0")
		p.b.get("tea-shop", "/crash?code=3")
	}
	p.see("Keeps stopping")
	p.unmoved()
	p.b.answers("tea-shop", "version 2.0")
	p.see("Running")
}

// picksRedis gets a database and what is needed to connect to it.
func (p *person) picksRedis() {
	p.t.Helper()
	p.open("/")
	p.click("New app or database")
	p.click("Just a database")
	p.click("Redis")
	p.see("Your Redis")
	p.click("Create Redis")
	p.see("Redis is ready")
	p.click("How to connect")
	p.see("Where it is", "6379")
	if shown, _ := ask[bool](p, `document.body.innerText.includes("redis://")`); shown {
		p.t.Error("the credentials are shown before anybody asked")
	}
	p.click("Show")
	p.see("redis://:", "@redis:6379/0")
}

// deletesTheApp confirms by the name.
func (p *person) deletesTheApp() {
	p.t.Helper()
	p.open("/apps/tea-shop")
	p.click("More")
	p.click("Delete this app…")
	p.see("Delete Tea shop?")
	p.until(`document.querySelector("dialog [data-typed-submit]").disabled`)
	p.fill("Type tea-shop to confirm", "tea-shop")
	p.click("Delete Tea shop")
	p.see("Tea shop is being deleted.")
	p.until(`!document.querySelector("#app-tea-shop")`)
	p.see("1 app and 1 database.")
}

// signsOut, after which the session is worth nothing.
func (p *person) signsOut() {
	p.t.Helper()
	session := p.session()
	p.click("Sign out")
	p.see("Sign in")
	client := &http.Client{Timeout: 10 * time.Second}
	for _, path := range []string{"/", "/api/v1/apps"} {
		req, _ := http.NewRequest("GET", p.b.Portal+path, nil)
		req.Header.Set("Cookie", session)
		res, err := client.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			p.t.Errorf("%s with the old session: %s", path, res.Status)
		}
	}
}

// session is the browser's cookies of the portal, as a request carries them.
func (p *person) session() string {
	p.t.Helper()
	res, err := chromedp.Run(p.tab, func(ctx context.Context, t *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{})
	})
	if err != nil {
		p.t.Fatal(err)
	}
	var all []string
	for _, c := range res.Cookies {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}
