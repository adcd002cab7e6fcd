package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// person is somebody at a browser: they find things by the words on them, and use mouse and keys.
type person struct {
	t   testing.TB
	b   *Berth
	tab context.Context

	mu         sync.Mutex
	complaints []string // of the browser, in every tab
}

// person opens a browser of its own. The test fails when the browser complains of anything.
func (b *Berth) person() *person {
	b.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(b.t.TempDir()), chromedp.WindowSize(1440, 900), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true), chromedp.Flag("lang", "en-US"),
		chromedp.Flag("force-prefers-reduced-motion", true)) // what turns all the time is painted all the time
	browser, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	b.t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(browser)
	b.t.Cleanup(cancel)
	p := &person{t: b.t, b: b, tab: tab}
	p.do(chromedp.Navigate("about:blank"))
	p.listen(tab)
	b.t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.complaints {
			b.t.Errorf("the browser complains: %s", c)
		}
	})
	return p
}

// listen keeps what the browser says of a tab: exceptions, breaches of the content policy, failed requests.
func (p *person) listen(tab context.Context) {
	messages := chromedp.Console(tab)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Source == "network" && expected(m) || m.Type == "info" || m.Type == "debug" || m.Type == "verbose" {
				continue
			}
			p.mu.Lock()
			p.complaints = append(p.complaints, fmt.Sprintf("%s (%s)", m, m.URL))
			p.mu.Unlock()
		}
	}()
}

// expected reports whether a failed request is part of the game: a form sent back with its faults, a wrong password, an
// upload that was paused and is still being put away, an app that was told to crash, a page that is not there.
func expected(m chromedp.ConsoleMessage) bool {
	return strings.Contains(m.Text, "status of 401") || strings.Contains(m.Text, "status of 422") || strings.Contains(m.Text, "status of 423") ||
		strings.HasSuffix(m.URL, "/sign-in") || strings.Contains(m.URL, ".localhost:") ||
		strings.HasSuffix(m.URL, "/nothing-here")
}

func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.tab, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// open types an address of the portal, or a whole one.
func (p *person) open(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.b.Portal + address
	}
	p.do(chromedp.Navigate(address))
}

// ask evaluates an expression of the page once; a page that is just being replaced answers with an error.
func ask[T any](p *person, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.tab, 20*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

// until waits until an expression of the page is true.
func (p *person) until(expression string) {
	p.t.Helper()
	p.untilWithin(time.Minute, expression)
}

func (p *person) untilWithin(atMost time.Duration, expression string) {
	p.t.Helper()
	end := time.Now().Add(atMost)
	for time.Now().Before(end) {
		if yes, err := ask[bool](p, "Boolean("+expression+")"); err == nil && yes {
			return
		}
		time.Sleep(lookEvery)
	}
	text, _ := ask[string](p, "location.href + '\\n' + document.body.innerText")
	p.t.Fatalf("not within %s: %s\nThe page says:\n%s", atMost, expression, text)
}

// see waits until the page shows words.
func (p *person) see(words ...string) {
	p.t.Helper()
	for _, w := range words {
		p.until("document.body.innerText.includes(" + quote(w) + ")")
	}
}

// at waits until the address of the page begins so.
func (p *person) at(path string) {
	p.t.Helper()
	p.until("location.href.startsWith(" + quote(p.b.Portal+path) + ")")
}

//go:embed testdata/find.js
var finder string

// found is an expression that may use what finder defines.
func found(expression string) string { return "(() => {" + finder + "\nreturn " + expression + "})()" }

// click presses what is called so: a link, a button, a choice. It waits until it can be pressed and nothing covers it.
func (p *person) click(name string) {
	p.t.Helper()
	p.press("clickable(" + quote(name) + ")")
}

// press clicks the middle of the element that an expression finds.
func (p *person) press(expression string) {
	p.t.Helper()
	var at []float64
	eventually(p.t, time.Minute, func() error {
		var err error
		if at, err = ask[[]float64](p, found("middle("+expression+")")); err == nil && len(at) != 2 {
			text, _ := ask[string](p, "document.body.innerText")
			err = fmt.Errorf("%s is not there or cannot be pressed on:\n%s", expression, text)
		}
		return err
	})
	p.do(chromedp.MouseClickXY(at[0], at[1]))
}

// fill writes into the field that is called so, in place of what is there.
func (p *person) fill(label, text string) {
	p.t.Helper()
	p.until(loaded + found("field("+quote(label)+")"))
	p.until(found("field(" + quote(label) + ")?.select() === undefined && field(" + quote(label) + ")"))
	p.write(text)
}

// write types where the cursor is.
func (p *person) write(text string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// loaded goes before what has to be on a page whose scripts have run: they do something with what is put in.
const loaded = `document.readyState === "complete" && `

// choose gives a file to the field of files.
func (p *person) choose(path string) {
	p.t.Helper()
	p.until(loaded + `document.querySelector("#file")`)
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{path}))
}

// mark puts a sign on the page that a reload would wipe off.
func (p *person) mark() { p.until("window.unloaded = true") }

// unmoved checks that the page was not loaded again since mark.
func (p *person) unmoved() {
	p.t.Helper()
	if yes, err := ask[bool](p, "window.unloaded === true"); err != nil || !yes {
		p.t.Error("the page was loaded again", err)
	}
}

// setUp makes the first operator from the link that Berth printed.
func (p *person) setUp() {
	p.t.Helper()
	p.open(p.b.output.find(`(http://\S+/setup/\S+)`))
	p.fill("Your name", "Operator")
	p.fill("Email", "operator@example.com")
	p.fill("Password", "three words here")
	p.fill("Name of your team", "Northwind Tea")
	p.click("Set up and sign in")
	p.see("The berth is free")
}

// tenantID is the team that setUp makes.
const tenantID = "northwind-tea"

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
