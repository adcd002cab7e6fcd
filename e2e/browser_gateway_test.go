package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"berth/e2e/testenv"
)

// TestReleasesAndDomainsInABrowser is the story of somebody whose app is in use: a new version is tried on some of the
// requests, gets them all, and is taken back; the app gets a name of its own with a certificate, is closed for a
// while, and to some; and a database is reached from outside.
func TestReleasesAndDomainsInABrowser(t *testing.T) {
	t.Parallel()
	w, domains := withDomains(t)
	b := start(t, withArgs("--catalog", redisCatalog(t)), withTCP(t), domains)
	p := b.person()
	p.setUp()
	p.deploysVersionOne()
	visitors := b.load("tea-shop", "GET", "/slow?ms=5")
	p.triesVersionTwo()
	p.seesBothBesideEachOther()
	p.promotes()
	p.rollsBack()
	visitors.none(t)
	p.getsADomain(w)
	p.closesForMaintenance()
	p.refusesAnAddress()
	p.opensAPortForRedis()
}

func (p *person) deploysVersionOne() {
	p.t.Helper()
	p.click("An image file")
	p.choose(testenv.Archive(p.t, testenv.ImageOptions{}))
	p.see("This can run here.")
	p.click("Continue")
	p.fill("Name", "Tea shop")
	p.see("http://tea-shop.localhost:")
	p.click("Deploy")
	p.see("Tea shop is online")
	p.click("See how it runs")
	p.b.answers("tea-shop", "version 1.0")
}

// triesVersionTwo brings it and gives it a fifth of the requests.
func (p *person) triesVersionTwo() {
	p.t.Helper()
	p.click("Versions")
	p.click("Bring a version")
	p.choose(testenv.Archive(p.t, testenv.ImageOptions{Version: "2.0"}))
	p.see("This can run here.")
	p.fill("What to call this version", "2.0")
	p.click("Continue")
	p.see("takes over from 1.0")
	p.click("On trial")
	p.fill("Share of the requests", "20")
	p.click("Deploy")
	p.at("/apps/tea-shop/versions")
	p.see("Trial of 2.0", "of the requests, 1.0 the other 80%")
}

// trialFigures are the numbers of a row of the trial: of the version that serves, and of the one on trial.
func (p *person) trialFigures(row int) (stable, candidate float64) {
	p.t.Helper()
	numbers, err := ask[[]float64](p, fmt.Sprintf(`[...document.querySelectorAll(".trial-figures tbody tr:nth-child(%d) .number")]
		.map((e) => parseFloat(e.innerText.replace(",", "")))`, row))
	if err != nil || len(numbers) != 2 {
		return 0, 0
	}
	return numbers[0], numbers[1]
}

// seesBothBesideEachOther waits, without touching the page, until the numbers of both say something.
func (p *person) seesBothBesideEachOther() {
	p.t.Helper()
	p.mark()
	p.b.eventually(time.Minute, func() error {
		stable, candidate := p.trialFigures(1)
		if share := candidate / (stable + candidate); candidate < 40 || share < 0.17 || share > 0.23 {
			return fmt.Errorf("%v requests and %v, want 80%% and 20%%", stable, candidate)
		}
		stable, candidate = p.trialFigures(3) // within which 95 of 100 were answered; the app takes 5 ms
		if stable < 5 || candidate < 5 {
			return fmt.Errorf("within %v ms and %v ms", stable, candidate)
		}
		return nil
	})
	if stable, candidate := p.trialFigures(2); stable != 0 || candidate != 0 {
		p.t.Errorf("%v%% and %v%% failed", stable, candidate)
	}
	p.see("Nothing speaks against 2.0 so far.")
	p.unmoved()
}

func (p *person) promotes() {
	p.t.Helper()
	p.click("Promote to 100%")
	p.until(`!document.querySelector("#trial")`)
	p.see("2.0 gets all requests after its trial")
	p.b.answers("tea-shop", "version 2.0")
}

// rollsBack reads the page of the first release, has it run again, and reads how that went.
func (p *person) rollsBack() {
	p.t.Helper()
	p.click("All about release 1")
	p.at("/apps/tea-shop/releases/1")
	p.see("Everything it says")
	p.click("Roll back")
	p.see("is online")
	for range 20 {
		p.b.answers("tea-shop", "version 1.0")
	}
	p.open("/apps/tea-shop/versions")
	p.mark()
	p.until(`/0 of [\d,]+ requests failed during the switch/.test(document.querySelector(".releases li").innerText)`)
	p.until(`document.querySelector(".releases li").innerText.includes("1.0")`)
	p.unmoved()
	p.press(`document.querySelector(".releases li .releases-number a")`)
	p.until(`/0 of [\d,]+ requests failed during the switch/.test(document.body.innerText)`)
	p.see("Against release", "2.0", "How it went")
}

