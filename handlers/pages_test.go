package handlers_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
)

// TestFromFileToReleaseWithoutScript goes the customer's way by forms alone.
func TestFromFileToReleaseWithoutScript(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.get("/").on(200, "/").says("Northwind Tea", "The berth is free", `href="/new/upload?tenant=northwind-tea"`)
	b.get("/new?tenant=northwind-tea").on(200, "/new*").says("What do you have?", "An image file", "Just a database").hides("A package")
	found := b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "").on(200, "/new/upload/*")
	found.says("Listens on 8080", "Runs as administrator", "shop-1.0.tar")
	name := found.path + "/name"
	b.get(name).says(`value="Shop"`, `value="shop"`, "http://shop.localhost:8000 is free")

	b.post(name, "name", "-", "id", "www", "plan", "medium", "port", "8080").on(422, name).
		says("www is reserved", `value="-"`, `aria-invalid="true"`)
	b.post(name, "name", "Tea shop", "id", "tea-shop", "plan", "medium", "port", "70000").on(422, name).
		says(`value="70000"`, "from 1 to 65535", `value="Tea shop"`)
	b.post(name, "name", "Tea shop", "id", "tea-shop", "plan", "medium", "port", "8081", "with_env", "1",
		"env_key", "0", "env_name", "GREETING", "env_value", "two\r\nlines", "env_key", "1", "env_name", "KEY", "env_value", "hush",
		"env_secret", "1", "env_key", "2", "env_name", "", "env_value", "").
		on(200, "/operations/*").says("Tea shop is going online", "Accepted")

	r, err := b.service.CurrentRelease(operator(), "tea-shop")
	if err != nil {
		t.Fatal(err)
	}
	want := []core.EnvVar{{Name: "GREETING", Value: "two\nlines"}, {Name: "KEY", Secret: true}}
	if r.Spec.Port != 8081 || r.Spec.Memory != 512*core.MiB || len(r.Spec.Env) != 2 || r.Spec.Env[0] != want[0] || r.Spec.Env[1] != want[1] {
		t.Errorf("released %+v", r.Spec)
	}
	b.get("/").says("Tea shop", "tea-shop.localhost:8000", "Release 1 was requested").hides("hush")
}

func TestFileWithoutAPortAsksForIt(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	name := b.upload(testenv.ImageOptions{Port: -1}, "tenant", "northwind-tea", "app", "").on(200, "/new/upload/*").says("Does not say where it listens").path + "/name"
	b.post(name, "name", "Shop", "id", "shop", "plan", "small", "port", "").on(422, name).says("Berth found no port", `<details class="disclosure mt-5" open>`)
	b.get("/apps/shop").on(404, "/apps/shop")
	b.post(name, "name", "Shop", "id", "shop", "plan", "small", "port", "8080").on(200, "/operations/*")
}

// TestFaultOfAReleaseIsSetRightWhereItsVersionIsDeployed has a release refused after the app was made.
func TestFaultOfAReleaseIsSetRightWhereItsVersionIsDeployed(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	name := b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "").on(200, "/new/upload/*").path + "/name"
	b.post(name, "name", "Shop", "id", "shop", "plan", "large", "port", "8080", "with_bindings", "1", "bindings", "gone").on(422, name).
		says(`action="/apps/shop/deploy"`, "There is no database or service gone", `value="large" checked`)
	b.post("/apps/shop/deploy", "version", "1.0", "plan", "large", "port", "8080").on(200, "/operations/*")
}

func TestBrokenFileSaysWhatIsWrong(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.uploadBytes("<img onerror=x>.tar", []byte("this is text"), "tenant", "northwind-tea").on(200, "/new/upload/*").
		says("This file cannot run here", "&lt;img onerror=x&gt;.tar", "Use another file").hides("<img")
	b.uploadBytes("", nil, "tenant", "northwind-tea").on(422, "/new/upload").says("No file was chosen")
}

// shop has an app with a release, made past the pages.
func (b *browser) shop() {
	b.t.Helper()
	ctx := operator()
	if _, _, err := b.service.CreateApp(ctx, core.NewApp{TenantID: "northwind-tea", Name: "Shop"}); err != nil {
		b.t.Fatal(err)
	}
	b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "shop").on(200, "/apps/shop/versions/new/*").
		says("What to call this version")
}

