package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"berth/e2e/testenv"
)

// TestByKeyboardAlone signs in and brings an app online without a mouse.
func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.person()
	p.setUp()
	p.tabTo("Sign out")
	p.key(kb.Enter)
	p.at("/sign-in")
	p.until(`document.activeElement.name === "email"`)
	p.write("operator@example.com")
	p.tabTo("Password")
	p.write("three words here")
	p.key(kb.Enter)
	p.see("The berth is free")
	p.key(kb.Tab)
	p.until(`document.activeElement.matches(".skip")`)
	p.key(kb.Enter)
	p.tabTo("An image file")
	p.key(kb.Enter)
	p.see("Your image file")
	p.tabTo("Choose the file")
	p.choose(testenv.Archive(t, testenv.ImageOptions{}))
	p.see("This can run here.")
	p.tabTo("Continue")
	p.key(kb.Enter)
	p.until(`document.activeElement.name === "name"`)
	p.until("document.activeElement.select() === undefined")
	p.write("Tea shop")
	p.see("http://tea-shop.localhost:")
	p.tabTo("Small 256 MB, ¼ core")
	p.key(kb.ArrowRight)
	p.until(`document.querySelector("[name=plan][value=medium]").checked`)
	p.tabTo("Port, databases and settings")
	p.key(" ")
	p.see("Port it listens on")
	p.tabTo("Deploy")
	p.key(" ")
	p.see("Tea shop is online")
	p.tabTo("See how it runs")
	p.key(kb.Enter)
	p.see("512 MB")
	p.tabTo("More")
	p.key(kb.Enter)
	p.tabTo("Delete this app…")
	p.key(kb.Enter)
	p.until(`document.querySelector("dialog").open && document.activeElement.name === "name"`)
	p.key(kb.Escape)
	p.until(`!document.querySelector("dialog").open`)
}

func (p *person) key(key string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(key))
}

// tabTo goes from one thing to the next until the one that is called so has the focus, and shows it.
func (p *person) tabTo(name string) {
	p.t.Helper()
	for range 60 {
		p.key(kb.Tab)
		if there, err := ask[bool](p, found("focused("+quote(name)+")")); err == nil && there {
			p.until(found("ringed()"))
			return
		}
	}
	p.t.Fatalf("%s cannot be reached by keyboard", name)
}

// TestWithoutJavaScript goes the same way by plain forms and links.
func TestWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.person()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	p.setUp()
	p.click("Sign out")
	p.see("Sign in")
	p.fill("Email", "operator@example.com")
	p.fill("Password", "not three words")
	p.click("Sign in")
	p.until(`document.querySelector(".note-bad")`)
	p.fill("Password", "three words here")
	p.click("Sign in")
	p.click("An image file")
	p.see("Your image file")
	p.choose(testenv.Archive(t, testenv.ImageOptions{}))
	p.click("Send it")
	p.see("This can run here.")
	p.click("Continue")
	p.fill("Name", "Tea shop")
	p.fill("Address", "www")
	p.click("Deploy")
	p.see("www is reserved")
	p.fill("Address", "tea-shop")
	p.click("Deploy")
	p.at("/operations/")
	b.eventually(time.Minute, func() error {
		done, err := ask[bool](p, `document.body.innerText.includes("Tea shop is online")`)
		if err == nil && !done {
			p.do(chromedp.Reload()) // what "Look again" does
			err = errors.New("not online yet")
		}
		return err
	})
	p.click("See how it runs")
	p.see("Running")
	b.answers("tea-shop", "version 1.0")
	p.open("/apps/tea-shop/delete")
	p.fill("Type tea-shop to confirm", "tea-shop")
	p.click("Delete Tea shop")
	p.see("Tea shop is being deleted.")
}
