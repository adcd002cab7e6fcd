package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"berth/e2e/testenv"
)

// TestTheGatewayByKeyboard fills the forms of domains, ports, rules and trials without a mouse, wrong ones first.
func TestTheGatewayByKeyboard(t *testing.T) {
	t.Parallel()
	b := start(t, withTCP(t))
	p := b.person()
	p.setUp()
	b.app(tenantID, "Shop")
	b.upload("shop", "1.0", testenv.ImageOptions{})
	b.upload("shop", "2.0", testenv.ImageOptions{})
	b.deploy("shop", map[string]any{"version": "1.0"})
	p.claimsByKeyboard()
	p.opensAPortByKeyboard()
	p.rulesByKeyboard()
	p.triesByKeyboard()
}

// corrects waits until a faulty field has the focus, and is described by what is wrong with it; then writes anew.
func (p *person) corrects(name, fault, text string) {
	p.t.Helper()
	p.until(found("focused("+quote(name)+")") + ` && document.activeElement.getAttribute("aria-invalid") === "true"`)
	p.until(`document.activeElement.getAttribute("aria-describedby").split(" ")
		.some((id) => document.getElementById(id).innerText.includes(` + quote(fault) + `))`)
	p.until("document.activeElement.select() === undefined")
	p.write(text)
}

func (p *person) claimsByKeyboard() {
	p.t.Helper()
	p.open("/apps/shop/domains")
	p.tabTo("Domain")
	p.write("shop.localhost")
	p.key(kb.Enter)
	p.corrects("Domain", "means this machine", "www.tea-shop.test")
	p.key(kb.Enter)
	p.at("/apps/shop/domains/www.tea-shop.test")
	for _, stop := range []string{"Check now", "Copy the name", "Copy the value", "Where no CNAME can be set, such as for example.com itself",
		"Visitors", "Automatic, renewed by itself", "Send plain HTTP to HTTPS, once there is a certificate", "Save", "Certificate", "Private key",
		"Use this certificate", "Give this domain up"} {
		p.tabTo(stop)
	}
	p.key(kb.Enter)
	p.tabTo("Type www.tea-shop.test to confirm")
	p.write("www.tea-shop.test")
	p.key(kb.Enter)
	p.see("No domain of your own yet")
}

func (p *person) opensAPortByKeyboard() {
	p.t.Helper()
	p.open("/apps/shop/ports")
	p.tabTo("These addresses All others are refused.")
	p.tabTo("Addresses")
	p.until("document.activeElement.select() === undefined")
	p.write("nonsense")
	p.tabTo("More")
	p.key(kb.Enter)
	p.tabTo("Never these")
	p.tabTo("Port")
	p.key(kb.Enter)
	p.corrects("Addresses", "is neither an address nor a network", "127.0.0.1")
	p.tabTo("Port")
	p.key(kb.Enter)
	p.until(`document.querySelector(".port-address")`)
	p.tabTo("Change who may connect")
	p.key(kb.Enter)
	p.tabTo("These addresses All others are refused.")
	p.key(kb.ArrowRight)
	p.tabTo("Save")
	p.key(kb.Enter)
	p.until(`document.querySelector(".facts").innerText.includes("Everybody")`)
}

func (p *person) rulesByKeyboard() {
	p.t.Helper()
	p.open("/apps/shop/rules")
	p.tabTo("Who may come in Addresses that are let in or refused, a limit for each visitor, passwords for previews.")
	p.key(kb.Enter)
	p.tabTo("Refused")
	p.write("nonsense")
	p.tabTo("Requests")
	p.write("1000")
	p.key(kb.Enter)
	p.corrects("Refused", "is neither an address nor a network", "192.0.2.7")
	p.tabTo("Requests")
	p.key(kb.Enter) // releases, and does not stage
	p.see("Change of Shop accepted.")
	p.b.eventually(time.Minute, func() error { return p.b.released("shop", 2) })
}

// released says what is in the way of a release being online.
func (b *Berth) released(app string, number int) error {
	var r struct{ Status string }
	_, err := b.call("GET", fmt.Sprintf("/api/v1/apps/%s/releases/%d", app, number), nil, &r)
	if err == nil && r.Status != "live" {
		err = errors.New(r.Status)
	}
	return err
}

func (p *person) triesByKeyboard() {
	p.t.Helper()
	p.open("/apps/shop/deploy?version=2.0")
	p.tabTo("All at once when ready New instances start, requests move to them when all answer.")
	p.key(kb.ArrowLeft) // round to the last
	p.tabTo("Share of the requests")
	p.write("200")
	p.key(kb.Enter)
	p.corrects("Share of the requests", "99", "20")
	p.key(kb.Enter)
	p.see("Trial of 2.0", "1.0 the other 80%")
	p.tabTo("2.0 gets")
	p.until("document.activeElement.select() === undefined")
	p.write("30")
	p.key(kb.Enter)
	p.see("1.0 the other 70%")
	p.tabTo("Promote to 100%")
	p.key(kb.Enter)
	p.until(`!document.querySelector("#trial")`)
	p.tabTo("All about release 1")
	p.key(kb.Enter)
	p.tabTo("Roll back")
	p.key(kb.Enter)
	p.see("is online")
	p.b.answers("shop", "version 1.0")
}
