package e2e

import "testing"

// TestSomebodyIsInvited is the story of a developer from the link of an invitation to the apps of the team, and of the
// operator who looks at teams and people.
func TestSomebodyIsInvited(t *testing.T) {
	t.Parallel()
	b := start(t)
	boss := b.person()
	boss.setUp()
	b.app(tenantID, "Tea shop")
	boss.open("/members")
	boss.fill("Email", "dev@example.com")
	boss.click("Make an invitation")
	boss.see("This link invites dev@example.com", "Developer")
	boss.look("members-link")
	link, err := ask[string](boss, `document.getElementById("invitation-link").innerText`)
	if err != nil {
		t.Fatal(err)
	}

	dev := b.person()
	dev.open(link)
	dev.see("Join Northwind Tea", "Operator invites you")
	dev.look("invitation")
	dev.fill("Your name", "Developer")
	dev.fill("Password", "three words here")
	dev.click("Make an account and join")
	dev.see("Northwind Tea", "Tea shop")
	dev.open("/members")
	dev.see("dev@example.com", "operator@example.com")
	dev.look("members-developer")

	boss.open("/members")
	boss.see("dev@example.com")
	boss.look("members")
	boss.open("/tenants")
	boss.see("Northwind Tea", "New team")
	boss.look("tenants")
	boss.click("Northwind Tea")
	boss.look("tenant")
	boss.open("/people")
	boss.see("dev@example.com")
	boss.look("people")
	boss.open("/team")
	boss.see("Delete this team")
	boss.look("team-settings")
	boss.click("Delete the team…")
	boss.see("Delete Northwind Tea?", "1 app", "2 people")
	boss.look("team-delete")
	dev.until("(window.confirm = () => true)") // a question that the browser itself asks
	dev.click("Leave this team")
	dev.see("You are in no team yet")
	dev.look("no-team")
}