func TestFurtherVersions(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.shop()
	uploaded := b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "shop")
	b.post(uploaded.path, "label", "-x", "then", "deploy").on(422, uploaded.path).says(`value="-x"`, "does not begin with")
	b.post(uploaded.path, "label", "1.0", "then", "deploy").on(200, "/apps/shop/deploy?version=1.0").says("Size of one instance", "Version 1.0")
	b.post("/apps/shop/deploy", "version", "1.0", "plan", "small", "port", "8080").on(200, "/operations/*")

	second := b.upload(testenv.ImageOptions{Files: map[string]string{"/new": "1"}}, "tenant", "northwind-tea", "app", "shop")
	b.post(second.path, "label", "1.1", "then", "keep").on(200, "/apps/shop/versions").says("1.1", "1.0", ">Uploaded<", "docker push", "First release: version 1.0")
	b.get("/apps/shop/deploy?version=1.1").says("1.1 takes over from 1.0").hides("Size of one instance")
	b.post("/apps/shop/deploy", "version", "1.1").on(200, "/operations/*")
	b.get("/apps/shop/versions").says("Version 1.0 becomes 1.1")
	b.post("/apps/shop/versions/1.1/delete").on(409, "/apps/shop/versions/1.1/delete").says("Version 1.1 is in use")
	b.post("/apps/shop/rollback", "release", "1").on(200, "/operations/*")
	b.post("/apps/shop/versions/new/image", "ref", "").on(422, "/apps/shop/versions/new/image").says("Enter the name of an image")
	b.post("/apps/shop/versions/new/image", "ref", "ALL/UPPER").on(422, "/apps/shop/versions/new/image").says(`value="ALL/UPPER"`)
}

func TestSettingsMakeARelease(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.shop()
	b.post(b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "shop").path, "label", "1.0").on(200, "/apps/shop/deploy*")
	b.get("/apps/shop/settings").on(200, "/apps/shop/settings").says("asked when the first version is deployed")
	b.post("/apps/shop/deploy", "version", "1.0", "plan", "small", "port", "8080", "with_env", "1",
		"env_key", "0", "env_name", "KEY", "env_value", "hush-hush", "env_secret", "0").on(200, "/operations/*")
	b.get("/apps/shop/settings").says(`value="KEY"`, "secret, unchanged").hides("hush-hush")

	bad := b.post("/apps/shop/settings", "plan", "custom", "memory", "1 B", "cpu", "NaN", "port", "8080", "health.path", "//evil",
		"command", `sh -c "unclosed`, "with_env", "1", "env_key", "0", "env_name", "A=B", "env_value", "x").on(422, "/apps/shop/settings")
	bad.says(`value="1 B"`, `value="NaN"`, `value="//evil"`, html.EscapeString(`sh -c "unclosed`), `value="A=B"`, "A quote is opened",
		"A path of your app", "From 6 MB", "A=B cannot be the name")
	if n := strings.Count(bad.body, `aria-invalid="true"`); n != 5 {
		t.Errorf("%d inputs are marked, want 5", n)
	}

	b.post("/apps/shop/settings", "plan", "custom", "memory", "768 MB", "cpu", "0.75", "port", "9000", "health.path", "/healthz",
		"command", `/testapp "two words"`, "with_env", "1", "env_key", "0", "env_name", "KEY", "env_value", "", "env_secret", "0",
		"env_key", "7", "env_name", "MODE", "env_value", "fast").on(200, "/operations/*")
	r, err := b.service.CurrentRelease(operator(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	s := r.Spec
	if s.Memory != 768*core.MiB || s.CPU != 750 || s.Port != 9000 || s.Health.Path != "/healthz" || len(s.Command) != 2 || s.Command[1] != "two words" ||
		len(s.Env) != 2 || !s.Env[0].Secret || s.Env[1].Value != "fast" {
		t.Errorf("released %+v", s)
	}
	b.post("/apps/shop/settings/name", "name", "<b>").on(422, "/apps/shop/settings/name").says("&lt;b&gt;", "A name begins with").hides(`value="<b>"`)
	b.post("/apps/shop/settings/name", "name", "New shop").on(200, "/apps/shop/settings").says("New shop")
}

func TestActionsOfAnApp(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.shop()
	b.post("/apps/shop/stop").on(409, "/apps/shop/stop").says("Deploy a version first")
	b.post(b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "shop").path, "label", "1.0").on(200, "/apps/shop/deploy*")
	b.post("/apps/shop/deploy", "version", "1.0", "plan", "small", "port", "8080").on(200, "/operations/*")
	b.post("/apps/shop/scale", "replicas", "3").on(200, "/apps/shop?accepted=*").says("Change of Shop accepted", `value="3"`)
	b.post("/apps/shop/scale", "replicas", "-1").on(422, "/apps/shop/scale").says("from 0 to 100")
	b.post("/apps/shop/restart").on(200, "/apps/shop?accepted=*").says("Restart accepted")
	b.post("/apps/shop/stop").on(200, "/apps/shop?accepted=*").says("Stop of Shop accepted")
	b.post("/apps/shop/start").on(200, "/apps/shop?accepted=*").says("Start of Shop accepted")
	b.get("/apps/shop/activity").says("A restart was requested", "Operator", "Deploy", "Stop")
	b.get("/activity?tenant=northwind-tea").says("A restart was requested", `href="/apps/shop"`)
	b.get("/apps/shop/logs").says(`data-logs="/apps/shop/logs/socket"`)
	b.get("/apps/shop/head?tab=logs").says("Shop", `aria-current="page"`).hides("<html")
	b.get("/apps/shop/delete").says("Delete Shop?", "Type shop to confirm")
	b.post("/apps/shop/delete", "name", "shopp").on(422, "/apps/shop/delete").says(`value="shopp"`, "This is not the name")
	b.post("/apps/shop/delete", "name", "shop").on(200, "/?tenant=northwind-tea&deleted=Shop").says("Shop is being deleted")
}