// getsADomain claims a name, sets the record that the page shows, and visits it by HTTPS.
func (p *person) getsADomain(w *world) {
	p.t.Helper()
	const name = "www.tea-shop.test"
	w.Set(func() { w.Nowhere[name] = true })
	p.click("Domains")
	p.fill("Domain", name)
	p.click("Add domain")
	p.at("/apps/tea-shop/domains/" + name)
	p.see("Not verified", "This one record shows that the domain is yours and leads it here:", "After verification")
	p.setsTheRecord(w, name)
	p.mark()
	p.click("Check now")
	p.see("Serves", "Valid", "Answers by HTTP and HTTPS")
	address, err := ask[string](p, `document.querySelector("#domain-url").href`)
	if err != nil || !strings.HasPrefix(address, "https://"+name+":") {
		p.t.Fatalf("the page says %q, %v", address, err)
	}
	p.b.eventually(10*time.Second, func() error {
		status, body, secure, err := w.visit(address)
		if err == nil && (status != 200 || !strings.Contains(body, "version 1.0") || secure.PeerCertificates[0].DNSNames[0] != name) {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	plain := strings.Replace(p.b.Gateway, "127.0.0.1", name, 1)
	if status, to, _, err := w.visit(plain + "/menu?tea=green"); status != 308 || to != address+"menu?tea=green" {
		p.t.Errorf("plain HTTP got %d to %q, %v", status, to, err)
	}
}

// setsTheRecord copies the record from the page to the DNS, as somebody would at their provider.
func (p *person) setsTheRecord(w *world, name string) {
	p.t.Helper()
	cells, err := ask[[]string](p, `[...document.querySelector("#domain-records tbody tr").cells].map((c) => c.innerText.trim())`)
	if err != nil || len(cells) != 3 || cells[0] != "CNAME" || cells[1] != name {
		p.t.Fatalf("the record to set is %q, %v", cells, err)
	}
	w.Set(func() { w.CNAME[name] = cells[2]; delete(w.Nowhere, name) })
}

func (p *person) releasesTheRules() {
	p.t.Helper()
	p.click("Release now")
	p.see("Change of Tea shop accepted.")
}

// closesForMaintenance shows visitors a page instead of the app, and then the app again.
func (p *person) closesForMaintenance() {
	p.t.Helper()
	for _, closed := range []bool{true, false} {
		p.open("/apps/tea-shop/rules")
		if closed {
			p.press(`document.querySelector("#rules-maintenance summary")`)
			p.fill("What it says", "Back at noon.")
		}
		p.click("Show the maintenance page")
		p.releasesTheRules()
		if closed {
			p.b.answersTo("127.0.0.1", "tea-shop", 503)
			p.open(p.shop())
			p.see("tea-shop is being worked on", "Back at noon.")
		} else {
			p.b.answersTo("127.0.0.1", "tea-shop", 200)
			p.open(p.shop())
			p.see("version 1.0")
		}
	}
}

// shop is the app's address in a browser.
func (p *person) shop() string {
	return strings.Replace(p.b.Gateway, "127.0.0.1", "tea-shop.localhost", 1) + "/"
}

// refusesAnAddress puts one on the list of those that are refused, and takes it off.
func (p *person) refusesAnAddress() {
	p.t.Helper()
	const visitor = "127.0.0.2"
	p.b.answersTo(visitor, "tea-shop", 200)
	p.open("/apps/tea-shop/rules")
	p.press(`document.querySelector("#rules-who summary")`)
	p.fill("Refused", visitor)
	p.releasesTheRules()
	p.b.answersTo(visitor, "tea-shop", 403)
	p.b.answersTo("127.0.0.1", "tea-shop", 200)
	p.open("/apps/tea-shop/rules")
	p.fill("Refused", "")
	p.key(kb.Backspace)
	p.releasesTheRules()
	p.b.answersTo(visitor, "tea-shop", 200)
}

// opensAPortForRedis creates a Redis, opens a port for it, and sees on its page who came.
func (p *person) opensAPortForRedis() {
	p.t.Helper()
	p.open("/new/database/redis")
	p.click("Create Redis")
	p.see("Redis is ready")
	p.click("How to connect")
	p.click("Show")
	p.see("redis://:")
	password, err := ask[string](p, `/redis:\/\/:([^@]+)@/.exec(document.body.innerText)[1]`)
	if err != nil {
		p.t.Fatal(err)
	}
	p.click("Ports")
	p.see("Nobody reaches it from outside by a port")
	p.click("Open port")
	p.until(`document.querySelector(".port-address")`)
	address, err := ask[string](p, `document.querySelector(".port-address").innerText.trim()`)
	if err != nil || !strings.HasPrefix(address, "localhost:") {
		p.t.Fatalf("the page says %q, %v", address, err)
	}
	_, port, _ := net.SplitHostPort(address)
	p.mark()
	p.talksToRedis(net.JoinHostPort("127.0.0.1", port), password)
	p.unmoved()
}

func (p *person) talksToRedis(address, password string) {
	p.t.Helper()
	var client redis
	p.b.eventually(10*time.Second, func() (err error) {
		client, err = dialRedis(address, password)
		return err
	})
	for _, talk := range [][2]string{{"PING", "+PONG"}, {"SET tea oolong", "+OK"}, {"GET tea", "oolong"}} {
		if got, err := client.do(talk[0]); got != talk[1] {
			p.t.Errorf("%s: %q, %v", talk[0], got, err)
		}
	}
	p.see("1 open, 1 so far, 0 refused, 0 failed")
	client.Close()
	p.see("0 open, 1 so far, 0 refused, 0 failed")
}
