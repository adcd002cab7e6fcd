package views_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"berth/views/i18n"
	"berth/views/scaling"
)

// Rows of rules come and go by the keyboard alone, a row asks for what its choice needs, and each change is tried.
func TestScalingRowsByKeyboard(t *testing.T) {
	s := newSite(t, examples()["scaling-start"])
	tried := make(chan string, 100)
	s.mux.HandleFunc("POST /apps/tea-shop/scaling/try", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		tried <- strings.Join(r.PostForm["rule_metric"], " ") + ", " + strings.Join(r.PostForm["rule_on"], " ")
		w.WriteHeader(http.StatusNoContent)
	})
	for _, part := range []string{"head", "scaling/now"} {
		s.mux.HandleFunc("GET /apps/tea-shop/"+part, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	}
	s.open()
	s.is("document.readyState", "complete")
	key := func(k string) {
		t.Helper()
		s.run(chromedp.KeyEvent(k))
	}
	const visible = "[...document.querySelector('[data-rows]').querySelectorAll('[data-rows-list] > [data-row]')].filter(r => r.offsetParent).length"
	s.is(visible, "0") // the spare row is for browsers without scripts
	s.eval("document.querySelector('[data-row-add]').focus()")
	key(kb.Enter)
	s.is(visible, "1")
	s.is("document.activeElement.name", "rule_metric")
	key("Proc")
	s.is("document.activeElement.value", "cpu")
	const row = "document.querySelector('[data-rows-list] > [data-row]:last-child')"
	s.is(row+".querySelector('[name=rule_count]').offsetParent === null", "true") // as many as that takes
	key(kb.Tab)
	key(kb.Tab)
	s.is("document.activeElement.name", "rule_is")
	key("is below")
	s.is("document.activeElement.value", "below")
	s.is(row+".querySelector('[name=rule_count]').offsetParent !== null", "true")
	s.is(row+".querySelector('[name=rule_then]').offsetParent === null", "true")
	for said := range tried {
		if said == " cpu, 0 1" { // the spare row's, then the new one's
			break
		}
	}
	s.eval(row + ".querySelector('[data-row-remove]').focus()")
	key(kb.Enter)
	s.is(visible, "0")
	s.is("document.activeElement.hasAttribute('data-row-add')", "true")
	for said := range tried {
		if said == ", 0" {
			break
		}
	}
	s.quiet()
}

// What a cron expression means is said while it is typed, in a row that was just added too.
func TestCronIsSaidWhileTyped(t *testing.T) {
	s := newSite(t, examples()["scaling-start"])
	bundle, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s.mux.HandleFunc("GET /apps/tea-shop/scaling/cron", func(w http.ResponseWriter, r *http.Request) {
		row := scaling.Hours{Cron: r.URL.Query().Get("hours_cron"), Zone: r.URL.Query().Get("hours_zone")}
		if err := scaling.CronPart("/apps/tea-shop/scaling/cron", row).Render(i18n.With(r.Context(), bundle.Localizer("en")), w); err != nil {
			t.Error(err)
		}
	})
	s.mux.HandleFunc("POST /apps/tea-shop/scaling/try", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, part := range []string{"head", "scaling/now"} {
		s.mux.HandleFunc("GET /apps/tea-shop/"+part, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	}
	s.open()
	s.is("document.readyState", "complete")
	const row = "document.querySelectorAll('[data-rows]')[1].querySelector('[data-rows-list] > [data-row]:last-child')"
	s.eval("document.querySelectorAll('[data-row-add]')[1].focus()")
	s.run(chromedp.KeyEvent(kb.Enter))
	s.is("document.activeElement.name", "hours_kind")
	s.run(chromedp.KeyEvent("By a cron"))
	s.is("document.activeElement.value", "cron")
	s.eval(row + ".querySelector('[name=hours_cron]').focus()")
	s.run(chromedp.KeyEvent("0 8 * * 1-5"))
	s.is(row+".querySelector('.cron-words p')?.textContent", "Mon to Fri at 08:00")
	s.eval(row + ".querySelector('[name=hours_cron]').select()")
	s.run(chromedp.KeyEvent("0 0 31 2 *"))
	s.is(row+".querySelector('.cron-words')?.textContent.includes('never comes')", "true")
	s.quiet()
}