func TestDatabase(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.get("/new/database?tenant=northwind-tea").says("Redis", "MySQL", "PostgreSQL")
	b.get("/new/database/redis?tenant=northwind-tea").says(`value="redis"`, "Redis 7")
	b.post("/new/database/redis", "tenant", "northwind-tea", "name", "Cache", "id", "api", "plan", "none").on(422, "/new/database/redis").says("api is reserved")
	b.post("/new/database/redis", "tenant", "northwind-tea", "name", "Cache", "id", "cache", "plan", "small").on(200, "/operations/*").says("Cache is being made ready")
	b.get("/apps/cache").says("Redis", "Connection").hides("Deploy new version")
	secret, err := b.service.Connection(operator(), "cache")
	if err != nil {
		t.Fatal(err)
	}
	b.get("/apps/cache/connection").says("cache", "6379", "Show").hides(secret.Values["password"])
	b.post("/apps/cache/connection/credentials").on(200, "/apps/cache/connection/credentials").says(secret.Values["password"], "redis://")
	b.get("/apps/cache/delete").says("Keep the data", "Delete the data too")
	b.get("/apps/cache/connection/credentials").on(405, "/apps/cache/connection/credentials")
}

func TestTokens(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.post("/tokens?tenant=northwind-tea", "name", "", "scope", "everything").on(422, "/tokens?tenant=northwind-tea").says("A name has at least 2", "Choose what the token may do")
	made := b.post("/tokens?tenant=northwind-tea", "name", "ci", "scope", "deploy").on(200, "/tokens?tenant=northwind-tea").says("Copy it now")
	secret := regexp.MustCompile(`id="token-secret">([^<]+)<`).FindStringSubmatch(made.body)
	if secret == nil {
		t.Fatal("no secret is shown")
	}
	list := b.get("/tokens?tenant=northwind-tea").says("ci").hides(secret[1])
	revoke := regexp.MustCompile(`action="(/tokens/[^"]+/delete)"`).FindStringSubmatch(list.body)
	b.post(revoke[1], "tenant", "northwind-tea").on(200, "/tokens?tenant=northwind-tea").says("No token yet")
}

func TestOwnTokens(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	own := "/profile/tokens"
	b.get(own).on(200, own).says("Your access tokens", "No token yet")
	b.post(own, "name", "netbook", "scope", "read", "expires", "day", "day", "tomorrow").on(422, own).says("Write the day as").hides("has passed")
	b.post(own, "name", "netbook", "scope", "read", "expires", "day", "day", "2001-01-01").on(422, own).says("has passed")
	b.post(own, "name", "netbook", "scope", "read", "apps", "chosen").on(422, own).says("Choose at least one app")
	b.post(own, "name", "netbook", "scope", "read", "apps", "chosen", "more", "not-there").on(422, own).says("There is no app not-there here")
	b.post(own, "name", "netbook", "scope", "read", "expires", "never").on(200, own).says("Copy it now", "| docker login ", "Until it is revoked")
	b.get("/tokens?tenant=northwind-tea").hides("netbook")
	revoke := regexp.MustCompile(`action="(/profile/tokens/[^"]+/delete)"`).FindStringSubmatch(b.get(own).says("netbook").body)
	b.post("/tokens/"+strings.Split(revoke[1], "/")[3]+"/delete", "tenant", "northwind-tea").says("Nothing is here")
	b.post(revoke[1]).on(200, own).says("No token yet")
}

