package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestOnesAccountInABrowser changes the password, sets up two-factor, signs in with a code and with a recovery code,
// and ends a session elsewhere.
func TestOnesAccountInABrowser(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.person()
	p.setUp()
	p.open("/profile")
	p.see("Where you are signed in", "Chrome on Linux", "This one")
	p.look("profile")
	p.fill("Present password", "not my password")
	p.fill("New password", "short")
	p.click("Change password")
	p.see("Enter at least 12")
	p.look("profile-failed")
	p.fill("Present password", "three words here")
	p.fill("New password", "four other words here")
	p.click("Change password")
	p.see("Your password is changed.")

	p.click("Set up two-factor sign-in")
	p.see("Scan this picture")
	p.look("two-factor-enrol")
	text, err := ask[string](p, `document.querySelector("#two-factor-secret").innerText`)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.ReplaceAll(text, " ", "")
	used := p.code(secret, 0)
	p.fill("The code that the app shows now", used)
	p.click("Switch it on")
	p.see("Your recovery codes")
	p.look("two-factor-codes")
	recovery, err := ask[string](p, `document.querySelector(".codes code").innerText`)
	if err != nil {
		t.Fatal(err)
	}
	p.click("I have kept them")
	p.see("10 recovery codes are left.")
	p.look("profile-two-factor")

	p.click("Sign out")
	p.signsIn("four other words here")
	p.look("sign-in-code")
	p.fill("Code", "000000")
	p.click("Sign in")
	p.see("This code is wrong")
	p.look("sign-in-code-wrong")
	p.fill("Code", recovery)
	p.click("Sign in")
	p.see("The berth is free")

	other := b.person()
	other.open("/")
	other.signsIn("four other words here")
	code := other.code(secret, 29*time.Second)
	for code == used { // a code works once: wait for the next one
		time.Sleep(200 * time.Millisecond)
		code = other.code(secret, 29*time.Second)
	}
	other.fill("Code", code)
	other.click("Sign in")
	other.see("The berth is free")

	p.open("/profile")
	p.see("9 recovery codes are left.")
	p.look("profile-sessions")
	p.click("Sign out there")
	p.see("What was open there ends within half a minute.")
	other.open("/profile")
	other.see("Your session has ended.")
}

// signsIn gives email and password and comes to the second step.
func (p *person) signsIn(password string) {
	p.t.Helper()
	p.at("/sign-in")
	p.fill("Email", "operator@example.com")
	p.fill("Password", password)
	p.click("Sign in")
	p.see("One more step")
}

// code is what the person's device shows after a moment; the server takes the next one already.
func (p *person) code(secret string, after time.Duration) string {
	p.t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(after))
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}