func TestOperatorsPages(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.get("/hosts").on(200, "/hosts").says("Hosts")
	b.post("/hosts/collect-garbage").on(200, "/hosts/collect-garbage").says("There was nothing to tidy")
}

func TestAddressIsCheckedWhileOneTypes(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.shop()
	b.get("/new/address?id=bakery").says("http://bakery.localhost:8000 is free").hides("<html")
	b.get("/new/address?id=shop").says("This address is taken", "shop-2")
	b.get("/new/address?id=-A").says("Small letters a to z")
	b.get("/new/address?id=").says("Small letters, digits and hyphens")
}

func TestSignInAndOut(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	b.post("/sign-out").on(200, "/sign-in")
	b.get("/apps/shop?x=1").on(200, "/sign-in?next=%2Fapps%2Fshop%3Fx%3D1").says(`name="next" value="/apps/shop?x=1"`)
	wrong := b.post("/sign-in", "email", "operator@example.com", "password", "wrong", "next", "/hosts").on(401, "/sign-in")
	wrong.says(`value="operator@example.com"`, `name="next" value="/hosts"`, `role="alert"`)
	unknown := b.post("/sign-in", "email", "nobody@example.com", "password", "wrong").on(401, "/sign-in")
	sentence := regexp.MustCompile(`role="alert">.*?</p>`)
	if sentence.FindString(wrong.body) != sentence.FindString(unknown.body) {
		t.Error("the answers to an unknown email and to a wrong password differ")
	}
	for _, evil := range []string{"//evil", `/\evil`, "https:evil", "https://evil/"} {
		b.post("/sign-in", "email", "operator@example.com", "password", "three words here", "next", evil).on(200, "/")
	}
	b.get("/sign-in?next=/hosts").on(200, "/hosts")
}

func TestSetupLinkWorksOnceAndByFormOnly(t *testing.T) {
	b := newBrowser(t)
	secret, _, err := b.service.NewSetupLink(operator())
	if err != nil {
		t.Fatal(err)
	}
	link := "/setup/" + secret
	b.get(link).on(200, link).says("Set up Berth", "This link works once")
	b.post(link, "name", "Me", "email", "not an email", "password", "short").on(422, link).
		says(`value="Me"`, `value="not an email"`, "This is not an email address", "This has 5 characters. Enter at least 12").hides("short\"")
	b.post(link, "name", "Me", "email", "operator@example.com", "password", "three words here").on(200, "/")
	b.get(link).on(410, link).says("This link has been used")
}

func TestLanguageAndThemeAreKept(t *testing.T) {
	b := newBrowser(t)
	b.get("/sign-in", "Accept-Language", "zh-CN,zh;q=0.9").says(`lang="zh-Hans"`, "登录")
	b.post("/preferences", "language", "zh-Hans", "next", "/sign-in").on(200, "/sign-in").says("登录")
	b.post("/preferences", "theme", "dark", "next", "//evil").on(200, "/sign-in").says(`data-theme="dark"`)
	b.setUp()
	b.get("/").says("泊位空着")
	b.post("/preferences", "language", "en", "next", "/hosts").on(200, "/hosts").says("Hosts")
	b.client.Jar = jar(t) // another browser, the same person
	b.post("/sign-in", "email", "operator@example.com", "password", "three words here").says("The berth is free")
	b.post("/preferences", "language", "xx", "theme", "neon", "next", "/").on(200, "/").says("The berth is free")
}

func TestMissingPagesAreFriendly(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	for _, path := range []string{"/apps/nope", "/apps/nope/versions", "/apps/nope/logs", "/apps/nope/settings", "/operations/nope",
		"/new/upload/nope", "/nothing", "/?tenant=nope", "/activity?tenant=nope", "/tokens?tenant=nope", "/apps/-1", "/apps/%00"} {
		b.get(path).on(404, path).says("Nothing is here", "Go to the start page").hides("nope</")
	}
	if a := b.do(http.MethodPost, "/apps/nope/stop", nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); a.status != 403 {
		t.Errorf("a foreign page's form: %d", a.status)
	}
}
